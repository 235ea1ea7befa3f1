using Wirq.Events;
using Wirq.Host;
using Wirq.Lab.Kernels;
using Wirq.Routing;

namespace Wirq.Lab.Tests.Kernels;

public sealed class SimulatedHostBuilderTests
{
    private static readonly FabricOptions s_options = FabricOptions.Pc() with { Pic = null };

    [Fact]
    public void A_device_is_served_by_the_simulated_kernel_alone_after_its_first_interrupt()
    {
        LockedKernel? kernel = null;
        using HostMachine machine = new FabricHostBuilder(s_options).UseSimulatedKernel(given => (kernel = given).Do(chips => chips.EnableApic(0))).Build();
        Assert.Same(kernel, machine.Kernel);
        Assert.Equal((48, false), (machine.Host.Options.Routing!.Kernel!.ReservedGsis, machine.Host.Options.Routing.Kernel.ConsumesFirst));
        EventFd wants = machine.CreateEventFd();
        using Virq nic = machine.Host.Register("nic", 0, wants);
        nic.SetMessage(Msi.Encode(InterruptMessage.Create(0x51, DeliveryMode.Fixed, 0)));
        kernel!.WriteByDevice(wants);
        Assert.True(SpinWait.SpinUntil(() => nic.State == VirqState.Hot, TimeSpan.FromSeconds(30)));
        Assert.Equal(0x51, kernel.Do(chips => chips.Take(0)));
        kernel.Do(chips => chips.Eoi(0));
        kernel.WriteByDevice(wants);
        Assert.Equal(0x51, kernel.Do(chips => chips.Take(0)));
    }

    [Fact]
    public void What_is_thrown_on_the_polls_thread_ends_the_poll_and_is_thrown_in_the_end()
    {
        using var observer = new Thrower();
        LockedKernel? kernel = null;
        HostMachine machine = new FabricHostBuilder(s_options).UseSimulatedKernel(given => kernel = given).Observe(observer).Build();
        EventFd wants = machine.CreateEventFd();
        Virq nic = machine.Host.Register("nic", 0, wants);
        nic.SetMessage(Msi.Encode(InterruptMessage.Create(0x51, DeliveryMode.Fixed, 0)));
        kernel!.WriteByDevice(wants);
        Assert.True(observer.Threw.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal("the observer", Assert.Throws<InvalidDataException>(machine.Dispose).Message);
        machine.Dispose();
    }

    [Fact]
    public void Wrong_options_are_refused_at_once()
    {
        var builder = new FabricHostBuilder(s_options);
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.UseSimulatedKernel(eventFds: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.UseSimulatedKernel(eventFds: SimulatedEventFds.MaxCapacity + 1));
        Assert.Equal("Cpus", Assert.Throws<OptionException>(() => builder.UseSimulatedKernel(options: new() { Cpus = 0 })).Field);
        builder.UseSimulatedKernel();
        Assert.Throws<InvalidOperationException>(() => builder.UseSimulatedKernel());
        builder.Build().Dispose();
    }

    [Fact]
    public void A_kernel_that_reserves_too_few_GSIs_is_named()
    {
        FabricHostBuilder builder = new FabricHostBuilder(s_options).UseSimulatedKernel(options: new() { ReservedGsis = 24 });
        Assert.Equal("Routing.Kernel.ReservedGsis", Assert.Throws<OptionException>(builder.Build).Field);
    }

    private sealed class Thrower : IEventObserver, IDisposable
    {
        internal ManualResetEventSlim Threw { get; } = new();

        public bool Observes(in Event happened) => happened.Kind == EventKind.VirqTriggered && !Threw.IsSet;

        public void Observe(in Event happened)
        {
            Threw.Set();
            throw new InvalidDataException("the observer");
        }

        public void Dispose() => Threw.Dispose();
    }
}
