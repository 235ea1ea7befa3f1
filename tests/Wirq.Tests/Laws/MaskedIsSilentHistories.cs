using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

internal static class MaskedIsSilentHistories
{
    private static readonly RedirectionEntry Masked = Edge.WithMask(true);

    internal static readonly History[] All =
    [
        new("an unmasked pin sends", [Write(4, Edge), Deliver(4, Edge), Taken(4, Edge), Rest]),
        new("what was sent before the mask may arrive after it", [Write(4, Edge), Deliver(4, Edge), Write(4, Masked, Edge), Taken(4, Edge), Rest]),
        new("two messages and then the mask",
            [Write(4, Edge), Deliver(4, Edge), Deliver(4, Edge), Write(4, Masked, Edge), Taken(4, Edge), NotTaken(4, Edge), Rest]),
        new("unmasked again", [Write(4, Masked), Write(4, Edge, Masked), Deliver(4, Edge), Rest]),
        new("a vector that is pending is taken after the mask", [Write(4, Edge), Deliver(4, Edge), Taken(4, Edge), Rest, Write(4, Masked, Edge), VectorTaken(0, 0x41), Rest]),

        new("a masked pin sends", [Write(4, Edge), Write(4, Masked, Edge), Deliver(4, Edge)],
            "pin 4 of I/OAPIC 0 sent 0x41 while its entry (Fixed 0x41 to physical 0x0 edge masked) was masked"),
        new("a pin that was never written is masked", [Deliver(7, Edge, chip: 1)],
            "pin 7 of I/OAPIC 1 sent 0x41 while its entry (Fixed 0x00 to physical 0x0 edge masked) was masked"),
        new("a second message arrives after the mask though one was sent",
            [Write(4, Edge), Deliver(4, Edge), Write(4, Masked, Edge), Taken(4, Edge), Taken(4, Edge)],
            "0x41 of pin 4 of I/OAPIC 0 arrived while that pin was masked"),
        new("a message arrives that nobody told the sending of", [Write(4, Masked), Taken(4, Edge)],
            "0x41 of pin 4 of I/OAPIC 0 arrived while that pin was masked"),
    ];
}
