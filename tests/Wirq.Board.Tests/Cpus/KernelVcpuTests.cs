using Wirq.Board.Cpus;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Cpus;

public sealed class KernelVcpuTests
{
    private const int ReadyAt = 12;
    private const byte AutomaticEoi = 3;

    /// <summary>With automatic EOI the second request stands as soon as the first is taken, and no write of the guest's
    /// brings the vCPU back.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void A_request_of_the_8259s_that_follows_another_has_its_window(int requests, bool window) => KvmHost.Run(system =>
    {
        using var memory = new BoardMemory(BoardMemory.MinBytes);
        using var board = new Board.Machine.Board(system, new BoardOptions { Configuration = DeliveryConfiguration.Split }, memory);
        foreach ((ushort port, byte value) in ((ushort, byte)[])[(0x20, 0x11), (0x21, 0x60), (0x21, 4), (0x21, AutomaticEoi), (0x21, 0)])
            Assert.True(board.Host.TryWritePort(0, port, 1, value));
        for (int irq = 3; irq < 3 + requests; irq++)
        {
            int line = irq;
            HostSource source = board.Host.Connect(board.Host.Do(fabric => fabric.Gsis.OfIsaIrq(line)), $"irq {line}");
            source.Raise();
        }
        var handler = (KernelVcpu)board.Handlers[0];
        KvmVcpu vcpu = board.Vm.Vcpus[0];
        vcpu.RunPage.AsSpan()[ReadyAt] = 1;
        handler.BeforeEntry(vcpu);
        Assert.Equal(window, vcpu.RequestInterruptWindow);
        Assert.False(vcpu.ReadyForInjection);
    });
}
