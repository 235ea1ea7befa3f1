using System.Net.Sockets;
using Wirq.Linux.VfioUser;
using Wirq.Vfio;
using static Wirq.Linux.Tests.VfioUser.Message;
using Bits = Wirq.Vfio.VfioIrqSetBits;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>The answers of SET_IRQS over a socket, with the descriptors that come along.</summary>
public sealed class RefusalTests : IDisposable
{
    private const int Einval = 22, Enotty = 25;
    private readonly ServedFunction _served = new(new() { MsiVectors = 4, MsixVectors = 8 });
    private readonly RawClient _client;

    public RefusalTests() => _client = new RawClient(_served.ConnectRaw());

    public void Dispose()
    {
        _client.Dispose();
        _served.Dispose();
    }

    private int Ask(VfioIrqIndex index, Bits flags, int start = 0, int count = 1, int? argsz = null, byte[]? data = null, params int[] descriptors) =>
        _client.Ask(SetIrqs, [.. IrqBody(index, flags, start, count, argsz ?? 20 + (data?.Length ?? 0)), .. data ?? []], descriptors).Error;

    [Fact]
    public void The_table_of_VFIO_holds()
    {
        using EventFdHandle one = EventFdHandle.Create(), two = EventFdHandle.Create();
        int a = one.EventFd.Number, b = two.EventFd.Number;
        const VfioIrqIndex Intx = VfioIrqIndex.Intx, Msi = VfioIrqIndex.Msi, Msix = VfioIrqIndex.Msix;
        const Bits None = Bits.DataNone, Bool = Bits.DataBool, Fd = Bits.DataEventFd, Mask = Bits.ActionMask, Unmask = Bits.ActionUnmask, Trigger = Bits.ActionTrigger;

        // Before anything is enabled.
        Assert.Equal(Einval, Ask(Intx, None | Mask));
        Assert.Equal(Einval, Ask(Intx, None | Unmask));
        Assert.Equal(Einval, Ask(Intx, None | Trigger));
        Assert.Equal(Einval, Ask(Intx, None | Trigger, count: 0));
        // Enabled with no descriptor: no trigger.
        Assert.Equal(0, Ask(Intx, Fd | Trigger));
        Assert.True(_served.Do((_, function) => function is { Enabled: Intx, HasIntxTrigger: false }));
        Assert.Equal(0, Ask(Intx, Fd | Trigger, descriptors: a));
        Assert.Equal(Enotty, Ask(Intx, None));
        Assert.Equal(Enotty, Ask(Intx, None | Mask | Unmask));
        Assert.Equal(Einval, Ask(Intx, None | Bool | Trigger, data: [1]));
        Assert.Equal(Einval, Ask((VfioIrqIndex)5, None | Trigger));
        Assert.Equal(Einval, Ask(Intx, None | Trigger, argsz: 19));
        Assert.Equal(Einval, Ask(Intx, None | Trigger, start: 1));
        Assert.Equal(Einval, Ask(Intx, None | Trigger, count: 2));
        Assert.Equal(Einval, Ask(Msi, Fd | Trigger, descriptors: b));
        Assert.Equal(Enotty, Ask(Intx, Fd | Mask, descriptors: b));
        Assert.Equal(0, Ask(Intx, None | Mask));
        Assert.Equal(0, Ask(Intx, None | Mask));
        Assert.Equal(0, Ask(Intx, Bool | Unmask, data: [0]));
        Assert.True(_served.Do((_, function) => function.IsMasked));
        Assert.Equal(0, Ask(Intx, Bool | Unmask, data: [1]));
        Assert.Equal(0, Ask(Intx, None | Unmask));
        Assert.Equal(0, Ask(Intx, None | Trigger, count: 0));
        // Messages.
        Assert.Equal(0, Ask(Msi, Fd | Trigger, 0, 2, descriptors: [a, b]));
        Assert.Equal(Einval, Ask(Intx, Fd | Trigger, descriptors: a));
        Assert.Equal(Einval, Ask(Msix, Fd | Trigger, descriptors: a));
        Assert.Equal(Enotty, Ask(Msi, None | Mask));
        Assert.Equal(Enotty, Ask(Msi, None | Unmask));
        Assert.Equal(Einval, Ask(Msi, Fd | Trigger, start: 4, descriptors: a));
        // Beyond what was enabled: MSI does not grow.
        Assert.Equal(Einval, Ask(Msi, Fd | Trigger, start: 3, descriptors: a));
        Assert.Equal(0, Ask(Msi, None | Trigger, count: 0));
        Assert.Equal(0, Ask(Msix, Fd | Trigger, start: 5, descriptors: a));
        // MSI-X does.
        Assert.Equal(0, Ask(Msix, Fd | Trigger, start: 7, descriptors: b));
        Assert.Equal(Einval, Ask(VfioIrqIndex.Err, None | Trigger));
        Assert.Equal(0, Ask(VfioIrqIndex.Req, Fd | Trigger, descriptors: a));
        Assert.Equal(Enotty, Ask(VfioIrqIndex.Req, None | Mask));
        Assert.Equal(0, _client.Ask(Reset, []).Error);
    }

    [Fact]
    public void Descriptors_that_do_not_fit_are_refused_and_closed()
    {
        using EventFdHandle eventFd = EventFdHandle.Create();
        int number = eventFd.EventFd.Number;
        using var file = File.OpenHandle("/dev/null");
        int foreign = (int)file.DangerousGetHandle();
        int before = ServedFunction.OpenDescriptors;
        const VfioIrqIndex Msix = VfioIrqIndex.Msix;
        const Bits Fd = Bits.DataEventFd | Bits.ActionTrigger;
        Assert.Equal(Einval, Ask(Msix, Bits.DataNone | Bits.ActionTrigger, descriptors: number));
        Assert.Equal(Einval, Ask(Msix, Bits.DataBool | Bits.ActionTrigger, data: [1], descriptors: [number, number]));
        Assert.Equal(Einval, Ask(Msix, Fd, 0, 2, descriptors: number));
        Assert.Equal(Einval, Ask(Msix, Fd, 0, 1, descriptors: [number, number]));
        Assert.Equal(Einval, Ask(Msix, Fd, 0, 0, descriptors: number));
        Assert.Equal(Einval, Ask(Msix, Fd, 7, 2, descriptors: [number, number]));
        Assert.Equal(Einval, Ask(Msix, Fd, 0, -1));
        Assert.Equal(Einval, Ask(Msix, Fd, 284, -1, descriptors: number));
        Assert.Equal(Einval, Ask(Msix, Bits.DataBool | Bits.ActionTrigger, 0, 2, data: [1]));
        Assert.Equal(Einval, Ask(Msix, Bits.DataBool | Bits.ActionTrigger, 0, 2, data: [1, 1, 1]));
        // What is no eventfd could make the server wait.
        Assert.Equal(Einval, Ask(Msix, Fd, descriptors: foreign));
        Assert.Equal(Einval, Ask(Msix, Fd, 0, 2, descriptors: [number, foreign]));
        // 17 are one too many, and 40 too.
        Assert.Equal(Einval, Ask(Msix, Fd, 0, 8, descriptors: [.. Enumerable.Repeat(number, 17)]));
        Assert.Equal(Einval, Ask(Msix, Fd, 0, 8, descriptors: [.. Enumerable.Repeat(number, 40)]));
        foreach (int command in new[] { Message.Version, MapDma, GetInfo, GetIrqInfo, Message.Read, Reset, 999 })
            _client.Ask(command, [], [number, number]);
        ServedFunction.HasDescriptors(before);
        Assert.Equal(0, Ask(Msix, Fd, 0, 8, descriptors: [.. Enumerable.Repeat(number, 8)]));
        ServedFunction.HasDescriptors(before + 8);
        Assert.Equal(0, Ask(Msix, Fd, 0, 3));
        ServedFunction.HasDescriptors(before + 5);
    }

    [Fact]
    public void Lengths_that_no_message_has_are_refused_and_the_next_message_is_understood()
    {
        foreach (int size in new[] { 0, 1, 15 })
            Assert.Equal(Einval, _client.AskRaw(Of(SetIrqs, [], size: size)).Error);
        // What was announced is skipped, however long it is.
        byte[] tooLong = Of(Message.Write, AccessBody(0, 0, 200_000, new byte[200_000]));
        Assert.Equal(Einval, _client.AskRaw(tooLong).Error);
        Assert.Equal([16, 3, 9, 5], _client.Ask(GetInfo, Words(16, 0, 0, 0)).Words);
        Assert.Equal(Einval, _client.AskRaw(Of(Message.Write, [], size: -1)).Error);
    }
}
