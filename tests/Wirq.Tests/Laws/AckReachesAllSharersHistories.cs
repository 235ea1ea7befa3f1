using Wirq.Events;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

internal static class AckReachesAllSharersHistories
{
    private static readonly Event[] Two = [Connect(3, 11), Connect(4, 11), Connect(5, 12)];

    private static Event Behind(ushort source, bool has = true) =>
        new(EventKind.VirqResampleSet, 0, source, has ? 1u : 0);

    private static Event Written(ushort source) => new(EventKind.VirqResampled, 0, source);

    internal static readonly History[] All =
    [
        new("both hear", [.. Two, PinAcked(11), Ack(3, 11), Ack(4, 11), Rest]),
        new("one leaves when the other hears", [.. Two, PinAcked(11), Ack(3, 11), Remove(4, 11), Rest]),
        new("one joins after the acknowledge", [.. Two, PinAcked(11), Connect(6, 11), Ack(3, 11), Ack(4, 11), Rest]),
        new("a source from before anybody watched is learned of", [Raise(3, 11), Rest, PinAcked(11), Ack(3, 11), Ack(9, 11), Rest]),
        new("at the 8259, by the GSI of the IRQ", [Connect(3, 2), PicAcked(0), Ack(3, 2), Rest]),
        new("a PIC-only machine", [Connect(3, 5), PicAcked(5), Ack(3, 5), Rest], Options: History.TwoChips with { IoApics = [] }),
        new("on the second I/OAPIC", [Connect(3, 24 + 7), PinAcked(7, chip: 1), Ack(3, 24 + 7), Rest]),
        new("an acknowledge waits for the unmask", [.. Two, PinAckDeferred(11), Rest, Write(11, Level), PinAcked(11), Ack(3, 11), Ack(4, 11), Rest]),
        new("a slot that another source took over on another line", [.. Two, Remove(4, 11), Connect(4, 12), PinAcked(11), Ack(3, 11), Rest]),
        new("behind a resample eventfd", [.. Two, Behind(3), PinAcked(11), Ack(3, 11), Ack(4, 11), Written(3), Rest]),
        new("a resample eventfd is taken away", [.. Two, Behind(3), Behind(3, has: false), PinAcked(11), Ack(3, 11), Ack(4, 11), Rest]),
        new("a source with a resample eventfd leaves before it is written",
            [.. Two, Behind(3), PinAcked(11), Ack(3, 11), Ack(4, 11), Remove(3, 11), Rest]),

        new("only the first resample eventfd is written",
            [.. Two, Behind(3), Behind(4), PinAcked(11), Ack(3, 11), Ack(4, 11), Written(3), Rest],
            "source 4 is on GSI 11, and its resample eventfd was not written at the acknowledge"),
        new("a resample eventfd was written before, and is not now",
            [.. Two, Behind(3), PinAcked(11), Ack(3, 11), Ack(4, 11), Written(3), Rest, PinAcked(11), Ack(3, 11), Ack(4, 11), Rest],
            "source 3 is on GSI 11, and its resample eventfd was not written at the acknowledge"),
        new("nobody asks for the resample eventfd", [.. Two, Behind(3), PinAcked(11), Ack(4, 11), Rest],
            "source 3 is on GSI 11 and did not hear that it was acknowledged"),
        new("only the first hears", [.. Two, PinAcked(11), Ack(3, 11), Rest],
            "source 4 is on GSI 11 and did not hear that it was acknowledged"),
        new("nobody hears", [.. Two, PinAcked(11), Rest], "source 3 is on GSI 11 and did not hear that it was acknowledged"),
        new("only those who asserted hear", [.. Two, Raise(4, 11), PinAcked(11), Ack(4, 11), Rest],
            "source 3 is on GSI 11 and did not hear that it was acknowledged"),
        new("nobody hears at the 8259", [Connect(3, 2), PicAcked(0), Rest], "source 3 is on GSI 2 and did not hear that it was acknowledged"),
        new("heard before, not since", [.. Two, PinAcked(11), Ack(3, 11), Ack(4, 11), Rest, PinAcked(11), Ack(3, 11), Rest],
            "source 4 is on GSI 11 and did not hear that it was acknowledged"),
        new("deferred for ever", [.. Two, PinAckDeferred(11), Rest, Write(11, Level), Rest],
            "pin 11 of I/OAPIC 0 was unmasked, and the acknowledge that waited for it was not given"),
    ];
}
