using Wirq.Events;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

internal static class SharersIndependentHistories
{
    private static readonly RedirectionEntry ActiveLow = RedirectionEntry.Create(0x31, 1, level: true, activeLow: true);
    private static readonly Event[] Two = [Connect(3, 11), Connect(4, 11), Raise(3, 11), Line(11, true), PicPin(11, true), Rise(11), Raise(4, 11), Rest];

    internal static readonly History[] All =
    [
        new("two holders, the last of whom drops the line",
            [.. Two, Lower(3, 11), Rest, Lower(4, 11), Line(11, false), PicPin(11, false), Fall(11), Rest]),
        new("a holder leaves", [.. Two, Lower(3, 11), Remove(3, 11), Rest]),
        new("a source that raised before anybody watched", [Raise(4, 11), Rest, Lower(4, 11), Rest, Lower(3, 11), Line(11, false), Fall(11), Rest]),
        new("a line of a log without sources", [Line(11, true), Rise(11), Line(11, false), Rest]),
        new("chips in a kernel do not tell of their pins", [Connect(3, 11), Raise(3, 11), Line(11, true), Rest]),
        new("a pin that is active low falls as its line rises",
            [Write(11, ActiveLow), Rise(11) with { B = 1 }, Connect(3, 11), Raise(3, 11), Line(11, true), Fall(11), Rest]),
        new("polarity is ignored where the profile says so",
            [Write(11, ActiveLow), Connect(3, 11), Raise(3, 11), Line(11, true), Rise(11), Rest], Options: History.Of(Profile.Kvm)),
        new("QEMU moves pin 0 to pin 2", [Connect(3, 0), Raise(3, 0), Line(0, true), Rise(2), Rest], Options: History.Of(Profile.Qemu)),
        new("two lines on one pin of QEMU's are not judged",
            [Connect(3, 0), Raise(3, 0), Line(0, true), Rise(2), Connect(4, 2), Raise(4, 2), Line(2, true), PicPin(0, true), Lower(4, 2), Line(2, false), PicPin(0, false), Fall(2), Rest],
            Options: History.Of(Profile.Qemu)),
        new("a PIC-only machine", [Connect(3, 5), Raise(3, 5), Line(5, true), PicPin(5, true), Rest], Options: History.TwoChips with { IoApics = [] }),
        new("an acknowledge lowers all sampled sources at once",
            [.. Two, Lower(3, 11, byAck: true), Ack(3, 11), Lower(4, 11, byAck: true), Ack(4, 11), Line(11, false), PicPin(11, false), Fall(11), Rest]),

        new("the last writer wins", [.. Two, Lower(3, 11), Line(11, false), Rest], "GSI 11 fell, though source 4 holds it"),
        new("a line rises by itself", [Connect(3, 11), Line(11, true)], "GSI 11 rose, though none of its sources asserts"),
        new("a line that stays high after its last holder", [.. Two, Lower(3, 11), Lower(4, 11), Rest],
            "GSI 11 is high at rest, though none of its sources asserts"),
        new("a line that does not rise again", [.. Two, Lower(3, 11), Lower(4, 11), Line(11, false), PicPin(11, false), Fall(11), Rest, Raise(4, 11), Rest],
            "GSI 11 is low at rest, though source 4 holds it"),
        new("one holder's drop lowers the pin", [.. Two, Lower(3, 11), Fall(11), Rest], "pin 11 of I/OAPIC 0 is low at rest, though source 4 holds GSI 11"),
        new("the pin does not follow its line down", [.. Two, Lower(3, 11), Lower(4, 11), Line(11, false), PicPin(11, false), Rest],
            "pin 11 of I/OAPIC 0 is high at rest, though no source of GSI 11 asserts"),
        new("a chip that begins to tell of its pins, though not of this one",
            [Connect(3, 11), Raise(3, 11), Line(11, true), Rest, Rise(12), Rest], "pin 11 of I/OAPIC 0 is low at rest, though source 3 holds GSI 11"),
        new("an entry that is made active low, and its pin stays", [.. Two, Write(11, ActiveLow), Rest],
            "pin 11 of I/OAPIC 0 is low at rest, though source 4 holds GSI 11"),
        new("a pin falls long after its line was told of", [.. Two, Rest, Fall(11), Rest],
            "pin 11 of I/OAPIC 0 is low at rest, though source 4 holds GSI 11"),
        new("one holder's drop lowers the 8259's pin", [.. Two, Lower(3, 11), PicPin(11, false), Rest], "IRQ 11 of the 8259 is low at rest, though source 4 holds GSI 11"),
        new("the 8259's pin does not follow", [.. Two, Lower(3, 11), Lower(4, 11), Line(11, false), Fall(11), Rest],
            "IRQ 11 of the 8259 is high at rest, though no source of GSI 11 asserts"),
        new("a holder leaves and the line does not drop", [.. Two, Lower(3, 11), Remove(3, 11), Remove(4, 11), Rest],
            "GSI 11 is high at rest, though none of its sources asserts"),
    ];
}
