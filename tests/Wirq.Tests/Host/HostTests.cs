using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>Many threads, one queue.</summary>
public sealed class HostTests : HostBench
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    [Fact]
    public void A_devices_first_interrupt_is_a_miss_and_then_the_kernel_has_it()
    {
        using Virq virq = Message(0x41, Trigger);
        Kernel.Take();
        Host.EventArrived(Kernel.DeviceWrites(Trigger));
        Assert.Equal(["read 7", "signal 0x41", "unwatch 7", "commit 1", "bind 7 to 48"], Kernel.Take());
        Assert.Equal(VirqState.Hot, virq.State);
        virq.Mask();
        Assert.Equal(["unbind 7"], Kernel.Take());
        Kernel.DeviceWrites(Trigger);
        Assert.True(virq.IsPending);
        virq.Unmask();
        Assert.Equal(["bind 7 to 48"], Kernel.Take());
        virq.Dispose();
        Assert.Equal(["unbind 7"], Kernel.Take());
        Assert.Empty(Host.Explain());
    }

    [Fact]
    public async Task A_mask_returns_after_the_kernel_has_let_go_whoever_drains()
    {
        using Virq slow = Message(0x41, null), virq = Message(0x42, Trigger);
        Host.EventArrived(Kernel.DeviceWrites(Trigger));
        using var entered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Kernel.Before = call =>
        {
            if (call != "signal 0x41")
                return;
            entered.Set();
            Assert.True(go.Wait(Patience));
        };
        Task drains = Task.Run(slow.Trigger, TestContext.Current.CancellationToken);
        Assert.True(entered.Wait(Patience, TestContext.Current.CancellationToken));
        Task masks = Task.Run(virq.Mask, TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(masks.IsCompleted);
        Assert.DoesNotContain("unbind 7", Kernel.Log);
        go.Set();
        await Task.WhenAll(drains, masks).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Contains("unbind 7", Kernel.Log);
    }

    [Fact]
    public async Task A_save_waits_for_a_drain_whose_observer_is_told_of_the_rest()
    {
        using var told = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var observer = new RestObserver(() =>
        {
            told.Set();
            // The save holds the lock by then, or waits for it.
            go.Wait(50);
        });
        var host = new FabricHost(new Fabric(FabricOptions.Pc()), new FabricPorts { Observer = observer });
        host.Do(fabric => fabric.Events.Observing = true);
        for (int i = 0; i < 3; i++)
        {
            told.Reset();
            Task drains = Task.Run(() => host.Connect(21, "disk"), TestContext.Current.CancellationToken);
            Assert.True(told.Wait(Patience, TestContext.Current.CancellationToken));
            Task<byte[]> saves = Task.Run(host.Save, TestContext.Current.CancellationToken);
            await Task.WhenAll(drains, saves).WaitAsync(Patience, TestContext.Current.CancellationToken);
            var other = new FabricHost(new Fabric(host.Options));
            other.Restore(await saves);
            Assert.Equal(await saves, other.Save());
        }
    }

    [Theory]
    [InlineData("read 7")]
    [InlineData("signal 0x41")]
    public void Whoever_takes_the_slot_of_a_disposed_virq_gets_none_of_its_interrupts(string during)
    {
        Virq virq = Message(0x41, Trigger), first = Message(0x41, null);
        Virq? next = null;
        Kernel.Before = call =>
        {
            if (call != during || next is not null)
                return;
            // Another one waits behind this one, and its virq is disposed of in the meantime.
            virq.Trigger();
            virq.Dispose();
            next = Host.RegisterOnLine("disk", 20, VirqKind.Edge);
            Assert.Equal(virq.Handle.Slot, next.Handle.Slot);
        };
        ProgramLevel(20, 0x51);
        if (during == "read 7")
            Host.EventArrived(Kernel.DeviceWrites(Trigger));
        else
            first.Trigger();
        Assert.NotNull(next);
        Assert.DoesNotContain(Kernel.Signalled, message => message.Vector == 0x51);
        next.Dispose();
        first.Dispose();
    }

    [Fact]
    public void What_was_read_of_a_virq_that_is_gone_is_not_the_next_owners()
    {
        Virq first = Message(0x41, Trigger);
        Virq? second = null;
        Kernel.Before = call =>
        {
            if (call != "read 7" || second is not null)
                return;
            // Between the read and its consequence, the device leaves and another gets its slot.
            first.Dispose();
            second = Message(0x42, Other);
        };
        Host.EventArrived(Kernel.DeviceWrites(Trigger));
        Assert.Equal(first.Handle.Slot, second!.Handle.Slot);
        Assert.Empty(Kernel.Signalled);
        second.Dispose();
    }

    [Fact]
    public void A_call_from_within_an_effect_only_queues()
    {
        Virq? other = null;
        int acknowledged = 0;
        using Virq line = Host.RegisterOnLine("disk", 20, acknowledged: () =>
        {
            acknowledged++;
            other!.Mask();
            other.Trigger();
        });
        other = Message(0x42, Trigger);
        ProgramLevel(20, 0x51);
        line.Trigger();
        Host.Eoi(0, 0x51);
        Assert.Equal(1, acknowledged);
        Assert.True(other.IsPending);
        other.Dispose();
    }

    [Fact]
    public void A_binding_that_the_kernel_refuses_names_itself_and_userspace_serves_the_virq()
    {
        using Virq virq = Message(0x41, Trigger);
        Kernel.Before = call =>
        {
            if (call.StartsWith("bind", StringComparison.Ordinal))
                throw new KernelException("KVM_IRQFD", 16, 48, "another irqfd has this eventfd");
        };
        int token = Kernel.DeviceWrites(Trigger);
        KernelException failure = Assert.Throws<KernelException>(() => Host.EventArrived(token));
        Assert.Equal(("KVM_IRQFD", 16, 48), (failure.Call, failure.Errno, failure.Gsi));
        Assert.Contains("EBUSY", failure.Message, StringComparison.Ordinal);
        Assert.Equal(VirqState.Warm, virq.State);
        Host.EventArrived(Kernel.DeviceWrites(Trigger));
        Assert.Equal(2, Kernel.Signalled.Count);
    }

    [Fact]
    public void A_commit_that_the_kernel_refuses_leaves_nobody_bound_and_loses_nothing()
    {
        using Virq virq = Message(0x41, Trigger);
        bool refuse = true;
        Kernel.Before = call =>
        {
            if (refuse && call.StartsWith("commit", StringComparison.Ordinal))
                throw new KernelException("KVM_SET_GSI_ROUTING", 12, -1, "free some memory");
        };
        Assert.Throws<KernelException>(() => Host.EventArrived(Kernel.DeviceWrites(Trigger)));
        Assert.DoesNotContain(Kernel.Log, call => call.StartsWith("bind", StringComparison.Ordinal));
        Assert.Equal(VirqState.Warm, virq.State);
        refuse = false;
        Host.EventArrived(Kernel.DeviceWrites(Trigger));
        Assert.Equal(VirqState.Hot, virq.State);
        Assert.Equal(2, Kernel.Signalled.Count);
    }

    [Fact]
    public void A_pins_route_that_the_kernel_refused_is_committed_before_its_next_message()
    {
        using Virq line = Host.RegisterOnLine("disk", 20);
        bool refuse = true;
        Kernel.Before = call =>
        {
            if (refuse && call.StartsWith("commit", StringComparison.Ordinal))
                throw new KernelException("KVM_SET_GSI_ROUTING", 12, -1, "free some memory");
        };
        Assert.Throws<KernelException>(() => ProgramLevel(20, 0x51));
        refuse = false;
        Kernel.Take();
        line.Trigger();
        // Without the route the kernel would never report the EOI.
        Assert.Equal(["commit 1", "signal 0x51"], Kernel.Take());
        Assert.Equal([(20, 0x51)], Routes());
    }

    [Fact]
    public void Whoever_observes_hears_when_nothing_is_in_flight()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.Events.Observing = true;
        var heard = new Recorder();
        var host = new FabricHost(fabric, PortsOf.One(heard));
        using HostSource source = host.Connect(4, "uart");
        heard.Kinds.Clear();
        source.Raise();
        Assert.Equal(EventKind.Rest, heard.Kinds[^1]);
        Assert.Contains(EventKind.LineChanged, heard.Kinds);
        Assert.Single(heard.Kinds, EventKind.Rest);
    }

    private sealed class Recorder : IEventObserver
    {
        internal List<EventKind> Kinds { get; } = [];
        public void Observe(in Event happened) => Kinds.Add(happened.Kind);
    }

    [Fact]
    public void A_level_pins_route_stands_before_its_message_and_the_old_one_stays_until_the_eoi()
    {
        using Virq line = Host.RegisterOnLine("disk", 20);
        ProgramLevel(20, 0x51);
        Assert.Equal([(20, 0x51)], Routes());
        line.Trigger();
        Assert.Equal("signal 0x51", Kernel.Take()[^1]);
        // While it is in service the guest moves it to another vector, masked first, as Linux does.
        ProgramLevel(20, 0x61, masked: true);
        Assert.Equal([(20, 0x51)], Routes());
        ProgramLevel(20, 0x61);
        Assert.Equal([(20, 0x61), (44, 0x51)], Routes());
        ProgramLevel(20, 0x71);
        Assert.Equal([(20, 0x71), (44, 0x51)], Routes());
    }

    [Fact]
    public void A_refused_level_stays_pending_and_is_tried_again_at_the_next_entry_write()
    {
        using Virq line = Host.RegisterOnLine("disk", 20);
        ProgramLevel(20, 0x51);
        Kernel.Accepts = false;
        line.Trigger();
        Assert.Empty(Kernel.Signalled);
        Kernel.Accepts = true;
        ProgramLevel(20, 0x51);
        Assert.Single(Kernel.Signalled);
    }

    [Fact]
    public void Reserved_gsis_for_twice_the_pins_are_demanded()
    {
        FabricOptions options = FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Kernel = new KernelLimits { ReservedGsis = 24 } },
        };
        OptionException failure = Assert.Throws<OptionException>(() => new Fabric(options));
        Assert.Contains("twice", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_kernel_owns_the_ioapic_a_line_is_bound_at_once_with_its_resample_eventfd()
    {
        var kernel = new FakeKernel { Limits = new KernelLimits { Routes = 64, ReservedGsis = 0, OwnsIoApic = true } };
        var host = new FabricHost(new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 8, BatchCount = 1, BatchDelay = 0, Kernel = kernel.Limits },
        }), PortsOf.One(kernel));
        Virq line = host.RegisterOnLine("disk", 20, trigger: Trigger, resample: Resample);
        Assert.Equal(["bind 7 to 20, resample 8"], kernel.Take());
        Assert.Equal((VirqState.Hot, 20), (line.State, line.Gsi));
        line.Trigger();
        Assert.Equal(["write 7"], kernel.Take());
        line.Mask();
        line.Unmask();
        Assert.Equal(["unbind 7", "bind 7 to 20, resample 8"], kernel.Take());
        using Virq message = host.Register("nic", 0x10, Other);
        message.SetMessage(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0)));
        host.EventArrived(kernel.DeviceWrites(Other));
        Assert.Equal("bind 6 to 24", kernel.Take()[^1]);
        line.Dispose();
        Assert.Equal(["unbind 7"], kernel.Take());
    }

    [Fact]
    public void Where_the_local_apics_are_here_a_virq_works_without_any_kernel()
    {
        var host = new FabricHost(new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 8 } }), new FabricPorts { EventFds = Kernel });
        host.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        using Virq virq = host.Register("device", 0x10, Trigger);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0)));
        host.EventArrived(Kernel.DeviceWrites(Trigger));
        Assert.Equal(0x41, host.Do(fabric => fabric.Take(0)));
        Assert.Equal(VirqState.Warm, virq.State);
    }

    private Virq Message(byte vector, EventFd? trigger)
    {
        Virq virq = Host.Register($"device 0x{vector:x2}", 0x10, trigger);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create(vector, DeliveryMode.Fixed, 0)));
        return virq;
    }

    private (int Gsi, int Vector)[] Routes() => [.. Kernel.Table.Select(row => (row.Gsi, (int)row.Message.Vector))];

    private sealed class RestObserver(Action rests) : IEventObserver
    {
        public bool Observes(in Event happened) => happened.Kind == EventKind.Rest;
        public void Observe(in Event happened) => rests();
    }
}
