using Wirq.Events;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

internal static class NoPhantomHistories
{
    private static readonly RedirectionEntry Masked = Level.WithMask(true);
    private static readonly Event[] Up = [Write(11, Level), Connect(3, 11, SourceKind.Sampled), Raise(3, 11), Line(11, true), Rise(11)];
    private static readonly Event[] UpMasked = [Write(11, Masked), .. Up[1..]];
    private static readonly Event[] Taken = [Deliver(11, Level), Accepted(11), IrrSet(11)];
    private static readonly Event[] Acked = [IrrCleared(11), PinAcked(11), Lower(3, 11, byAck: true), Ack(3, 11), Line(11, false), Fall(11)];
    private static readonly Event[] PicUp = [Connect(3, 5, SourceKind.Sampled), Raise(3, 5), Line(5, true), PicPin(5, true)];
    private const string Phantom = "pin 11 of I/OAPIC 0 sent 0x31, but no device on GSI 11 wants anything";
    private const string PicPhantom = "the 8259 raised INTR for IRQ 5, but no device on GSI 5 wants anything";

    internal static readonly History[] All =
    [
        new("a device that wants", [.. Up, .. Taken, Rest]),
        new("a device that raises again as it hears the acknowledge", [.. Up, .. Taken, .. Acked, Raise(3, 11), Line(11, true), Rise(11), .. Taken, Rest]),
        new("a device that withdraws after the message was sent", [.. Up, Deliver(11, Level), Withdraw(3, 11), Accepted(11), Rest]),
        new("a refused request is tried again though the device gave up",
            [.. Up, Deliver(11, Level), Refused(11), Withdraw(3, 11), Write(11, Level, Level), Deliver(11, Level), Rest]),
        new("the brake held a request of a device that gave up meanwhile",
            [.. Up, .. Taken, IrrCleared(11), PinAcked(11), Braked(11), Withdraw(3, 11), Rest, Released(11), Deliver(11, Level), Rest]),
        new("asked again at the unmask, the device is silent",
            [.. UpMasked, Withdraw(3, 11), Write(11, Level, Masked), PinResampled(11), Lower(3, 11, byAck: true), Ack(3, 11), Line(11, false), Fall(11), Rest]),
        new("another holder still wants",
            [.. Up, Connect(4, 11), Raise(4, 11), .. Taken, Withdraw(3, 11), IrrCleared(11), PinAcked(11), Lower(3, 11, byAck: true), Deliver(11, Level), Rest]),
        new("a log without sources", [Write(11, Level), Line(11, true), Rise(11), Deliver(11, Level), Rest]),
        new("a line that something from before anybody watched may hold", [Write(11, Level), Connect(3, 11), Deliver(11, Level), Rest]),
        new("an edge is not a line's", [Write(11, Edge), .. Up[1..], Lower(3, 11), Line(11, false), Fall(11), Deliver(11, Edge), Rest]),
        new("a pin that is active low stands for the absence of a request",
            [.. Up, Lower(3, 11), Line(11, false), Fall(11), Write(11, RedirectionEntry.Create(0x31, 1, level: true, activeLow: true)), Deliver(11, Level), Rest]),
        new("a spurious vector of the 8259", [.. PicUp, PicRequested(5), Lower(3, 5), Line(5, false), PicPin(5, false), PicTaken(7, 0x0F, flags: 1), Rest]),
        new("the 8259 comes back to a request after a more urgent one",
            [.. PicUp, PicRequested(5), Withdraw(3, 5), PicRequested(1, level: false), PicTaken(1, 9), PicRequested(5), Rest]),
        new("a request waits in the 8259 while another is in service, and its device gives up",
            [PicRequested(1, level: false), PicTaken(1, 9), .. PicUp, Withdraw(3, 5), PicRequested(5), PicTaken(5, 0x0D, flags: 2), Rest]),
        new("a request waits in the 8259 from its unmask on",
            [PicMask(0x20), .. PicUp, PicMask(0), Withdraw(3, 5), PicRequested(5), Rest]),
        new("a second holder's request waits in the 8259",
            [.. PicUp, Withdraw(3, 5), Connect(4, 5, SourceKind.Sampled), Raise(4, 5), Withdraw(4, 5), PicRequested(5), Rest]),
        new("INTR goes on standing for a line that fell", [.. PicUp, PicRequested(5), Lower(3, 5), Line(5, false), PicPin(5, false), PicRequested(5), Rest]),
        new("QEMU's 8259 keeps an edge that became a level",
            [.. PicUp, Lower(3, 5), Line(5, false), PicPin(5, false), PicRequested(5), PicTaken(5, 0x0D, flags: 2), Rest], Options: History.Of(Profile.Qemu)),
        new("QEMU's I/OAPIC keeps a level over an edge",
            [Write(11, Masked), .. Up[1..], Write(11, Edge.WithMask(true), Masked), Lower(3, 11), Line(11, false), Fall(11), Write(11, Level, Edge), Deliver(11, Level), Rest],
            Options: History.Of(Profile.Qemu)),
        new("an edge at the 8259", [.. PicUp, Withdraw(3, 5), PicRequested(5, level: false), Rest]),
        new("GSI 0 drives pin 2 of QEMU's",
            [Write(2, Level), Connect(3, 0), Raise(3, 0), Line(0, true), Rise(2), Deliver(2, Level), Rest], Options: History.Of(Profile.Qemu)),

        new("latched while masked, served, and sent as it is unmasked",
            [.. Up, .. Taken, Write(11, Masked, Level), .. Acked, Raise(3, 11), Line(11, true), Rise(11), Withdraw(3, 11), Rest, Write(11, Level, Masked), Deliver(11, Level)],
            Phantom),
        new("the sampled source was not lowered by the acknowledge",
            [.. Up, .. Taken, Withdraw(3, 11), IrrCleared(11), PinAcked(11), Ack(3, 11), Deliver(11, Level)], Phantom),
        new("sent with nobody on the line any more", [.. Up, .. Taken, .. Acked, Remove(3, 11), Deliver(11, Level)], Phantom),
        new("the 8259 requests after the device was served",
            [.. PicUp, PicRequested(5), PicTaken(5, 0x0D), PicMask(0x20), Withdraw(3, 5), PicMask(0), PicRequested(5)], PicPhantom),
        new("the 8259 requests again though masked meanwhile",
            [.. PicUp, PicRequested(5), PicMask(0x20), Withdraw(3, 5), PicMask(0), PicRequested(5)], PicPhantom),
        new("the 8259 requests for a line that fell and holds its pin", [.. PicUp, Lower(3, 5), Line(5, false), PicRequested(5)], PicPhantom),
        new("the 8259 hands out the vector of a line that fell",
            [.. PicUp, PicRequested(5), Lower(3, 5), Line(5, false), PicPin(5, false), PicTaken(5, 0x0D, flags: 2)],
            "the 8259 handed out IRQ 5, but no device on GSI 5 wants anything"),
    ];
}
