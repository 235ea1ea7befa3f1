using Wirq.Events;
using Wirq.HostIrq;
using Wirq.State;
using Wirq.Vfio;

namespace Wirq.Laws;

/// <summary>A ONESHOT line of the host stays masked at its chip from before the hard handler until the guest has
/// finished.</summary>
/// <remarks>About the lines that are named, whose devices need ONESHOT: how they are forwarded is what is judged. Whether a line
/// is masked is not known before the first call to its chip. A handler that answers that the interrupt was not its device's
/// gives the guest nothing.</remarks>
internal sealed class OneshotHeld : Law
{
    private const ulong OpenBefore = 1, OpenedBefore = 2;

    private readonly IReadOnlyList<int> _lines;
    private readonly Block<LineFact> _facts;

    internal OneshotHeld(IReadOnlyList<int> lines, StateArena arena) : base(arena)
    {
        _lines = lines;
        _facts = arena.Reserve<LineFact>(lines.Count);
    }

    public override string Name => nameof(OneshotHeld);

    public override string Says => "a ONESHOT host line stays masked from before its hard handler to the guest's completion";

    protected internal override void Observe(in Event e)
    {
        if (e.Subsystem is not (Subsystem.HostIrq or Subsystem.Vfio))
            return;
        switch (e.Kind)
        {
            case EventKind.HostChipCall when PlaceOf((int)e.Index) is >= 0 and var place:
                Call(ref _facts[place], e, HostChipCall.Of(e).Call);
                break;
            case EventKind.HostHardHandler when PlaceOf((int)e.Index) is >= 0 and var place:
                NoteJudged();
                _facts[place].Held = 1;
                if (_facts[place].Mask == MaskFact.Open)
                    Fail(OpenBefore, e, e.Index);
                break;
            case EventKind.HostHandlerAnswered when HostHandlerAnswered.Of(e).Answer == HandlerAnswer.None && PlaceOf((int)e.Index) is >= 0 and var place:
                _facts[place].Held = 0;
                break;
            case EventKind.VfioForwardEnded when VfioForwardEnded.Of(e).How is ForwardEnd.Guest or ForwardEnd.GuestReset or ForwardEnd.Closed
                && PlaceOf((int)e.Index) is >= 0 and var place:
                _facts[place].Held = 0;
                break;
        }
    }

    private void Call(ref LineFact fact, in Event e, ChipCall call)
    {
        switch (call)
        {
            case ChipCall.Mask or ChipCall.MaskAck or ChipCall.Disable:
                fact.Mask = MaskFact.Masked;
                break;
            case ChipCall.Unmask or ChipCall.Enable:
                fact.Mask = MaskFact.Open;
                if (fact.Held != 0)
                    Fail(OpenedBefore, e, e.Index);
                break;
        }
    }

    private int PlaceOf(int line)
    {
        for (int i = 0; i < _lines.Count; i++)
        {
            if (_lines[i] == line)
                return i;
        }
        return -1;
    }

    protected override string Explain(in LawBreak first) => first.Code == OpenBefore
        ? $"host line {first.First} was not masked when its hard handler ran"
        : $"host line {first.First} was unmasked before the guest had finished";

    private enum MaskFact : byte
    {
        Unknown,
        Open,
        Masked,
    }

    private struct LineFact : IState
    {
        public MaskFact Mask;
        /// <summary>1 from the hard handler to the guest's completion.</summary>
        public byte Held;
    }
}
