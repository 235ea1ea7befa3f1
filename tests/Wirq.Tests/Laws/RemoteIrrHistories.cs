using Wirq.Events;
using static Wirq.Events.EndOfInterruptCause;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

internal static class RemoteIrrHistories
{
    private static readonly RedirectionEntry AsEdge = RedirectionEntry.Create(0x31, 1), Other = RedirectionEntry.Create(0x32, 1, level: true);
    private static readonly FabricOptions Old = History.TwoChips with { IoApics = [new() { Version = 0x11 }] };

    private static readonly Event[] Up = [Write(11, Level), Rise(11), Deliver(11, Level), Taken(11, Level), Accepted(11), IrrSet(11), Rest];
    private static readonly Event[] UpToo = [Write(7, Level, chip: 1), Rise(7, 1), Deliver(7, Level, 1), Accepted(7, chip: 1), IrrSet(7, chip: 1), Rest];
    private static readonly Event[] Eoi = [CpuEoi(1, 0x31), Broadcast(1, 0x31)];

    internal static readonly History[] Legal =
    [
        new("from acceptance to EOI", [.. Up, .. Eoi, IrrCleared(11), Rest]),
        new("a broadcast ends every pin of its vector", [.. Up, .. UpToo, .. Eoi, IrrCleared(11), IrrCleared(7, chip: 1), Rest]),
        new("an EOI of another vector ends nothing", [.. Up, CpuEoi(1, 0x55), Broadcast(1, 0x55), Rest]),
        new("an EOI that was suppressed is not broadcast", [.. Up, CpuEoi(1, 0x31, suppressed: true), Rest, EoiRegister(0x31), IrrCleared(11, cause: Register), Rest]),
        new("the EOI register ends its own chip's pins", [.. Up, .. UpToo, EoiRegister(0x31), IrrCleared(11, cause: Register), Rest]),
        new("the EOI register, whose write nobody told", [.. Up, IrrCleared(11, cause: Register), Rest]),
        new("version 0x11 has no EOI register", [.. Up, EoiRegister(0x31), Rest], Options: Old),
        new("a rewrite to edge ends it", [.. Up, Write(11, AsEdge, Level), IrrCleared(11, cause: Rewrite), Write(11, Level, AsEdge), Rest]),
        new("a refused level sets nothing", [Write(11, Level), Rise(11), Deliver(11, Level), Refused(11), Rest]),
        new("a kernel broadcasts without telling of the CPU's EOI", [.. Up, Broadcast(1, 0x31), IrrCleared(11), Rest]),
        new("the answer comes when the vector is another", [Write(11, Level), Rise(11), Deliver(11, Level), Write(11, Other, Level), Accepted(11), Deliver(11, Other), Accepted(11), IrrSet(11, 0x32), Rest]),
        new("the broadcast overtakes the answer", [Write(11, Level), Rise(11), Deliver(11, Level), .. Eoi, Accepted(11), IrrSet(11), IrrCleared(11), Rest]),
        new("the broadcast overtakes the sending", [Write(11, Level), .. Eoi, Rise(11), Deliver(11, Level), Accepted(11), IrrSet(11), IrrCleared(11), Rest]),
        new("two broadcasts end what was sent in between",
            [.. Up, CpuEoi(0, 0x31), Broadcast(0, 0x31), .. Eoi, IrrCleared(11), Deliver(11, Level), Accepted(11), IrrSet(11), IrrCleared(11), Rest]),
        new("the vector changes while the broadcast is under way", [.. Up, .. Eoi, Write(11, Other, Level), Rest]),
        new("set before anybody watched", [Write(11, Level.WithRemoteIrr(true), Level.WithRemoteIrr(true)), Broadcast(1, 0x31), IrrCleared(11), Rest]),
        new("found set by a level from before anybody watched", [Write(11, Level), Rise(11), Coalesced(11), Rest]),
        new("QEMU sets it as it sends", [Write(11, Level), Rise(11), IrrSet(11), Deliver(11, Level), NotTaken(11, Level), Refused(11), Rest], Options: History.Of(Profile.Qemu)),
        new("QEMU's is ended before the answer",
            [Write(11, Level), Rise(11), IrrSet(11), Deliver(11, Level), .. Eoi, IrrCleared(11), .. Eoi, Accepted(11), Rest], Options: History.Of(Profile.Qemu)),
        new("KVM broadcasts the EOI of an edge vector too", [.. Up, CpuEoi(1, 0x31, level: false), Broadcast(1, 0x31), IrrCleared(11), Rest], Options: History.Of(Profile.Kvm)),
        new("an edge sets nothing", [Write(11, AsEdge), Rise(11), Deliver(11, AsEdge), Accepted(11, level: false), Rest]),
    ];

    private const string Irr = "Remote IRR of pin 11 of I/OAPIC 0";

    internal static readonly History[] Controls =
    [
        new("set without an acceptance", [Write(11, Level), Rise(11), IrrSet(11)], $"{Irr} was set, though no level interrupt of it was accepted"),
        new("accepted and not set", [Write(11, Level), Rise(11), Deliver(11, Level), Accepted(11), Rest],
            "a level interrupt of pin 11 of I/OAPIC 0 was accepted, and its Remote IRR was not set"),
        new("only the first pin of the vector is ended", [.. Up, .. UpToo, .. Eoi, IrrCleared(11), Rest],
            "the EOI of 0x31 left Remote IRR of pin 7 of I/OAPIC 1 set"),
        new("the EOI register ends only the first pin",
            [.. Up, Write(7, Level), Rise(7), Deliver(7, Level), Accepted(7), IrrSet(7), Rest, EoiRegister(0x31), IrrCleared(7, cause: Register), Rest],
            $"the EOI of 0x31 left {Irr} set"),
        new("the EOI register does nothing", [.. Up, EoiRegister(0x31), Rest], $"the EOI of 0x31 left {Irr} set"),
        new("an EOI register that is not there", [.. Up, IrrCleared(11, cause: Register)],
            $"{Irr} was cleared by an EOI register, which version 0x11 does not have", Old),
        new("a broadcast that the CPU had suppressed", [.. Up, CpuEoi(1, 0x31, suppressed: true), Broadcast(1, 0x31), IrrCleared(11)],
            $"{Irr} was cleared by a broadcast of 0x31 that cpu1 had suppressed"),
        new("a broadcast of an edge vector's EOI", [.. Up, CpuEoi(1, 0x31, level: false), Broadcast(1, 0x31), IrrCleared(11)],
            $"{Irr} was cleared by a broadcast of 0x31 that no EOI of cpu1 asked for"),
        new("one EOI broadcast twice",
            [.. Up, .. Eoi, IrrCleared(11), Deliver(11, Level), Accepted(11), IrrSet(11), Rest, Broadcast(1, 0x31), IrrCleared(11)],
            $"{Irr} was cleared by a broadcast of 0x31 that no EOI of cpu1 asked for"),
        new("cleared by nothing", [.. Up, IrrCleared(11)], $"{Irr} was cleared, though nobody signalled EOI of 0x31"),
        new("one broadcast ends a pin twice", [.. Up, .. Eoi, IrrCleared(11), Deliver(11, Level), Accepted(11), IrrSet(11), IrrCleared(11)],
            $"{Irr} was cleared, though nobody signalled EOI of 0x31"),
        new("cleared by a rewrite that was none", [.. Up, Write(11, Level.WithMask(true), Level), IrrCleared(11, cause: Rewrite)],
            $"{Irr} was cleared, though nobody signalled EOI of 0x31"),
        new("cleared twice", [.. Up, .. Eoi, IrrCleared(11), IrrCleared(11)], $"{Irr} was cleared, though it was not set"),
        new("stays set over a rewrite to edge", [.. Up, Write(11, AsEdge, Level), Rest], $"{Irr} stayed set when its entry was rewritten to edge"),
        new("stays set over edge and back", [.. Up, Write(11, AsEdge, Level), Write(11, Level, AsEdge)], $"{Irr} stayed set when its entry was rewritten to edge"),
        new("sent again while set", [.. Up, Deliver(11, Level)], "pin 11 of I/OAPIC 0 sent 0x31 again while its Remote IRR was set"),
        new("QEMU sets it and sends nothing", [Write(11, Level), Rise(11), IrrSet(11), Rest], $"{Irr} was set, and nothing was sent", History.Of(Profile.Qemu)),
        new("waiting for an EOI that came", [.. Up, .. Eoi, IrrCleared(11), Fall(11), Rise(11), Coalesced(11)], $"{Irr} is set, though its interrupt was ended"),
    ];
}
