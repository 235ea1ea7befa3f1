using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Vfio;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

/// <summary>Histories of a line of the host whose device needs ONESHOT, and of one beside it.</summary>
internal static class OneshotHeldHistories
{
    private const int Line = 5, Other = 6;

    /// <summary>A machine above a host with such a line.</summary>
    internal static readonly FabricOptions Machine = History.TwoChips with { OneshotLines = [Line] };

    internal static readonly History[] All =
    [
        Of("masked from before the handler to the guest's completion", [Chip(ChipCall.Unmask), Chip(ChipCall.Mask), Hard(), Answered(HandlerAnswer.WakeThread),
            Chip(ChipCall.Eoi), Ended(ForwardEnd.Guest), Thread(), Chip(ChipCall.Unmask), Rest]),
        Of("a level is masked by one call", [Chip(ChipCall.Enable), Chip(ChipCall.MaskAck), Hard(), Ended(ForwardEnd.Guest), Chip(ChipCall.Unmask)]),
        Of("a guest that is reset has finished", [Chip(ChipCall.Mask), Hard(), Ended(ForwardEnd.GuestReset), Chip(ChipCall.Unmask)]),
        Of("a line that is taken from the guest is requested again", [Chip(ChipCall.Mask), Hard(), Ended(ForwardEnd.Closed), Chip(ChipCall.Unmask)]),
        Of("a wait that ends is no completion, and the line stays masked", [Chip(ChipCall.Mask), Hard(), Ended(ForwardEnd.Timeout), Thread(), Rest,
            Ended(ForwardEnd.Guest), Chip(ChipCall.Unmask)]),
        Of("another device's interrupt", [Chip(ChipCall.Mask), Hard(), Answered(HandlerAnswer.None), Chip(ChipCall.Unmask)]),
        Of("whether it is masked is not known before the first call", [Hard()]),
        Of("a line that needs no ONESHOT", [Chip(ChipCall.Unmask, Other), Hard(Other), Chip(ChipCall.Unmask, Other)]),

        Of("not masked when the handler runs", [Chip(ChipCall.Unmask), Hard(), Chip(ChipCall.Mask)], "host line 5 was not masked when its hard handler ran"),
        Of("a threaded handler that returns at once", [Chip(ChipCall.Mask), Hard(), Answered(HandlerAnswer.WakeThread), Chip(ChipCall.Eoi), Thread(), Chip(ChipCall.Unmask)],
            "host line 5 was unmasked before the guest had finished"),
        Of("an enable while the guest has it", [Chip(ChipCall.MaskAck), Hard(), Chip(ChipCall.Enable)], "host line 5 was unmasked before the guest had finished"),
        Of("a timeout that unmasks", [Chip(ChipCall.Mask), Hard(), Ended(ForwardEnd.Timeout), Chip(ChipCall.Unmask)], "host line 5 was unmasked before the guest had finished"),
        Of("a live update that unmasks", [Chip(ChipCall.Mask), Hard(), Ended(ForwardEnd.LiveUpdate), Chip(ChipCall.Unmask)], "host line 5 was unmasked before the guest had finished"),
        Of("a mask that unmasks", [Chip(ChipCall.Mask), Hard(), Ended(ForwardEnd.Masked), Chip(ChipCall.Unmask)], "host line 5 was unmasked before the guest had finished"),
        Of("the guest of another line finishes", [Chip(ChipCall.Mask), Hard(), Ended(ForwardEnd.Guest, Other), Chip(ChipCall.Unmask)],
            "host line 5 was unmasked before the guest had finished"),
    ];

    private static History Of(string name, Event[] events, string? breaks = null) => new(name, events, breaks, Machine);

    private static Event Chip(ChipCall call, int line = Line) => new HostChipCall(line, call, 0).ToEvent();

    private static Event Hard(int line = Line) => new HostHardHandler(line, 0, 0).ToEvent();

    private static Event Answered(HandlerAnswer answer) => new HostHandlerAnswered(Line, 0, answer).ToEvent();

    private static Event Thread() => new HostThreadEnded(Line, 0).ToEvent();

    private static Event Ended(ForwardEnd how, int line = Line) => new VfioForwardEnded(0, line, how).ToEvent();
}
