using Wirq.Events;
using Wirq.Xen;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

/// <summary>Histories of a Xen callback by line: source 3 on GSI 5.</summary>
internal static class UpcallMatchesLineHistories
{
    private const ushort Domain = 1;

    private static readonly FabricOptions s_machine = History.TwoChips with
    {
        Xen = new() { Channels = new() { Domains = [new() { Id = Domain, Vcpus = 2 }] }, Domain = Domain },
    };

    internal static readonly History[] All =
    [
        Of("an upcall raises the line, and an acknowledge after the guest cleared its flag leaves it low",
            [Moved, Upcall(), Seen(true, XenLook.Upcall), Raise(3, 5), Rest, Lower(3, 5, byAck: true), Ack(3, 5), Seen(false, XenLook.Acknowledge), Rest]),
        Of("the flag is still set at the acknowledge",
            [Moved, Upcall(), Seen(true, XenLook.Upcall), Raise(3, 5), Lower(3, 5, byAck: true), Ack(3, 5), Seen(true, XenLook.Acknowledge), Raise(3, 5), Rest]),
        Of("a poll sees the flag clear",
            [Moved, Upcall(), Seen(true, XenLook.Upcall), Raise(3, 5), Rest, Seen(true, XenLook.Entry), Rest, Seen(false, XenLook.Entry), Lower(3, 5), Rest]),
        Of("the guest is faster than the upcall", [Moved, Upcall(), Seen(false, XenLook.Upcall), Rest]),
        Of("the guest clears its flag and sets it before the upcall comes through",
            [Moved, Upcall(), Seen(false, XenLook.Entry), Seen(true, XenLook.Upcall), Raise(3, 5), Rest]),
        Of("the callback moves while it asserts",
            [Moved, Upcall(), Seen(true, XenLook.Upcall), Raise(3, 5), Gone, Lower(3, 5), new XenCallbackMoved(Domain, CallbackVia.OfGsi(6), 4, -1).ToEvent(), Raise(4, 6), Rest]),
        Of("an upcall of another vCPU or domain needs no look", [Moved, Upcall(vcpu: 1), new XenUpcall(2, 0).ToEvent(), Rest]),
        Of("an entry sees the flag clear before the acknowledge is carried out",
            [Moved, Upcall(), Seen(true, XenLook.Upcall), Raise(3, 5), Ack(3, 5), Seen(false, XenLook.Entry), Lower(3, 5), Rest]),
        Of("another holder is acknowledged while the callback does not assert", [Moved, Raise(2, 5), Ack(2, 5), Ack(3, 5), Rest]),
        Of("another source rises", [Moved, Raise(2, 5), Rest]),

        Of("the line rises for a flag that the guest set itself", [Moved, Raise(3, 5)],
            "source 3 of the callback rose without an upcall of the hypervisor's"),
        Of("the acknowledge of another holder raises it for a flag that the guest set itself",
            [Moved, Raise(2, 5), Ack(2, 5), Ack(3, 5), Seen(true, XenLook.Acknowledge), Raise(3, 5)],
            "source 3 of the callback rose without an upcall of the hypervisor's"),
        Of("an upcall of vCPU 1 raises it", [Moved, Upcall(vcpu: 1), Raise(3, 5)],
            "source 3 of the callback rose without an upcall of the hypervisor's"),
        Of("a holder that leaves drops it", [Moved, Upcall(), Seen(true, XenLook.Upcall), Raise(3, 5), Rest, Lower(3, 5)],
            "source 3 of the callback fell, though the flag was seen set"),
        Of("an upcall does not raise it", [Moved, Upcall(), Seen(true, XenLook.Upcall), Rest],
            "source 3 of the callback is low at rest, though the flag was seen set"),
        Of("a poll sees the flag clear, and it stays", [Moved, Upcall(), Seen(true, XenLook.Upcall), Raise(3, 5), Seen(false, XenLook.Entry), Rest],
            "source 3 of the callback asserts at rest, though the flag was seen clear"),
        Of("an acknowledge is not heard", [Moved, Upcall(), Seen(true, XenLook.Upcall), Raise(3, 5), Lower(3, 5, byAck: true), Ack(3, 5), Rest],
            "source 3 of the callback was acknowledged, and nobody looked at the flag"),
    ];

    private static Event Moved => new XenCallbackMoved(Domain, CallbackVia.OfGsi(5), 3, -1).ToEvent();
    private static Event Gone => new XenCallbackMoved(Domain, CallbackVia.OfGsi(5), -1, -1).ToEvent();
    private static Event Upcall(int vcpu = 0) => new XenUpcall(Domain, vcpu).ToEvent();
    private static Event Seen(bool set, XenLook why) => new XenFlagSeen(Domain, set, why).ToEvent();
    private static History Of(string name, Event[] events, string? breaks = null) => new(name, events, breaks, s_machine);
}
