using Wirq.Events;
using Wirq.Xen;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

/// <summary>Histories of calls about GSIs of the machine.</summary>
internal static class PermittedBeforeMappedHistories
{
    private const ushort Dom0 = 0, Guest = 1, Other = 2;

    /// <summary>A machine with PIRQs.</summary>
    internal static readonly FabricOptions Machine = History.TwoChips with
    {
        Xen = new() { Channels = new() { Domains = [new() { Id = Guest }] }, Domain = Guest, Pirqs = new() },
    };

    internal static readonly History[] All =
    [
        Of("the way that was merged", [SetUp(20), Access(Guest, 20, byMapping: true), Mapped(Guest, 20), Bound(Guest, 20), Mapped(Guest, 20),
            Access(Guest, 20), Rest]),
        Of("a second one that sets a pin up finds it set up", [SetUp(20, XenError.Exists), Access(Guest, 20, byMapping: true), Mapped(Guest, 20), Bound(Guest, 20)]),
        Of("who is refused breaks nothing", [SetUp(20, XenError.NotPermitted), Mapped(Guest, 20, Other, XenError.NotPermitted), Bound(Guest, 20, Other, XenError.NotPermitted),
            Access(Guest, 20, caller: Other, answer: XenError.NotPermitted)]),
        Of("who was given access passes it on", [Access(Guest, 20), Access(Other, 20, caller: Guest), Mapped(Other, 20, Guest), SetUp(20), Bound(Other, 20, Guest)]),
        Of("a GSI that was unmapped is mapped again", [Access(Guest, 20, byMapping: true), Mapped(Guest, 20), Access(Guest, 20, granted: false, byMapping: true),
            Access(Guest, 20, byMapping: true), Mapped(Guest, 20)]),
        Of("a GSI of a guest's own machine is nobody else's affair", [Mapped(Guest, 20, Guest, emulated: true)]),
        Of("the hypervisor gives access to what it makes", [Access(Guest, 30, caller: XenDomainOptions.XenId), Mapped(Guest, 30, Guest)]),
        // More than can be followed: of the rest nothing is known.
        Of("too many GSIs", [.. Enumerable.Range(20, 20).Select(gsi => Access(Guest, gsi)), Mapped(Guest, 50, Other)]),
        Of("a place that is given up is not one for what was forgotten", [.. Enumerable.Range(20, 20).Select(gsi => Access(Guest, gsi)),
            Access(Guest, 20, granted: false), Mapped(Guest, 39, Guest)]),

        Of("who has no access maps", [Mapped(Guest, 20, Other)], "domain 2 mapped GSI 20 for domain 1, and had no access to it"),
        Of("dom0 maps what it gave up", [Access(Dom0, 20, granted: false), Mapped(Guest, 20)], "domain 0 mapped GSI 20 for domain 1, and had no access to it"),
        Of("the target gains nothing", [SetUp(20), Mapped(Guest, 20)], "GSI 20 was mapped for domain 1, which did not gain access to it"),
        Of("who has no access binds", [SetUp(20), Access(Guest, 20), Bound(Guest, 20, Other)], "domain 2 bound GSI 20 for domain 1, and had no access to it"),
        Of("a pin that nobody set up is bound", [Access(Guest, 20, byMapping: true), Mapped(Guest, 20), Bound(Guest, 20)],
            "domain 0 bound GSI 20 for domain 1, and nobody had set up its pin"),
        Of("the pin beside it was set up", [SetUp(21), SetUp(20, XenError.Invalid), Bound(Guest, 20)], "domain 0 bound GSI 20 for domain 1, and nobody had set up its pin"),
        Of("who has no access gives it", [Access(Guest, 20, caller: Other)], "domain 2 gave domain 1 access to GSI 20, and had none"),
    ];

    private static History Of(string name, Event[] events, string? breaks = null) => new(name, events, breaks, Machine);

    private static Event SetUp(int gsi, XenError answer = XenError.None) => new XenGsiSetUp(Dom0, gsi, Level: true, ActiveLow: true, answer).ToEvent();

    private static Event Access(ushort domain, int gsi, bool granted = true, bool byMapping = false, ushort caller = Dom0, XenError answer = XenError.None) =>
        new XenAccessChanged(domain, gsi, granted, caller, answer, byMapping).ToEvent();

    private static Event Mapped(ushort domain, int gsi, ushort caller = Dom0, XenError answer = XenError.None, bool emulated = false) =>
        new XenPirqMapped(new(domain, gsi, 16, caller, answer, emulated)).ToEvent();

    private static Event Bound(ushort domain, int gsi, ushort caller = Dom0, XenError answer = XenError.None) =>
        new XenPirqBound(new(domain, gsi, 16, caller, answer)).ToEvent();
}
