using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Linux.Tests.Kvm;

public class KvmKernelPortTests
{
    private const int Gsi = 24;

    [Fact]
    public void A_split_machine_has_its_limits() => RunPort((port, vm, _) =>
    {
        Assert.Equal(vm.RouteLimit, port.Limits.Routes);
        Assert.Equal(24, port.Limits.ReservedGsis);
        Assert.True(port.Limits.HasIrqfd);
        Assert.False(port.Limits.OwnsIoApic);
    });

    [Fact]
    public void What_is_written_to_a_bound_eventfd_reaches_IRR_and_no_reader() => RunPort((port, _, vcpu) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        port.Commit([Route(Gsi, 0x41)]);
        port.Bind(Gsi, trigger, EventFd.None);
        trigger.Write();
        Assert.Equal([0x41], vcpu.Irr());
        // The limit and the trial that it was learnt by must agree.
        Assert.Equal(!port.Limits.ConsumesFirst, trigger.IsReadable);
    });

    [Fact]
    public void What_is_written_after_unbinding_stays() => RunPort((port, _, vcpu) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        port.Commit([Route(Gsi, 0x41)]);
        port.Bind(Gsi, trigger, EventFd.None);
        port.Unbind(Gsi, trigger);
        trigger.Write();
        Assert.Empty(vcpu.Irr());
        Assert.True(trigger.TryRead(out ulong count));
        Assert.Equal(1ul, count);
    });

    [Fact]
    public void What_was_pending_is_injected_when_it_is_bound_and_gone_when_it_is_unbound() => RunPort((port, _, vcpu) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        port.Commit([Route(Gsi, 0x41)]);
        trigger.Write();
        port.Bind(Gsi, trigger, EventFd.None);
        Assert.True(KvmHost.Soon(() => vcpu.Irr().Length > 0));
        port.Unbind(Gsi, trigger);
        Assert.False(trigger.IsReadable);
    });

    [Fact]
    public void A_commit_replaces_the_whole_table() => RunPort((port, _, vcpu) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        port.Commit([Route(Gsi, 0x41), Route(Gsi + 1, 0x42)]);
        port.Bind(Gsi, trigger, EventFd.None);
        port.Commit([Route(Gsi, 0x51)]);
        trigger.Write();
        Assert.Equal([0x51], vcpu.Irr());
        port.Commit([]);
        vcpu.ClearIrr();
        trigger.Write();
        Assert.Empty(vcpu.Irr());
    });

    [Fact]
    public void A_level_route_makes_a_level_interrupt() => RunPort((port, _, vcpu) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        port.Commit([new KernelRoute(3, InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0, level: true))]);
        port.Bind(3, trigger, EventFd.None);
        trigger.Write();
        vcpu.GetLapic(out LapicState state);
        Assert.Equal([0x41], state.VectorsIn(ApicRegister.TriggerMode));
    });

    [Fact]
    public void A_signal_says_whether_it_was_taken() => RunPort((port, _, vcpu) =>
    {
        Assert.True(port.Signal(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0)));
        Assert.False(port.Signal(InterruptMessage.Create(0x42, DeliveryMode.Fixed, 5)));
        Assert.Equal([0x41], vcpu.Irr());
    });

    [Fact]
    public void A_destination_that_the_format_cannot_name_is_nobodys() => RunPort((port, _, vcpu) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        // Cut to eight bits, either would name vCPU 0.
        InterruptMessage far = InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0x100);
        Assert.False(port.Signal(far));
        port.Commit([new KernelRoute(Gsi, far), Route(Gsi + 1, 0x42)]);
        port.Bind(Gsi, trigger, EventFd.None);
        trigger.Write();
        Assert.Empty(vcpu.Irr());
    });

    [Fact]
    public void With_ids_of_32_bits_a_far_destination_is_named() => KvmHost.Run(system =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        using KvmVm vm = system.CreateVm();
        vm.CreateSplitIrqChip();
        vm.EnableX2ApicApi(X2ApicApi.Use32BitIds | X2ApicApi.DisableBroadcastQuirk);
        KvmVcpu near = KvmHost.Enabled(vm, 0), far = vm.CreateVcpu(0x100);
        far.WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        using var port = new KvmKernelPort(vm);
        port.Commit([new KernelRoute(Gsi, InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0x100))]);
        port.Bind(Gsi, trigger, EventFd.None);
        trigger.Write();
        Assert.Equal([0x41], far.Irr());
        Assert.Empty(near.Irr());
    });

    [Fact]
    public void An_eventfd_has_one_irqfd_in_all_machines() => KvmHost.Run(system =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        using KvmVm first = system.CreateVm(), second = system.CreateVm();
        first.CreateSplitIrqChip();
        second.CreateSplitIrqChip();
        KvmVcpu taker = KvmHost.Enabled(first, 0), other = KvmHost.Enabled(second, 0);
        using KvmKernelPort one = new(first), two = new(second);
        one.Commit([Route(Gsi, 0x41)]);
        two.Commit([Route(Gsi, 0x51)]);
        one.Bind(Gsi, trigger, EventFd.None);
        AssertBusy(one, Gsi + 1);
        trigger.Write();
        Assert.Equal([0x41], taker.Irr());
        Assert.Empty(other.Irr());
        one.Unbind(Gsi, trigger);
        two.Bind(Gsi, trigger, EventFd.None);
        trigger.Write();
        Assert.Equal([0x51], other.Irr());

        void AssertBusy(KvmKernelPort port, int gsi)
        {
            KernelException error = Assert.Throws<KernelException>(() => port.Bind(gsi, trigger, EventFd.None));
            Assert.Equal(("KVM_IRQFD", 16, gsi), (error.Call, error.Errno, error.Gsi));
            Assert.Contains("unbind that one first", error.Message, StringComparison.Ordinal);
        }
    });

    [Fact]
    public void What_is_no_eventfd_is_refused_with_its_GSI() => RunPort((port, _, _) =>
    {
        KernelException error = Assert.Throws<KernelException>(() => port.Bind(Gsi, new EventFd(100_000), EventFd.None));
        Assert.Equal(("KVM_IRQFD", 9, Gsi), (error.Call, error.Errno, error.Gsi));
        Assert.Contains("EBADF", error.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void A_full_machine_keeps_its_pins_beside_the_routes() => KvmHost.Run(system =>
    {
        using EventFdHandle trigger = EventFdHandle.Create(), resample = EventFdHandle.Create();
        using KvmVm vm = system.CreateVm();
        vm.CreateIrqChip();
        KvmVcpu vcpu = KvmHost.Enabled(vm, 0);
        using var port = new KvmKernelPort(vm);
        Assert.True(port.Limits.OwnsIoApic);
        Assert.Equal(0, port.Limits.ReservedGsis);
        Assert.Equal(vm.RouteLimit - 40, port.Limits.Routes);
        KvmIoApicState ioApic = vm.GetIoApic();
        foreach (int pin in (int[])[10, 11, 20])
            ioApic.Entries[pin] = RedirectionEntry.Create((byte)(0x60 + pin), 0, level: pin != 11);
        vm.SetIoApic(ioApic);

        port.Commit([Route(11, 0x41), Route(Gsi, 0x42)]);
        port.Bind(10, trigger, resample);
        trigger.Write();
        Assert.True(KvmHost.Soon(() => vcpu.Irr().Length == 1));
        vm.SetIrqLine(20, true);
        vm.SetIrqLine(Gsi, true);
        // The route has taken the place of the pin.
        vm.SetIrqLine(11, true);
        Assert.Equal([0x41, 0x42, 0x6A, 0x74], vcpu.Irr());
        port.Unbind(10, trigger);
    });

    [Fact]
    public void Without_an_irqchip_there_is_no_port() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        Assert.Throws<InvalidOperationException>(() => new KvmKernelPort(vm));
    });

    [Fact]
    public void Disposing_it_lets_go_of_what_is_bound() => KvmHost.RunSplit((vm, vcpu) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        EventFdHandle closed = EventFdHandle.Create();
        using (var port = new KvmKernelPort(vm))
        {
            port.Commit([Route(Gsi, 0x41)]);
            port.Bind(Gsi, trigger, EventFd.None);
            port.Bind(Gsi + 1, closed, EventFd.None);
            closed.Dispose();
        }
        trigger.Write();
        Assert.True(trigger.IsReadable);
        Assert.Empty(vcpu.Irr());
    });

    [Fact]
    public void An_ExtINT_waits_in_the_vCPU_that_it_was_given_to() => RunPort((port, _, vcpu) =>
    {
        port.RaiseExtInt(0, 0x20);
        Assert.Throws<KernelException>(() => vcpu.Interrupt(0x21));
        Assert.Throws<ArgumentOutOfRangeException>(() => port.RaiseExtInt(1, 0x20));
    });

    [Fact]
    public void With_a_poll_that_sees_each_write_once_a_bound_eventfd_may_stay_in_it() => RunPort((port, _, vcpu) =>
    {
        Assert.SkipUnless(port.Limits.ConsumesFirst, "this kernel lets pollers see what it consumes");
        const int writes = 1000;
        int told = 0;
        using EventFdHandle trigger = EventFdHandle.Create();
        using var loop = new EpollLoop(_ => Interlocked.Increment(ref told), new() { EdgeTriggered = port.Limits.ConsumesFirst });
        loop.Watch(trigger, 1);
        port.Commit([Route(Gsi, 0x41)]);
        port.Bind(Gsi, trigger, EventFd.None);
        for (int i = 0; i < writes; i++)
        {
            trigger.Write();
            Assert.Equal([0x41], vcpu.Irr());
            if (i % 100 == 0)
                vcpu.ClearIrr();
        }
        Assert.Equal(0, Volatile.Read(ref told));
        port.Unbind(Gsi, trigger);
        trigger.Write();
        Assert.True(KvmHost.Soon(() => Volatile.Read(ref told) == 1), "unbound, it is told of");
    });

    [Fact]
    public void Commit_bind_and_signal_allocate_nothing() => RunPort((port, _, vcpu) =>
    {
        using EventFdHandle trigger = EventFdHandle.Create();
        KernelRoute[] routes = [.. Enumerable.Range(0, 200).Select(gsi => Route(gsi, 0x41))];
        InterruptMessage taken = InterruptMessage.Create(0x42, DeliveryMode.Fixed, 0), lost = InterruptMessage.Create(0x43, DeliveryMode.Fixed, 7);
        int signals = 0;
        void Round()
        {
            port.Commit(routes);
            port.Bind(Gsi, trigger, EventFd.None);
            trigger.Write();
            port.Unbind(Gsi, trigger);
            signals += port.Signal(taken) ? 1 : 0;
            signals += port.Signal(lost) ? 1 : 0;
        }
        int rounds = 0;
        Assert.Equal(0, Allocations.Of(100, () =>
        {
            Round();
            rounds++;
        }));
        Assert.Equal(rounds, signals);
        Assert.Equal([0x41, 0x42], vcpu.Irr());
    });

    private static KernelRoute Route(int gsi, byte vector) => new(gsi, InterruptMessage.Create(vector, DeliveryMode.Fixed, 0));

    private static void RunPort(Action<KvmKernelPort, KvmVm, KvmVcpu> test) => KvmHost.RunSplit((vm, vcpu) =>
    {
        using var port = new KvmKernelPort(vm);
        test(port, vm, vcpu);
    });
}
