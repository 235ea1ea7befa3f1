using Wirq.Events;
using Wirq.Routing;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

/// <summary>Histories of machines that go on from a snapshot.</summary>
internal static class NothingLostAcrossUpdateHistories
{
    private static readonly FabricOptions s_machine = History.TwoChips with { Routing = new RoutingOptions { Virqs = 4 } };

    private static Event Saved => new(EventKind.MachineSaved);
    private static Event Restored => new(EventKind.MachineRestored);
    private static Event Suspended => new(EventKind.MachineSuspended);
    private static Event Resumed => new(EventKind.MachineResumed);
    private static Event EmptyEoi(int cpu) => new(EventKind.CpuEoiEmpty, (ushort)cpu);

    internal static readonly History[] All =
    [
        Of("nothing happens between snapshot and restore", [Raise(1, 5), Saved, Restored, Rest]),
        Of("nobody goes on from the snapshot", [Saved, Raise(1, 5), VectorTaken(0, 0x31), Rest]),
        Of("what is signalled in between is served once", [Suspended, Saved, Signalled(1), Restored, Resumed, Served(1), Rest]),
        Of("a device interrupts after the restore", [Saved, Restored, Raise(1, 5), Deliver(5, Edge), Signalled(1), Served(1), Rest]),
        Of("a virq is signalled twice and served once", [Signalled(1), Signalled(1), Saved, Restored, Served(1), Rest]),
        Of("a CPU ends what it had in service", [VectorTaken(0, 0x31), Saved, Restored, CpuEoi(0, 0x31), Rest]),
        Of("a CPU that had nothing in service ends it", [VectorTaken(0, 0x31), CpuEoi(0, 0x31), Saved, Restored, EmptyEoi(0), Rest]),
        Of("a level is sent after the restore", [Saved, Restored, Deliver(5, Level), Rest]),
        Of("what userspace had read goes back into the eventfd, and is served once",
            [Signalled(1), Suspended, Triggered(1), WrittenBack(1), Saved, Restored, Resumed, Served(1), Rest]),
        Of("an interrupt that was read goes back after the snapshot", [Signalled(1), Saved, Triggered(1), WrittenBack(1), Restored, Served(1), Rest]),

        Of("an interrupt that was read after the snapshot does not go back", [Signalled(1), Saved, Triggered(1), WrittenBack(2), Restored],
            "the machine goes on from its snapshot, but VirqTriggered came after the snapshot: it is lost, or comes twice"),
        Of("what went back is served twice", [Signalled(1), Suspended, Triggered(1), WrittenBack(1), Saved, Restored, Served(1), Served(1)],
            "virq 1 was served after the restore, and nobody signalled it"),
        Of("the old kernel serves a virq after the snapshot", [Signalled(1), Saved, Served(1), Suspended, Restored],
            "the machine goes on from its snapshot, but VirqServed came after the snapshot: it is lost, or comes twice"),
        Of("a device raises its line after the snapshot", [Saved, Raise(1, 5), Restored],
            "the machine goes on from its snapshot, but SourceRaised came after the snapshot: it is lost, or comes twice"),
        Of("a machine goes back", [Saved, Restored, CpuEoi(0, 0x31), Restored],
            "the machine goes on from its snapshot, but CpuEoi came after the snapshot: it is lost, or comes twice"),
        Of("the restore makes an edge", [Raise(1, 5), Saved, Restored, Deliver(5, Edge)],
            "pin 5 of I/OAPIC 0 sent an edge after the restore, and no source of its line rose"),
        Of("a virq is served again", [Signalled(1), Served(1), Saved, Restored, Served(1)],
            "virq 1 was served after the restore, and nobody signalled it"),
        Of("what was in service is gone", [VectorTaken(1, 0x31), Saved, Restored, EmptyEoi(1)],
            "cpu1 ended an interrupt that it had taken before the restore, and nothing was in service"),
    ];

    private static History Of(string name, Event[] events, string? breaks = null) => new(name, events, breaks, s_machine);
    private static Event Signalled(int virq) => new(EventKind.VirqSignalled, (ushort)virq);
    private static Event Triggered(int virq) => new VirqTriggered(virq, ByEventFd: true).ToEvent();
    private static Event WrittenBack(int virq) => new(EventKind.VirqWritten, (ushort)virq);
    private static Event Served(int virq) => new VirqServed(virq, 50, InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0)).ToEvent();
}
