using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>Every fault belongs to an interrupt that happened, and every blocked interrupt has a fault.</summary>
/// <remarks>A unit reports a blocked message (<see cref="EventKind.RemapFaulted"/>: recorded, or why not), and the
/// sender gets an answer. Both come in sequence, and neither comes alone. A fault without an attempt was recorded when
/// something was programmed. A refusal without a fault was not reported.</remarks>
internal sealed class FaultAtDelivery : Law
{
    private const ulong Unasked = 1, Swallowed = 2, WrongSender = 3;

    private readonly Block<Requesters> _virqs;
    private readonly Block<Faults> _faults;
    private readonly ushort[] _chips;

    internal FaultAtDelivery(MachineShadow shadow, StateArena arena) : base(arena)
    {
        _virqs = arena.Reserve<Requesters>(shadow.Virqs.Count);
        _faults = arena.Reserve<Faults>();
        _chips = [.. shadow.Options.IoApics.Select(chip => chip.Requester)];
    }

    public override string Name => nameof(FaultAtDelivery);

    public override string Says =>
        "an untranslatable message is never delivered; one fault is recorded per attempt, when it happens, with the right "
        + "reason, source id and index, unless the architecture suppresses it (FPD, SupIOPF, IG) or the record overflows, "
        + "and then that is recorded";

    internal override void Learn(Fabric machine)
    {
        for (int slot = 0; slot < (machine.RouteCache?.Capacity ?? 0); slot++)
        {
            if (machine.RouteCache!.IsProgrammed(slot))
                _virqs[slot].Requester = machine.RouteCache.RequesterOf(slot);
        }
    }

    protected internal override void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.VirqMessageSet when e.Unit < _virqs.Count:
                _virqs[e.Unit].Requester = VirqMessageSet.Of(e).Requester;
                break;
            case EventKind.VirqDisposed when e.Unit < _virqs.Count:
                _virqs[e.Unit] = default;
                break;
            case EventKind.RemapFaulted:
                NoteJudged();
                _faults.Value.Add(RemapFaulted.Of(e).Requester);
                break;
            case EventKind.VirqAnswered when e.Reason == RefusalReason.RemappingFault && e.Unit < _virqs.Count:
                Settle(e, _virqs[e.Unit].Requester);
                break;
            case EventKind.PinRefused when e.Reason == RefusalReason.RemappingFault && e.IoApic < _chips.Length:
                Settle(e, _chips[e.IoApic]);
                break;
            case EventKind.MessageRefused when e.Reason == RefusalReason.RemappingFault && e.Origin.Kind == OriginKind.Device:
                Settle(e, (ushort)e.Origin.Index);
                break;
            case EventKind.Rest:
                if (_faults.Value is { Count: not 0, Overflowed: 0 })
                    Fail(Unasked, e, _faults.Value.Rows[0]);
                _faults.Value = default;
                break;
        }
    }

    private void Settle(in Event e, ushort requester)
    {
        ref Faults faults = ref _faults.Value;
        if (faults.Overflowed != 0)
            return;
        if (faults.Count == 0)
            Fail(Swallowed, e, requester);
        else if (!faults.Remove(requester))
            Fail(WrongSender, e, requester, faults.Rows[0]);
    }

    protected override string Explain(in LawBreak first) => first.Code switch
    {
        Unasked => $"a fault of {Origin.Device((ushort)first.First)} was recorded, and no interrupt of it happened",
        Swallowed => $"an interrupt of {Origin.Device((ushort)first.First)} could not be translated, and no fault was recorded",
        _ => $"an interrupt of {Origin.Device((ushort)first.First)} could not be translated, and the fault was recorded "
            + $"of {Origin.Device((ushort)first.Second)}",
    };

    private struct Requesters : IState
    {
        public ushort Requester;
    }

    [InlineArray(Capacity)]
    private struct FaultRows
    {
        public const int Capacity = 16;
        private ushort _first;
    }

    /// <summary>Faults that wait for their refusal, in the order of their requesters. A message is refused when it is
    /// blocked, so few wait. If more wait than there are rows, nothing is judged until rest.</summary>
    private struct Faults : IState
    {
        public FaultRows Rows;
        public uint Count, Overflowed;

        public void Add(ushort requester)
        {
            if (Count == FaultRows.Capacity || Overflowed != 0)
            {
                // The rows that are left would accuse a sender whose fault was dropped.
                this = new() { Overflowed = 1 };
                return;
            }
            Span<ushort> rows = Rows;
            int row = (int)Count;
            while (row > 0 && rows[row - 1] > requester)
                row--;
            rows[row..(int)Count++].CopyTo(rows[(row + 1)..]);
            rows[row] = requester;
        }

        public bool Remove(ushort requester)
        {
            Span<ushort> rows = ((Span<ushort>)Rows)[..(int)Count];
            int row = rows.IndexOf(requester);
            if (row < 0)
                return false;
            rows[(row + 1)..].CopyTo(rows[row..]);
            rows[^1] = 0;
            Count--;
            return true;
        }
    }
}
