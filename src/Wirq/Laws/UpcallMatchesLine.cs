using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Laws;

/// <summary>The source of a Xen callback asserts exactly while an upcall of the hypervisor's is pending.</summary>
/// <remarks>
/// Nobody sees a guest clear its flag, so the law judges by what the callback saw when it looked. Between two looks the guest
/// may have cleared its flag and set it again; the source then still asserts for the hypervisor's upcall, and no law can tell.
/// A source of the callback that rises without an upcall of the hypervisor's was raised for a flag that the guest set itself.
/// Each upcall and each acknowledge must be followed by a look.
/// <para>Not judged: a callback that drives a pin of a PCI device, which the device may drive too.</para>
/// </remarks>
internal sealed class UpcallMatchesLine : Law
{
    private const ulong RoseAlone = 1, Low = 2, High = 3, NotLooked = 4, FellAlone = 5;

    private readonly ushort _domain;
    private readonly Block<CallbackFact> _fact;

    internal UpcallMatchesLine(MachineShadow shadow, XenOptions options, StateArena arena) : base(arena)
    {
        _domain = options.Domain;
        // In the machine's own arena the slot of a source does not matter.
        _fact = shadow.Gsis.Machine is { } machine && machine.Arena == arena
            ? arena.Reserve<CallbackFact>(1, (copy, _) =>
            {
                copy[0].LineAndOne = machine.Lines.PlaceAndOneOf(copy[0].LineAndOne);
                copy[0].LinkAndOne = machine.Lines.PlaceAndOneOf(copy[0].LinkAndOne);
            })
            : arena.Reserve<CallbackFact>();
    }

    public override string Name => nameof(UpcallMatchesLine);

    public override string Says =>
        "the Xen callback source is asserted exactly while an upcall that we raised is pending (within one poll or ack)";

    internal override void Learn(Fabric machine)
    {
        XenCallback callback = machine.Xen!.Callback;
        ref CallbackFact fact = ref _fact.Value;
        Follow(ref fact, callback.Slots.Line, callback.Slots.Link);
        fact.Wanted = fact.Raised = callback.IsAsserted ? (byte)1 : (byte)0;
        fact.LineAsserts = Asserts(machine, fact.Line);
        fact.LinkAsserts = Asserts(machine, fact.Link);
    }

    private static byte Asserts(Fabric machine, int slot) => slot >= 0 && machine.Lines.IsAsserting(slot) ? (byte)1 : (byte)0;

    protected internal override void Observe(in Event e)
    {
        ref CallbackFact fact = ref _fact.Value;
        switch (e.Kind)
        {
            // Vectors of vCPUs are not seen here. If this one does not come by the line, no look follows, and none is due.
            case EventKind.XenUpcall when XenUpcall.Of(e) is { Vcpu: 0 } upcall && upcall.Domain == _domain:
                fact.Raised = 1;
                break;
            case EventKind.XenFlagSeen when e.Unit == _domain:
                See(ref fact, XenFlagSeen.Of(e));
                break;
            case EventKind.XenCallbackMoved when e.Unit == _domain:
                XenCallbackMoved moved = XenCallbackMoved.Of(e);
                Follow(ref fact, moved.Line, moved.Link);
                break;
            case EventKind.SourceRaised or EventKind.SourceLowered when e.Source == fact.Line || e.Source == fact.Link:
                Change(ref fact, e, SourceChanged.Of(e));
                break;
            case EventKind.Ack when e.Source == fact.Line || e.Source == fact.Link:
                fact.AckDue = fact.Wanted;
                break;
            case EventKind.MachineReset:
                (fact.Raised, fact.Wanted, fact.AckDue) = (0, 0, 0);
                break;
            case EventKind.Rest:
                Judge(fact, e);
                break;
        }
    }

    private static void See(ref CallbackFact fact, XenFlagSeen seen)
    {
        fact.Wanted = seen.IsSet ? (byte)1 : (byte)0;
        if (!seen.IsSet)
            fact.Raised = 0;
        // Between an upcall and the look that follows it, another look may have seen the flag clear.
        else if (seen.Why == XenLook.Upcall)
            fact.Raised = 1;
        // A look that came before the acknowledge was carried out may have ended the upcall: then none follows.
        if (seen.Why == XenLook.Acknowledge || !seen.IsSet)
            fact.AckDue = 0;
    }

    /// <summary>A source that has gone owes nothing.</summary>
    private static void Follow(ref CallbackFact fact, int line, int link)
    {
        if (line != fact.Line)
            fact.LineAsserts = 0;
        if (link != fact.Link)
            fact.LinkAsserts = 0;
        (fact.LineAndOne, fact.LinkAndOne, fact.AckDue) = ((ushort)(line + 1), (ushort)(link + 1), 0);
    }

    private void Change(ref CallbackFact fact, in Event e, SourceChanged change)
    {
        if (change.Source == fact.Line)
            fact.LineAsserts = change.Asserts ? (byte)1 : (byte)0;
        else
            fact.LinkAsserts = change.Asserts ? (byte)1 : (byte)0;
        if (change.Asserts)
        {
            NoteJudged();
            if (fact.Raised == 0)
                Fail(RoseAlone, e, (ulong)change.Source);
        }
        else if (fact.Wanted != 0 && !change.ByAck)
            Fail(FellAlone, e, (ulong)change.Source);
    }

    private void Judge(in CallbackFact fact, in Event e)
    {
        if (fact.AckDue != 0)
            Fail(NotLooked, e, (ulong)fact.Line);
        JudgeSource(fact, e, fact.Line, fact.LineAsserts != 0);
        JudgeSource(fact, e, fact.Link, fact.LinkAsserts != 0);
    }

    private void JudgeSource(in CallbackFact fact, in Event e, int slot, bool asserts)
    {
        if (slot < 0)
            return;
        if (asserts || fact.Wanted != 0)
            NoteJudged();
        if (asserts != (fact.Wanted != 0))
            Fail(asserts ? High : Low, e, (ulong)slot);
    }

    private protected override bool NamesSource(ulong code) => true;

    protected override string Explain(in LawBreak first) => first.Code switch
    {
        RoseAlone => $"source {first.First} of the callback rose without an upcall of the hypervisor's",
        FellAlone => $"source {first.First} of the callback fell, though the flag was seen set",
        Low => $"source {first.First} of the callback is low at rest, though the flag was seen set",
        High => $"source {first.First} of the callback asserts at rest, though the flag was seen clear",
        _ => $"source {first.First} of the callback was acknowledged, and nobody looked at the flag",
    };

    /// <summary>What is known of the callback.</summary>
    private struct CallbackFact : IState
    {
        /// <summary>The slots of its sources plus 1; 0 for none.</summary>
        public ushort LineAndOne, LinkAndOne;
        /// <summary>1 from an upcall of the hypervisor's until the flag is seen clear.</summary>
        public byte Raised;
        /// <summary>1 if the flag was set at the last look.</summary>
        public byte Wanted;
        public byte LineAsserts, LinkAsserts;
        /// <summary>1 from an acknowledge until the next look.</summary>
        public byte AckDue;
        public byte Reserved0;
        public ushort Reserved;

        public readonly int Line => LineAndOne - 1;
        public readonly int Link => LinkAndOne - 1;
    }
}
