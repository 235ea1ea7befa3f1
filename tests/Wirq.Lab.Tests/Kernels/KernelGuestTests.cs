using Wirq.Events;
using Wirq.Lab.Kernels;

namespace Wirq.Lab.Tests.Kernels;

/// <summary>What a world uses of a simulated kernel besides its ports: CR8, the interrupt window, and signals to
/// CPUs.</summary>
public class KernelGuestTests
{
    [Fact]
    public void CR8_is_the_upper_half_of_the_task_priority()
    {
        SimulatedKernel kernel = Host.Split().Kernel;
        Assert.True(kernel.TryWriteCr8(0, 4));
        Assert.Equal(4, kernel.ReadCr8(0));
        Assert.Equal(0x40u, kernel.ReadApic(0, ApicRegister.TaskPriority));
        Assert.False(kernel.TryWriteCr8(0, 16));
    }

    [Fact]
    public void The_window_is_closed_while_LINT0_is_masked_or_a_vector_waits()
    {
        SimulatedKernel kernel = Host.Split().Kernel;
        kernel.WriteApic(0, ApicRegister.Lint0, 0x10000);
        Assert.False(kernel.AcceptsExtInt(0));
        kernel.WriteApic(0, ApicRegister.Lint0, 0x700);
        Assert.True(kernel.AcceptsExtInt(0));
        kernel.RaiseExtInt(0, 0x20);
        Assert.False(kernel.AcceptsExtInt(0));
        Assert.Equal(0x20, kernel.Take(0));
        Assert.True(kernel.AcceptsExtInt(0));
    }

    [Fact]
    public void What_a_CPU_is_sent_besides_vectors_is_told()
    {
        SimulatedKernel kernel = Host.Split().Kernel;
        kernel.Observer = new EventBuffer { Observing = true };
        kernel.Signal(InterruptMessage.Create(0, DeliveryMode.Nmi, 0));
        var kinds = new List<EventKind>();
        while (kernel.Observer.TryTake(out Event told))
            kinds.Add(told.Kind);
        Assert.Contains(EventKind.CpuNmi, kinds);
        Assert.Equal(CpuSignals.Nmi, kernel.TakeSignals(0));
    }
}
