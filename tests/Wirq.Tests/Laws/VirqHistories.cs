using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

/// <summary>Histories of virqs and remapping, for the laws that are about them.</summary>
internal static class VirqHistories
{
    private static readonly FabricOptions Machine = FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 4 } };
    private static readonly InterruptMessage Message = InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0);

    internal static readonly History[] HotStaysInKernel =
    [
        Of("a hot virq is served by the kernel", [Bound(1), Served(1), Rest]),
        Of("a virq is read before it is bound", [Triggered(1), Bound(1), Served(1), Rest]),
        Of("a virq is read after it was unbound", [Bound(1), Unbound(1), Triggered(1), Rest]),
        Of("a hot virq is triggered by hand", [Bound(1), Triggered(1, byEventFd: false), Rest]),
        Of("another virq is read", [Bound(1), Triggered(2), Rest]),
        Of("a slot has a new owner", [Bound(1), Disposed(1), Registered(1), Triggered(1), Rest]),

        Of("a bound eventfd is read", [Bound(1), Triggered(1)],
            "userspace read the eventfd of virq 1, which the kernel served at GSI 50"),
        Of("an eventfd that is bound again is read", [Bound(2), Unbound(2), Triggered(2), Bound(2), Served(2), Triggered(2)],
            "userspace read the eventfd of virq 2, which the kernel served at GSI 50"),
        Of("one of two is read", [Bound(1), Bound(0), Unbound(1), Triggered(1), Triggered(0)],
            "userspace read the eventfd of virq 0, which the kernel served at GSI 50"),
    ];

    internal static readonly History[] InvalidateIsExact =
    [
        Of("an invalidated virq is translated anew",
            [Translated(1, 7), Bound(1), Invalidated(7, 7), Unbound(1), Done(7, 7), Translated(1, 7), Injected(1), Rest]),
        Of("what is not in range stays", [Translated(1, 7), Bound(1), Invalidated(8, 15), Done(8, 15), Served(1), Rest]),
        Of("a virq is unbound for another reason", [Translated(1, 7), Bound(1), Unbound(1), Invalidated(8, 9), Done(8, 9), Rest]),
        Of("what is served before the end of it may be old", [Translated(1, 7), Invalidated(7, 7), Served(1), Done(7, 7), Rest]),
        Of("another unit", [Translated(1, 7), Bound(1), Invalidated(0, 100, unit: 1), Done(0, 100, unit: 1), Served(1), Rest]),
        Of("the kernel still serves the former owner of a slot", [Translated(1, 7), Bound(1), Unbound(1), Disposed(1), Registered(1),
            Translated(1, 8), Invalidated(8, 8), Done(8, 8), Served(1), Rest]),
        Of("what the kernel served before the unbinding is reported after the end",
            [Translated(1, 7), Bound(1), Invalidated(7, 7), Unbound(1), Done(7, 7), Served(1), Rest]),
        Of("what no unit translated", [Translated(1, null), Bound(1), Invalidated(0, 0xFFFFFF), Done(0, 0xFFFFFF), Served(1), Rest]),

        Of("the kernel serves what was invalidated", [Translated(1, 7), Bound(1), Invalidated(7, 7), Done(7, 7), Served(1)],
            "virq 1 sent what it had of entry 7 of remapping unit 0, which had been invalidated since"),
        Of("the eventfd is unbound after the end", [Translated(1, 7), Bound(1), Invalidated(7, 7), Done(7, 7), Unbound(1), Served(1)],
            "virq 1 sent what it had of entry 7 of remapping unit 0, which had been invalidated since"),
        Of("the eventfd is bound again with what was invalidated",
            [Translated(1, 7), Bound(1), Invalidated(7, 7), Unbound(1), Done(7, 7), Bound(1), Served(1)],
            "virq 1 sent what it had of entry 7 of remapping unit 0, which had been invalidated since"),
        Of("what a slot's former owner left is over at rest", [Bound(1), Unbound(1), Disposed(1), Registered(1), Rest,
            Translated(1, 8), Bound(1), Invalidated(8, 8), Done(8, 8), Served(1)],
            "virq 1 sent what it had of entry 8 of remapping unit 0, which had been invalidated since"),
        Of("userspace sends what was invalidated", [Translated(1, 7), Invalidated(0, 63), Done(0, 63), Injected(1)],
            "virq 1 sent what it had of entry 7 of remapping unit 0, which had been invalidated since"),
        Of("everything is unbound for one entry",
            [Translated(1, 7), Translated(2, 8), Bound(1), Bound(2), Invalidated(7, 7), Unbound(1), Unbound(2)],
            "virq 2 was unbound by an invalidation, and it came of entry 8 of remapping unit 0, which is not in range"),
        Of("nobody carries an invalidation out", [Invalidated(7, 7), Rest],
            "an invalidation of entries from 7 on never completed"),
    ];

    internal static readonly History[] FaultAtDelivery =
    [
        Of("a fault and its refusal", [MessageSet(1, 0x10), Triggered(1), Faulted(0x10), Refused(1), Rest]),
        Of("a fault that is not recorded is told of too", [MessageSet(1, 0x10), Triggered(1), Faulted(0x10, 1ul << 16), Refused(1), Rest]),
        Of("two attempts, two faults", [MessageSet(1, 0x10), Faulted(0x10), Refused(1), Faulted(0x10), Refused(1), Rest]),
        Of("a pin", [Faulted(0xFF00), PinFaulted(4), Rest]),
        Of("a refusal for another reason", [MessageSet(1, 0x10), Refused(1, RefusalReason.NoDestination), Rest]),

        Of("more faults at once than there is room for, and the refusals in another order",
            [.. Faults(1, 17), MessageSet(1, 1), Refused(1), .. Faults(1, 17), Rest]),
        Of("more faults at once than there is room for, and the refusal of the first that had none",
            [.. Faults(2, 16), Faulted(1), MessageSet(1, 1), Refused(1), Rest]),
        Of("once it is at rest, what was too much is judged again", [.. Faults(1, 17), Rest, Faulted(0x10), Rest],
            "a fault of device 00:02.0 was recorded, and no interrupt of it happened"),
        Of("a fault when the guest programs an entry", [MessageSet(1, 0x10), Faulted(0x10), Rest],
            "a fault of device 00:02.0 was recorded, and no interrupt of it happened"),
        Of("two faults for one attempt", [MessageSet(1, 0x10), Faulted(0x10), Faulted(0x10), Refused(1), Rest],
            "a fault of device 00:02.0 was recorded, and no interrupt of it happened"),
        Of("an interrupt that is swallowed", [MessageSet(1, 0x10), Triggered(1), Refused(1)],
            "an interrupt of device 00:02.0 could not be translated, and no fault was recorded"),
        Of("the wrong source id", [MessageSet(1, 0x10), Faulted(0x18), Refused(1)],
            "an interrupt of device 00:02.0 could not be translated, and the fault was recorded of device 00:03.0"),
    ];

    internal static readonly History[] NoLostEdge =
    [
        Of("a signal that the kernel serves", [MessageSet(1, 0), Signalled(1), Served(1), Rest]),
        Of("a signal that userspace serves", [MessageSet(1, 0), Signalled(1), Triggered(1), Answered(1), Rest]),
        Of("a signal that is refused", [MessageSet(1, 0), Signalled(1), Triggered(1), Refused(1), Rest]),
        Of("a read that a mask overtook, and that the poll reports after the unmask",
            [MessageSet(1, 0), Masked(1), Triggered(1), WrittenBack(1), Unmasked(1), Rest, Signalled(1), Served(1), Rest]),
        Of("a signal that is pending while masked", [MessageSet(1, 0), Masked(1), Signalled(1), Rest, Unmasked(1), Served(1), Rest]),

        Of("a signal that nobody serves", [MessageSet(1, 0), Signalled(1), Rest],
            "the device of virq 1 interrupted, and nobody served it"),
        Of("a signal that is forgotten at the unmask", [MessageSet(1, 0), Masked(1), Signalled(1), Rest, Unmasked(1), Rest],
            "the device of virq 1 interrupted, and nobody served it"),
    ];

    internal static readonly History[] MaskedIsSilent =
    [
        Of("a mask lets through what came before it completed", [Masked(1), Served(1), Unbound(1), Rest]),
        Of("an unmasked virq sends", [Masked(1), Rest, Unmasked(1), Served(1), Injected(1), Rest]),

        Of("a masked virq is served", [Masked(1), Rest, Served(1)], "virq 1 sent 0x41 while it was masked"),
        Of("a masked virq is injected", [Masked(1), Injected(1)], "virq 1 sent 0x41 while it was masked"),
    ];

    private static History Of(string name, Event[] events, string? breaks = null) => new(name, events, breaks, Machine);

    private static Event Registered(int virq) => new(EventKind.VirqRegistered, (ushort)virq);
    private static Event Disposed(int virq) => new(EventKind.VirqDisposed, (ushort)virq);
    private static Event MessageSet(int virq, ushort requester) => new(EventKind.VirqMessageSet, (ushort)virq, requester, 0xFEE00000, 0x41);
    private static Event Masked(int virq) => new(EventKind.VirqMasked, (ushort)virq);
    private static Event Unmasked(int virq) => new(EventKind.VirqUnmasked, (ushort)virq);
    private static Event Signalled(int virq) => new(EventKind.VirqSignalled, (ushort)virq);
    private static Event Triggered(int virq, bool byEventFd = true) => new(EventKind.VirqTriggered, (ushort)virq, byEventFd ? 1u : 0);
    private static Event WrittenBack(int virq) => new(EventKind.VirqWritten, (ushort)virq);
    private static Event Bound(int virq) => new(EventKind.VirqBound, (ushort)virq, 50, 7);
    private static Event Unbound(int virq) => new(EventKind.VirqUnbound, (ushort)virq, 50, 7);
    private static Event Served(int virq) => new(EventKind.VirqServed, (ushort)virq, 50, Message.Bits);
    private static Event Injected(int virq) => new(EventKind.VirqInjected, (ushort)virq, 1, Message.Bits);
    private static Event Answered(int virq) => new(EventKind.VirqAnswered, (ushort)virq, 0, Message.Bits);
    private static Event Refused(int virq, RefusalReason reason = RefusalReason.RemappingFault) =>
        new(EventKind.VirqAnswered, (ushort)virq, 0, 0, (ulong)reason);
    private static Event Translated(int virq, int? entry) => new(EventKind.VirqTranslated, (ushort)virq, 0,
        Message.Bits, (entry is { } index ? new RouteCookie(0, index) : RouteCookie.None).Bits);
    private static Event Invalidated(int first, int last, int unit = 0) => new(EventKind.RemapInvalidated, (ushort)unit, 0, (ulong)first, (ulong)last);
    private static Event Done(int first, int last, int unit = 0) => new(EventKind.RemapInvalidationDone, (ushort)unit, 1, (ulong)first, (ulong)last);
    private static Event Faulted(ushort requester, ulong flags = 0) => new(EventKind.RemapFaulted, 0, requester, 0x22, 7 | flags);
    private static IEnumerable<Event> Faults(int first, int count) => Enumerable.Range(first, count).Select(requester => Faulted((ushort)requester));
    private static Event PinFaulted(int pin) => new(EventKind.PinRefused, 0, (uint)pin, 1, (ulong)RefusalReason.RemappingFault);
}
