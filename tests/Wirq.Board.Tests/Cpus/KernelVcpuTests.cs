using Wirq.Board.Cpus;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Events;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Cpus;

public sealed class KernelVcpuTests
{
    private const int ExitReasonAt = 8, ReadyAt = 12, EoiVectorAt = 32;
    private const byte AutomaticEoi = 3, IoApicEoi = 26, Vector = 0x51;
    private const ulong IoApic = 0xFEC00000;

    /// <summary>With automatic EOI the second request is pending as soon as the first is taken, and no write of the
    /// guest makes the vCPU exit.</summary>
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

    /// <summary>Only the clock ends it: the guest waits.</summary>
    [Fact]
    public void The_brake_of_a_storm_is_released_in_time() => KvmHost.Run(system =>
    {
        const int pin = 20, mostEois = 20_000;
        int sent = 0, braked = 0, before = 0;
        using var memory = new BoardMemory(BoardMemory.MinBytes);
        var options = new BoardOptions
        {
            Configuration = DeliveryConfiguration.Split,
            Observe = _ => e =>
            {
                sent += e.Kind == EventKind.PinInjected ? 1 : 0;
                if (e.Kind != EventKind.StormBraked)
                    return;
                // The clock may end the brake before this test goes on.
                before = sent;
                braked++;
            },
        };
        using var board = new Board.Machine.Board(system, options, memory);
        KvmVcpu vcpu = board.Vm.Vcpus[0];
        vcpu.WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        board.Clock.Start((EpollLoop)board.Events);
        board.Host.TryWrite(0, IoApic, 4, 0x10 + 2 * pin);
        board.Host.TryWrite(0, IoApic + 0x10, 4, 0x8000 | Vector);
        board.Host.Connect(pin, "device").Raise();
        vcpu.RunPage.AsSpan()[ExitReasonAt] = IoApicEoi;
        vcpu.RunPage.AsSpan()[EoiVectorAt] = Vector;
        for (int eoi = 0; eoi < mostEois && Volatile.Read(ref braked) == 0; eoi++)
            Assert.Equal(VcpuNext.Enter, board.Handlers[0].Exited(vcpu, vcpu.Exit));
        Assert.Equal(1, Volatile.Read(ref braked));
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref sent) > before, TimeSpan.FromSeconds(5)), "the line stays braked");
    });
}
