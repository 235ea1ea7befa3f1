using Wirq.Events;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

internal static class LevelRedeliveredHistories
{
    private static readonly RedirectionEntry Other = RedirectionEntry.Create(0x31, 0, level: true);

    // Pin 11 delivered and accepted.
    private static readonly Event[] Up = [Write(11, Level), Rise(11), Deliver(11, Level), Taken(11, Level), Accepted(11), IrrSet(11), Rest];
    private static readonly Event[] Eoi = [CpuEoi(1, 0x31), Broadcast(1, 0x31), IrrCleared(11)];
    // An edge entry was rewritten to level while the wire stayed high.
    private static readonly Event[] LevelLate = [Write(11, Edge), Rise(11), Write(11, Level, Edge)];

    internal static readonly History[] All =
    [
        new("a line still asserted is delivered again",
            [.. Up, .. Eoi, PinAcked(11), Deliver(11, Level), Taken(11, Level), Accepted(11), IrrSet(11), Rest]),
        new("a line that dropped is not", [.. Up, Fall(11), .. Eoi, PinAcked(11), Rest]),
        new("a line that drops as it is acknowledged is not", [.. Up, .. Eoi, PinAcked(11), Fall(11), Rest]),
        new("the brake holds it, and lets it go",
            [.. Up, .. Eoi, Braked(11), Rest, Released(11), Deliver(11, Level), Accepted(11), IrrSet(11), Rest]),
        new("a fall lets the brake go without a word",
            [.. Up, .. Eoi, Braked(11), Rest, Fall(11), Rise(11), Deliver(11, Level), Accepted(11), IrrSet(11), Rest]),
        new("a pin that nobody accepts waits", [Write(11, Level), Rise(11), Deliver(11, Level), NotTaken(11, Level), Refused(11), Rest]),
        new("a masked pin waits", [.. Up, Write(11, Level.WithMask(true), Level), .. Eoi, Rest]),
        new("a pin falls after it sent", [Write(11, Level), Rise(11), Deliver(11, Level), Fall(11), Accepted(11), IrrSet(11), Rest]),
        new("an answer that never comes is not the pin's fault", [Write(11, Level), Rise(11), Deliver(11, Level), Rest]),
        new("a pin that was asserted before anybody watched",
            [Write(11, Level), Deliver(11, Level), Accepted(11), IrrSet(11), Rest]),
        new("a pin whose Remote IRR was set before anybody watched", [Write(11, Level), Rise(11), Coalesced(11), Rest]),
        new("a rewrite to level with the wire high", [.. LevelLate, Deliver(11, Level), Accepted(11), IrrSet(11), Rest]),
        new("QEMU sends nothing then, the request not being latched", LevelLate, Options: History.Of(Profile.Qemu)),
        new("QEMU sends a request that fell while the entry was edge",
            [Write(11, Level.WithMask(true)), Rise(11), Write(11, Edge.WithMask(true), Level), Fall(11), Write(11, Level, Edge), Deliver(11, Level), Rest],
            Options: History.Of(Profile.Qemu)),

        new("not delivered again after its EOI", [.. Up, .. Eoi, PinAcked(11), Rest],
            "pin 11 of I/OAPIC 0 is still asserted after its EOI, and was not delivered again"),
        new("never delivered", [Write(11, Level), Rise(11), Rest],
            "pin 11 of I/OAPIC 0 asserts a level, unmasked and with Remote IRR clear, and was not delivered"),
        new("not delivered as it is unmasked", [Write(11, Level.WithMask(true)), Rise(11), Rest, Write(11, Level, Level.WithMask(true)), Rest],
            "pin 11 of I/OAPIC 0 asserts a level, unmasked and with Remote IRR clear, and was not delivered"),
        new("forgotten by the brake", [.. Up, .. Eoi, Braked(11), Rest, Released(11), Rest],
            "pin 11 of I/OAPIC 0 is still asserted after its EOI, and was not delivered again"),
        new("sent though the line had dropped", [.. Up, Fall(11), .. Eoi, Deliver(11, Level), Rest],
            "pin 11 of I/OAPIC 0 sent a level interrupt, 0x31, while it was not asserted"),
        new("refused, and not tried again at an entry write",
            [Write(11, Level), Rise(11), Deliver(11, Level), Refused(11), Rest, Write(11, Other, Level), Rest],
            "pin 11 of I/OAPIC 0 asserts a level, unmasked and with Remote IRR clear, and was not delivered"),
        new("refused by the old entry, and not tried by the new one",
            [Write(11, Level), Rise(11), Deliver(11, Level), Write(11, Other, Level), Refused(11), Rest],
            "pin 11 of I/OAPIC 0 asserts a level, unmasked and with Remote IRR clear, and was not delivered"),
        new("rewritten to level with the wire high, and forgotten", [.. LevelLate, Rest],
            "pin 11 of I/OAPIC 0 asserts a level, unmasked and with Remote IRR clear, and was not delivered"),
    ];
}
