using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Linux.Tests.Kvm;

public sealed class KvmHostBuilderTests
{
    private static readonly FabricOptions s_options = FabricOptions.Pc() with { Pic = null };
    private static readonly Msi s_message = Msi.Encode(InterruptMessage.Create(0x51, DeliveryMode.Fixed, 0));

    [Fact]
    public void A_device_is_served_by_KVM_alone_after_its_first_interrupt() => KvmHost.Run(_ =>
    {
        KvmVcpu? vcpu = null;
        using HostMachine machine = new FabricHostBuilder(s_options).UseKvm(vm => vcpu = KvmHost.Enabled(vm, 0)).Build();
        Assert.IsType<KvmKernelPort>(machine.Kernel);
        Assert.Equal(machine.Kernel.Limits, machine.Host.Options.Routing!.Kernel);
        Assert.Equal(48, machine.Kernel.Limits.ReservedGsis);
        EventFd wants = machine.CreateEventFd();
        using Virq nic = machine.Host.Register("nic", 0, wants);
        nic.SetMessage(s_message);
        machine.EventFds.Write(wants);
        Assert.True(KvmHost.Soon(() => nic.State == VirqState.Hot));
        Assert.Equal([0x51], vcpu!.Irr());
        vcpu!.ClearIrr();
        machine.EventFds.Write(wants);
        Assert.True(KvmHost.Soon(() => vcpu!.Irr().SequenceEqual([0x51])));
    });

    [Fact]
    public void A_machine_of_KVM_that_was_given_stays_its_owners() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        new FabricHostBuilder(s_options).UseKvmVm(vm).Build().Dispose();
        Assert.Equal((KvmIrqChip.Split, 48, false), (vm.IrqChip, vm.ReservedGsis, vm.IsDisposed));
        Assert.Throws<OptionException>(() => new FabricHostBuilder(s_options with { IoApics = [new() { Pins = 25 }] }).UseKvmVm(vm).Build());
        Assert.False(vm.IsDisposed);
    });

    [Fact]
    public void All_goes_with_the_machine_and_where_building_fails()
    {
        KvmHost.Require().Dispose();
        KvmVm? made = null;
        HostMachine machine = new FabricHostBuilder(s_options).UseKvm(vm => made = vm).Build();
        Assert.False(made!.IsDisposed);
        machine.CreateEventFd();
        machine.Dispose();
        Assert.True(made.IsDisposed);
        Assert.Throws<InvalidDataException>(() => new FabricHostBuilder(s_options).UseKvm(vm =>
        {
            made = vm;
            throw new InvalidDataException();
        }).Build());
        Assert.True(made.IsDisposed);
    }

    [Fact]
    public void What_is_thrown_on_the_loops_thread_goes_to_the_handler_that_was_named() => KvmHost.Run(_ =>
    {
        using var failed = new ManualResetEventSlim();
        using HostMachine machine = new FabricHostBuilder(s_options).UseKvm(vm => KvmHost.Enabled(vm, 0), new() { HandlerFailed = _ => failed.Set() })
            .Observe(new Thrower()).Build();
        EventFd wants = machine.CreateEventFd();
        using Virq nic = machine.Host.Register("nic", 0, wants);
        nic.SetMessage(s_message);
        machine.EventFds.Write(wants);
        Assert.True(failed.Wait(TimeSpan.FromSeconds(30)));
    });

    [Fact]
    public void A_second_kernel_is_refused()
    {
        FabricHostBuilder builder = new FabricHostBuilder(s_options).UseKvm();
        Assert.Equal("the machine has a kernel already", Assert.Throws<InvalidOperationException>(() => builder.UseKvm()).Message);
        Assert.Throws<ArgumentNullException>(() => builder.UseKvmVm(null!));
    }

    private sealed class Thrower : IEventObserver
    {
        private bool _threw;

        public bool Observes(in Event happened) => happened.Kind == EventKind.VirqTriggered && !_threw;

        public void Observe(in Event happened)
        {
            _threw = true;
            throw new InvalidDataException();
        }
    }
}
