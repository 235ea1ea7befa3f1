using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

internal static class NoLostEdgeHistories
{
    private static readonly Wirq.Msi Message = new(0xFEE00000, 0x51), Memory = new(0x1000, 7);

    internal static readonly History[] All =
    [
        new("an edge that is accepted",
            [Write(4, Edge), Rise(4), Deliver(4, Edge), Fall(4), Taken(4, Edge), Accepted(4, level: false), Rest]),
        new("an edge that is refused",
            [Write(4, Edge), Rise(4), Deliver(4, Edge), NotTaken(4, Edge), Refused(4, level: false), Rest]),
        new("an edge of which only the pin tells",
            [Write(4, Edge), Rise(4), Deliver(4, Edge), Accepted(4, level: false), Rest]),
        new("an edge of which only the bus tells",
            [Write(4, Edge), Rise(4), Deliver(4, Edge), Taken(4, Edge), Rest]),
        new("an edge at a masked pin that is recorded as lost", [Rise(4), EdgeLost(4), Rest]),
        new("a level is no edge", [Write(4, Level), Rise(4), Rest]),
        new("a change of polarity is no edge",
            [Write(4, Edge), Rise(4) with { B = 1 }, Rest]),
        new("two edges before a drain",
            [Write(4, Edge), Rise(4), Deliver(4, Edge), Fall(4), Rise(4), Deliver(4, Edge), Fall(4),
            Taken(4, Edge), Accepted(4, level: false), Taken(4, Edge), Accepted(4, level: false), Rest]),
        new("an edge that merges into a pending vector is accepted all the same",
            [Write(4, Edge), Rise(4), Deliver(4, Edge), new(Wirq.Events.EventKind.VectorAccepted, 0, 0, 0x41, 2), Taken(4, Edge), Accepted(4, level: false), Rest]),
        new("a message of a device", [Send(0x10, Message), SentTaken(0x10, Message), Rest]),
        new("a message of a device that is refused", [Send(0x10, Message), SentRefused(0x10, Message), Rest]),
        new("a message outside the window", [Send(0x10, Memory), MemoryWrite(0x10, Memory), Rest]),
        new("a pin that the machine does not have", [Rise(24), Rise(4, chip: 7), Rest]),
        new("an INTA cycle", [PicTaken(1, 0x09), VectorTaken(0, 0x09, from: 1), Rest]),
        new("a poll takes no vector", [PicTaken(1, 0x09, flags: 4), Rest]),

        new("an edge that nothing became of", [Write(4, Edge), Rise(4), Fall(4), Rest],
            "pin 4 of I/OAPIC 0 rose while it was an unmasked edge pin, and its edge was neither accepted nor refused"),
        new("the second of two edges is lost",
            [Write(4, Edge), Rise(4), Deliver(4, Edge), Fall(4), Rise(4), Fall(4), Taken(4, Edge), Accepted(4, level: false), Rest],
            "pin 4 of I/OAPIC 0 rose while it was an unmasked edge pin, and its edge was neither accepted nor refused"),
        new("another pin's answer does not count",
            [Write(4, Edge), Write(5, Edge), Rise(4), Deliver(5, Edge), Taken(5, Edge), Accepted(5, level: false), Rest],
            "pin 4 of I/OAPIC 0 rose while it was an unmasked edge pin, and its edge was neither accepted nor refused"),
        new("a loss that nobody recorded", [Rise(4, chip: 1), Rest],
            "pin 4 of I/OAPIC 1 rose while it was masked, and the loss of its edge was not recorded"),
        new("a message that nothing became of", [Send(0x10, Message), Rest],
            "a message of device 00:02.0 was neither accepted nor refused"),
        new("a message answered for another device", [Send(0x10, Message), SentTaken(0x18, Message), Rest],
            "a message of device 00:02.0 was neither accepted nor refused"),
        new("a write to memory that was not made", [Send(0x10, Memory), Rest],
            "a message of device 00:02.0 aimed outside the interrupt window, and memory was not written"),
        new("an INTA cycle that no CPU ran", [PicTaken(1, 0x09), Rest],
            "an INTA cycle took a request from the 8259, and no CPU took its vector"),
        new("a vector of the local APIC answers no INTA cycle", [PicTaken(1, 0x09), VectorTaken(0, 0x09), Rest],
            "an INTA cycle took a request from the 8259, and no CPU took its vector"),
    ];
}
