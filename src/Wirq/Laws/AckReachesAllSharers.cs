using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>Every source on a line gets its acknowledge.</summary>
/// <remarks>The sources that count were on the line at the acknowledge and have not left it since. An acknowledge that
/// waits for the unmask of the pin must have been given once the pin is unmasked. A source with a resample eventfd has
/// its acknowledge when the eventfd is written, not when the fabric requests it.</remarks>
internal sealed class AckReachesAllSharers : Law
{
    private const ulong Unheard = 1, StillDeferred = 2, Unwritten = 3;

    private readonly MachineShadow _shadow;
    private readonly Block<Hearing> _hearing;
    private readonly Block<SlotsSeen> _seen;

    internal AckReachesAllSharers(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _shadow = shadow;
        _hearing = arena.ReserveBySource<Hearing>(shadow.Options, shadow.Gsis);
        _seen = arena.ReserveDerived<SlotsSeen>();
    }

    public override string Name => nameof(AckReachesAllSharers);

    public override string Says => "an ack of a line is heard by every holder, in userspace or behind a resamplefd";

    internal override void Learn(Fabric machine)
    {
        if (machine.RouteCache is not { } virqs)
            return;
        for (int gsi = 0; gsi < machine.Gsis.Count; gsi++)
        {
            foreach (int slot in machine.Lines.SourcesOf(gsi))
                _hearing[slot].ByEventFd = virqs.ResampleOf(machine.Lines.VirqOf(slot)).Exists ? (byte)1 : (byte)0;
        }
    }

    protected internal override void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.PinAcked when _shadow.Pins.TryPin(e, out int chip, out int pin):
                Expect(_shadow.Gsis.OfPin(chip, pin));
                break;
            case EventKind.PicAcked when e.Index < GsiMap.IsaIrqs:
                Expect(_shadow.Gsis.OfIsaIrq(e.Irq));
                break;
            case EventKind.Ack when e.Unit < _hearing.Count:
                NoteJudged();
                _seen.Value.See(e.Source);
                ref Hearing hearing = ref _hearing[e.Source];
                hearing = hearing.ByEventFd == 0 ? default : hearing with { Owed = 0, Unwritten = 1 };
                break;
            case EventKind.SourceRemoved when e.Unit < _hearing.Count:
                _hearing[e.Source] = default;
                break;
            case EventKind.VirqResampleSet when e.Index < (uint)_hearing.Count:
                _hearing[(int)e.Index].ByEventFd = VirqResampleSet.Of(e).Exists ? (byte)1 : (byte)0;
                break;
            case EventKind.VirqResampled when e.Index < (uint)_hearing.Count:
                _seen.Value.See((int)e.Index);
                _hearing[(int)e.Index] = new() { ByEventFd = 1 };
                break;
            case EventKind.Rest:
                Judge(e);
                break;
        }
    }

    private void Expect(int gsi)
    {
        for (int slot = 0; slot < _hearing.Count; slot++)
        {
            if (!_shadow.Lines.IsOn(slot, gsi))
                continue;
            _seen.Value.See(slot);
            _hearing[slot] = _hearing[slot] with { Owed = 1, Gsi = (ushort)gsi };
        }
    }

    private void Judge(in Event e)
    {
        for (int slot = 0; slot < _seen.Value.Count; slot++)
        {
            ref Hearing hearing = ref _hearing[slot];
            if (hearing is { Owed: 0, Unwritten: 0 })
                continue;
            Fail(hearing.Owed != 0 ? Unheard : Unwritten, e, (ulong)slot, hearing.Gsi);
            hearing = new() { ByEventFd = hearing.ByEventFd };
        }
        for (int chip = 0; chip < _shadow.Pins.ChipCount; chip++)
        {
            PinSet late = _shadow.Pins.Chip(chip).AckDeferred & _shadow.Pins.Chip(chip).Unmasked;
            if (PinSet.Next(ref late) is var pin and >= 0)
                Fail(StillDeferred, e, LawText.Pack(chip, pin));
        }
    }

    private protected override bool NamesSource(ulong code) => code is Unheard or Unwritten;

    protected override string Explain(in LawBreak first) => first.Code switch
    {
        Unheard => $"source {first.First} is on GSI {first.Second} and did not hear that it was acknowledged",
        Unwritten => $"source {first.First} is on GSI {first.Second}, and its resample eventfd was not written at the "
            + "acknowledge",
        _ => $"{LawText.Pin(first.First)} was unmasked, and the acknowledge that waited for it was not given",
    };

    private struct Hearing : IState
    {
        public ushort Owed;
        public ushort Gsi;
        /// <summary>Whether it gets acknowledges by an eventfd, and whether that is still to be written.</summary>
        public byte ByEventFd, Unwritten;
    }
}
