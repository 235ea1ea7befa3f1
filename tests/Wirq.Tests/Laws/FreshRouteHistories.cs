using Wirq.Events;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

internal static class FreshRouteHistories
{
    private static readonly RedirectionEntry Moved = RedirectionEntry.Create(0x22, 2);
    private static readonly RedirectionEntry Handle5 = new(5ul << 49 | 1ul << 48 | 0x31), Handle6 = new(6ul << 49 | 1ul << 48 | 0x31);

    internal static readonly History[] All =
    [
        new("the entry's message", [Write(11, Edge), Deliver(11, Edge), Taken(11, Edge), Rest]),
        new("the entry is rewritten while the message is under way",
            [Write(11, Edge), Deliver(11, Edge), Write(11, Moved, Edge), Taken(11, Edge), Rest]),
        new("two messages under way, each by its own entry",
            [Write(11, Edge), Deliver(11, Edge), Write(11, Moved, Edge), Deliver(11, Moved), Taken(11, Edge), Taken(11, Moved), Rest]),
        new("pins answer for themselves",
            [Write(11, Edge), Write(12, Moved), Deliver(11, Edge), Deliver(12, Moved), Taken(11, Edge), NotTaken(12, Moved), Rest]),
        new("an answer whose sending was not told", [Write(11, Edge), Taken(11, Edge), Rest]),
        new("a remappable entry is translated on its way", [Write(11, Handle5), Deliver(11, Handle5), Taken(11, Moved), Rest]),
        new("more under way than can be told apart",
            [Write(11, Edge), .. Enumerable.Repeat(Deliver(11, Edge), 40), Write(11, Moved, Edge), .. Enumerable.Repeat(Taken(11, Edge), 40), Rest]),
        new("more under way than there is room for, and the first answer finds the row of a later message",
        [
            Write(11, Edge), .. Enumerable.Repeat(Deliver(11, Edge), 32), Write(12, Edge), Deliver(12, Edge), Taken(11, Edge),
            Write(12, Moved, Edge), Deliver(12, Moved), Taken(12, Edge), Rest,
        ]),
        new("once it is at rest, what was too much is judged again",
            [Write(11, Edge), .. Enumerable.Repeat(Deliver(11, Edge), 40), Rest, Deliver(11, Edge), Write(11, Moved, Edge), Taken(11, Moved)],
            "pin 11 of I/OAPIC 0 had Fixed 0x22 to physical 0x2 (edge) taken for it, but sent Fixed 0x41 to physical 0x0 (edge)"),
        new("a wider format says the same", [Write(11, Edge), Deliver(11, Edge) with { A = 0xFEE00000 | 1 << 5 }, Rest],
            Options: History.TwoChips with { Format = MsiFormat.Compatibility }),

        new("an old vector", [Write(11, RedirectionEntry.Create(0x22, 2)), Deliver(11, RedirectionEntry.Create(0x21, 2))],
            "pin 11 of I/OAPIC 0 delivered Fixed 0x21 to physical 0x2 (edge), but its entry says Fixed 0x22 to physical 0x2 (edge)"),
        new("an old destination", [Write(11, Edge), Write(11, Moved, Edge), Deliver(11, Edge)],
            "pin 11 of I/OAPIC 0 delivered Fixed 0x41 to physical 0x0 (edge), but its entry says Fixed 0x22 to physical 0x2 (edge)"),
        new("a level sent as an edge", [Write(11, Level, chip: 1), Deliver(11, RedirectionEntry.Create(0x31, 1), chip: 1)],
            "pin 11 of I/OAPIC 1 delivered Fixed 0x31 to physical 0x1 (edge), but its entry says Fixed 0x31 to physical 0x1 (level)"),
        new("an old handle", [Write(11, Handle6), Deliver(11, Handle5)],
            "pin 11 of I/OAPIC 0 delivered handle 0x5 vector 0x31, but its entry says handle 0x6 vector 0x31"),
        new("the bus took another message than was sent", [Write(11, Edge), Deliver(11, Edge), Write(11, Moved, Edge), Taken(11, Moved)],
            "pin 11 of I/OAPIC 0 had Fixed 0x22 to physical 0x2 (edge) taken for it, but sent Fixed 0x41 to physical 0x0 (edge)"),
        new("a stale route in the kernel, whose sending nobody told", [Write(11, Edge), Write(11, Moved, Edge), Taken(11, Edge)],
            "pin 11 of I/OAPIC 0 had Fixed 0x41 to physical 0x0 (edge) taken for it, but sent Fixed 0x22 to physical 0x2 (edge)"),
    ];
}
