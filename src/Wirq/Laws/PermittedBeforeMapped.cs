using Wirq.Events;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Laws;

/// <summary>Who maps, binds or gives away a GSI of the machine has access to it. The target gains access by the mapping, and a
/// bound pin was set up.</summary>
/// <remarks>A hypervisor's law: it judges calls that succeeded. Domain 0 has access to every GSI from the start, and the
/// hypervisor itself always. Only so many GSIs can be followed; of what does not fit nothing is known, and nothing is
/// judged.</remarks>
internal sealed class PermittedBeforeMapped : Law
{
    private const ulong MappedWithout = 1, NotGained = 2, BoundWithout = 3, NotSetUp = 4, GivenWithout = 5;
    private const int Followed = 16;

    private readonly Block<Seen> _seen;
    private readonly Block<Pins> _pins;

    internal PermittedBeforeMapped(StateArena arena) : base(arena)
    {
        _seen = arena.Reserve<Seen>(Followed);
        _pins = arena.Reserve<Pins>();
    }

    public override string Name => nameof(PermittedBeforeMapped);

    public override string Says =>
        "who maps or binds a GSI has access to it; the target gains it by the mapping; a bound pin is configured";

    internal override void Learn(Fabric machine) => machine.Xen?.Pirqs?.Describe((domain, irq) => Set(domain, irq, domain != 0),
        irq => _pins.Value.SetUp = irq < PinSet.Capacity ? _pins.Value.SetUp.With(irq) : _pins.Value.SetUp);

    protected internal override void Observe(in Event e)
    {
        if (e.Subsystem != Subsystem.Xen || e.IsEffect)
            return;
        switch (e.Kind)
        {
            case EventKind.XenGsiSetUp when XenGsiSetUp.Of(e).Answer is XenError.None or XenError.Exists && e.Index < PinSet.Capacity:
                _pins.Value.SetUp = _pins.Value.SetUp.With(e.Gsi);
                break;
            case EventKind.XenAccessChanged when XenAccessChanged.Of(e) is { Answer: XenError.None } changed:
                Change(e, changed);
                break;
            case EventKind.XenPirqMapped when XenPirqMapped.Of(e).Call is { Answer: XenError.None, Emulated: false } mapped:
                NoteJudged();
                if (HasAccess(mapped.Caller, mapped.Irq) == false)
                    Fail(MappedWithout, e);
                else if (HasAccess(mapped.Domain, mapped.Irq) == false)
                    Fail(NotGained, e);
                break;
            case EventKind.XenPirqBound when XenPirqBound.Of(e).Call is { Answer: XenError.None } bound:
                NoteJudged();
                if (HasAccess(bound.Caller, bound.Irq) == false)
                    Fail(BoundWithout, e);
                else if (bound.Irq < PinSet.Capacity && !_pins.Value.SetUp.Has(bound.Irq))
                    Fail(NotSetUp, e);
                break;
        }
    }

    private void Change(in Event e, XenAccessChanged changed)
    {
        // Mapping gives access itself, and is judged when it is reported.
        if (changed is { Granted: true, ByMapping: false })
        {
            NoteJudged();
            if (HasAccess(changed.Caller, changed.Irq) == false)
                Fail(GivenWithout, e);
        }
        Set(changed.Domain, changed.Irq, changed.Granted);
    }

    /// <summary>Whether a domain has access; null if that is not known.</summary>
    private bool? HasAccess(ushort domain, int irq)
    {
        if (domain == XenDomainOptions.XenId)
            return true;
        bool full = true;
        foreach (ref readonly Seen seen in _seen.Span)
        {
            if (seen.IsOf(domain, irq))
                return seen.Access != 0;
            full &= seen.InUse != 0;
        }
        return full ? null : domain == 0;
    }

    /// <summary>Notes who has access. What is as at the start takes no place.</summary>
    private void Set(ushort domain, int irq, bool access)
    {
        int free = -1;
        for (int i = 0; i < _seen.Count; i++)
        {
            ref Seen seen = ref _seen[i];
            if (seen.IsOf(domain, irq))
            {
                // Once all places were taken, what has none is not known: none becomes free.
                if (access == (domain == 0) && _pins.Value.Overflowed == 0)
                    seen = default;
                else
                    seen.Access = access ? (byte)1 : (byte)0;
                return;
            }
            if (seen.InUse == 0 && free < 0)
                free = i;
        }
        if (free < 0)
            _pins.Value.Overflowed = 1;
        else if (access != (domain == 0))
            _seen[free] = new Seen { Domain = domain, Irq = (ushort)irq, InUse = 1, Access = access ? (byte)1 : (byte)0 };
    }

    protected override string Explain(in LawBreak first)
    {
        if (first.Code == GivenWithout)
        {
            XenAccessChanged given = XenAccessChanged.Of(first.Event);
            return $"domain {given.Caller} gave domain {given.Domain} access to GSI {given.Irq}, and had none";
        }
        XenPirqCall call = first.Code is MappedWithout or NotGained ? XenPirqMapped.Of(first.Event).Call : XenPirqBound.Of(first.Event).Call;
        return first.Code switch
        {
            MappedWithout => $"domain {call.Caller} mapped GSI {call.Irq} for domain {call.Domain}, and had no access to it",
            NotGained => $"GSI {call.Irq} was mapped for domain {call.Domain}, which did not gain access to it",
            BoundWithout => $"domain {call.Caller} bound GSI {call.Irq} for domain {call.Domain}, and had no access to it",
            _ => $"domain {call.Caller} bound GSI {call.Irq} for domain {call.Domain}, and nobody had set up its pin",
        };
    }

    /// <summary>A domain and an interrupt whose access is not as at the start.</summary>
    private struct Seen : IState
    {
        public ushort Domain, Irq;
        public byte InUse, Access;
        public ushort Reserved;

        public readonly bool IsOf(ushort domain, int irq) => InUse != 0 && Domain == domain && Irq == irq;
    }

    private struct Pins : IState
    {
        /// <summary>Those that were set up.</summary>
        public PinSet SetUp;
        /// <summary>1 if there was once no place for what changed.</summary>
        public ulong Overflowed;
    }
}
