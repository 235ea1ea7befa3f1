using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>Many threads, one queue.</summary>
public sealed class HostTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly EventFd Trigger = new(7), Resample = new(8), OtherResample = new(9), Other = new(6);

    private readonly FakeKernel _kernel = new();
    private readonly FabricHost _host;

    public HostTests()
    {
        FabricOptions options = FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 64, BatchCount = 1, BatchDelay = 0, Kernel = _kernel.Limits },
            Pic = null,
        };
        _host = new FabricHost(new Fabric(options), PortsOf.One(_kernel));
    }

    [Fact]
    public void A_devices_first_interrupt_is_a_miss_and_then_the_kernel_has_it()
    {
        using Virq virq = Message(0x41, Trigger);
        _kernel.Take();
        _host.EventArrived(_kernel.DeviceWrites(Trigger));
        Assert.Equal(["read 7", "signal 0x41", "unwatch 7", "commit 1", "bind 7 to 48"], _kernel.Take());
        Assert.Equal(VirqState.Hot, virq.State);
        virq.Mask();
        Assert.Equal(["unbind 7"], _kernel.Take());
        _kernel.DeviceWrites(Trigger);
        Assert.True(virq.IsPending);
        virq.Unmask();
        Assert.Equal(["bind 7 to 48"], _kernel.Take());
        virq.Dispose();
        Assert.Equal(["unbind 7"], _kernel.Take());
        Assert.Empty(_host.Explain());
    }

    [Fact]
    public async Task A_mask_returns_after_the_kernel_has_let_go_whoever_drains()
    {
        using Virq slow = Message(0x41, null), virq = Message(0x42, Trigger);
        _host.EventArrived(_kernel.DeviceWrites(Trigger));
        using var entered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        _kernel.Before = call =>
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
        Assert.DoesNotContain("unbind 7", _kernel.Log);
        go.Set();
        await Task.WhenAll(drains, masks).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Contains("unbind 7", _kernel.Log);
    }

    [Theory]
    [InlineData("read 7")]
    [InlineData("signal 0x41")]
    public void Whoever_takes_the_slot_of_a_disposed_virq_gets_none_of_its_interrupts(string during)
    {
        Virq virq = Message(0x41, Trigger), first = Message(0x41, null);
        Virq? next = null;
        _kernel.Before = call =>
        {
            if (call != during || next is not null)
                return;
            // Another one waits behind this one, and its virq goes meanwhile.
            virq.Trigger();
            virq.Dispose();
            next = _host.RegisterOnLine("disk", 20, VirqKind.Edge);
            Assert.Equal(virq.Handle.Slot, next.Handle.Slot);
        };
        ProgramLevel(20, 0x51);
        if (during == "read 7")
            _host.EventArrived(_kernel.DeviceWrites(Trigger));
        else
            first.Trigger();
        Assert.NotNull(next);
        Assert.DoesNotContain(_kernel.Signalled, message => message.Vector == 0x51);
        next.Dispose();
        first.Dispose();
    }

    [Fact]
    public void What_was_read_of_a_virq_that_is_gone_is_not_the_next_owners()
    {
        Virq first = Message(0x41, Trigger);
        Virq? second = null;
        _kernel.Before = call =>
        {
            if (call != "read 7" || second is not null)
                return;
            // Between the read and what follows from it, the device leaves and another takes its slot.
            first.Dispose();
            second = Message(0x42, Other);
        };
        _host.EventArrived(_kernel.DeviceWrites(Trigger));
        Assert.Equal(first.Handle.Slot, second!.Handle.Slot);
        Assert.Empty(_kernel.Signalled);
        second.Dispose();
    }

    [Fact]
    public void A_call_from_within_an_effect_only_queues()
    {
        Virq? other = null;
        int acknowledged = 0;
        using Virq line = _host.RegisterOnLine("disk", 20, acknowledged: () =>
        {
            acknowledged++;
            other!.Mask();
            other.Trigger();
        });
        other = Message(0x42, Trigger);
        ProgramLevel(20, 0x51);
        line.Trigger();
        _host.Eoi(0, 0x51);
        Assert.Equal(1, acknowledged);
        Assert.True(other.IsPending);
        other.Dispose();
    }

    [Fact]
    public void An_eoi_is_heard_by_every_holder_of_the_line()
    {
        int heard = 0;
        using Virq first = _host.RegisterOnLine("disk", 20, resample: Resample, acknowledged: () => heard++);
        using Virq second = _host.RegisterOnLine("net", 20, resample: OtherResample);
        ProgramLevel(20, 0x51);
        first.Trigger();
        second.Trigger();
        Assert.Single(_kernel.Signalled);
        _kernel.Take();
        _host.Eoi(0, 0x51);
        Assert.Equal(["write 8", "write 9"], _kernel.Take());
        Assert.Equal(1, heard);
        first.Dispose();
        second.Trigger();
        _host.Eoi(0, 0x51);
        Assert.Equal(["signal 0x51", "write 9"], _kernel.Take());
    }

    [Fact]
    public void A_resample_eventfd_is_told_of_when_it_was_written_and_a_law_misses_one_that_was_not()
    {
        var options = FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 4, Kernel = _kernel.Limits }, Pic = null };
        var fabric = new Fabric(options);
        fabric.Events.Observing = true;
        var laws = new LawSet(options, fabric.Gsis, new StateArena(), [nameof(AckReachesAllSharers)]);
        var host = new FabricHost(fabric, PortsOf.One(_kernel) with { Observer = new Watcher(laws) });
        using Virq first = host.RegisterOnLine("disk", 20, resample: Resample);
        using Virq second = host.RegisterOnLine("net", 20, resample: OtherResample);
        host.TryWrite(0, 0xFEC00000, 4, 0x38);
        host.TryWrite(0, 0xFEC00010, 4, RedirectionEntry.Create(0x51, 0, level: true).Low);
        first.Trigger();
        host.Eoi(0, 0x51);
        laws.Observe(new Event(EventKind.Rest));
        Assert.Null(laws.Laws[0].Break);
        _kernel.Before = call =>
        {
            if (call == "write 9")
                throw new KernelException("write", 9, -1, "the eventfd was closed");
        };
        first.Trigger();
        Assert.Throws<KernelException>(() => host.Eoi(0, 0x51));
        laws.Observe(new Event(EventKind.Rest));
        Assert.Equal("source 1 is on GSI 20, and its resample eventfd was not written at the acknowledge", laws.Laws[0].Describe());
    }

    private sealed class Watcher(LawSet laws) : IEventObserver
    {
        public void Observe(in Event happened) => laws.Observe(happened);
    }

    [Fact]
    public void A_holder_that_still_wants_the_line_triggers_from_its_acknowledge()
    {
        Virq? line = null;
        int wants = 3;
        line = _host.RegisterOnLine("disk", 20, acknowledged: () =>
        {
            if (--wants > 0)
                line!.Trigger();
        });
        ProgramLevel(20, 0x51);
        line.Trigger();
        for (int i = 0; i < 5; i++)
            _host.Eoi(0, 0x51);
        Assert.Equal(3, _kernel.Signalled.Count);
        Assert.Equal(0, wants);
        line.Dispose();
    }

    [Fact]
    public void A_binding_that_the_kernel_refuses_names_itself_and_userspace_serves_the_virq()
    {
        using Virq virq = Message(0x41, Trigger);
        _kernel.Before = call =>
        {
            if (call.StartsWith("bind", StringComparison.Ordinal))
                throw new KernelException("KVM_IRQFD", 16, 48, "another irqfd has this eventfd");
        };
        int token = _kernel.DeviceWrites(Trigger);
        KernelException failure = Assert.Throws<KernelException>(() => _host.EventArrived(token));
        Assert.Equal(("KVM_IRQFD", 16, 48), (failure.Call, failure.Errno, failure.Gsi));
        Assert.Contains("EBUSY", failure.Message, StringComparison.Ordinal);
        Assert.Equal(VirqState.Warm, virq.State);
        _host.EventArrived(_kernel.DeviceWrites(Trigger));
        Assert.Equal(2, _kernel.Signalled.Count);
    }

    [Fact]
    public void A_commit_that_the_kernel_refuses_leaves_nobody_bound_and_loses_nothing()
    {
        using Virq virq = Message(0x41, Trigger);
        bool refuse = true;
        _kernel.Before = call =>
        {
            if (refuse && call.StartsWith("commit", StringComparison.Ordinal))
                throw new KernelException("KVM_SET_GSI_ROUTING", 12, -1, "free some memory");
        };
        Assert.Throws<KernelException>(() => _host.EventArrived(_kernel.DeviceWrites(Trigger)));
        Assert.DoesNotContain(_kernel.Log, call => call.StartsWith("bind", StringComparison.Ordinal));
        Assert.Equal(VirqState.Warm, virq.State);
        refuse = false;
        _host.EventArrived(_kernel.DeviceWrites(Trigger));
        Assert.Equal(VirqState.Hot, virq.State);
        Assert.Equal(2, _kernel.Signalled.Count);
    }

    [Fact]
    public void A_pins_route_that_the_kernel_refused_is_committed_before_its_next_message()
    {
        using Virq line = _host.RegisterOnLine("disk", 20);
        bool refuse = true;
        _kernel.Before = call =>
        {
            if (refuse && call.StartsWith("commit", StringComparison.Ordinal))
                throw new KernelException("KVM_SET_GSI_ROUTING", 12, -1, "free some memory");
        };
        Assert.Throws<KernelException>(() => ProgramLevel(20, 0x51));
        refuse = false;
        _kernel.Take();
        line.Trigger();
        // Without the route the kernel would never tell of the EOI.
        Assert.Equal(["commit 1", "signal 0x51"], _kernel.Take());
        Assert.Equal([(20, 0x51)], Routes());
    }

    [Fact]
    public void Many_threads_may_drive_sources_of_one_line()
    {
        const int gsi = 21, least = 20, most = 1_000_000, batch = 16;
        var options = FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 4, Kernel = _kernel.Limits }, Pic = null };
        var fabric = new Fabric(options);
        fabric.Events.Observing = true;
        var laws = new LawSet(options, fabric.Gsis, new StateArena());
        var watch = new LineWatch(gsi, laws);
        var host = new FabricHost(fabric, PortsOf.One(_kernel) with { Observer = watch });
        ProgramLevel(host, gsi, 0x52);
        int acks = 0;
        using HostSource first = host.Connect(gsi, "first", acknowledged: () => Interlocked.Increment(ref acks));
        using HostSource second = host.Connect(gsi, "second", acknowledged: () => Interlocked.Increment(ref acks));
        Thread[] threads = [.. new[] { first, second, first, second }.Select((source, number) => new Thread(() =>
        {
            // Until each has held the line alone and both together, each often enough: how a machine shares out its CPUs
            // decides how long that takes.
            for (int i = 0; i < most && watch.LeastOften < least; i++)
            {
                source.Set(((i + number) & 1) == 0);
                // To drive a line only queues: now and then a thread waits, or the queue would outgrow who drains it.
                if (i % batch == 0)
                    host.Do(static _ => { });
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        // All along, not only at the end: the line was the OR of the two, and no law broke.
        Assert.Null(watch.Wrong);
        Assert.True(watch.LeastOften >= least, $"only {watch.LeastOften} of {least}");
        Assert.All(laws.Laws, law => Assert.Null(law.Break));
        first.Raise();
        second.Raise();
        // Every message came of a line that both hold by now.
        Assert.All(_kernel.Signalled, message => Assert.Equal(0x52, message.Vector));
        acks = 0;
        host.Eoi(0, 0x52);
        Assert.Equal(2, acks);
        first.Lower();
        int before = _kernel.Signalled.Count;
        host.Eoi(0, 0x52);
        Assert.Equal(before + 1, _kernel.Signalled.Count);
        second.Dispose();
        host.Eoi(0, 0x52);
        Assert.Equal(before + 1, _kernel.Signalled.Count);
        second.Raise();
        Assert.Equal(before + 1, _kernel.Signalled.Count);
    }

    /// <summary>Holds each event of a line with two sources against their OR.</summary>
    private sealed class LineWatch(int gsi, LawSet laws) : IEventObserver
    {
        // By who holds it: nobody, the first, the second, both.
        private readonly int[] _changes = new int[4];
        private int _holders;
        private bool _asserted;

        internal string? Wrong { get; private set; }
        internal int LeastOften => _changes.Min();

        public void Observe(in Event happened)
        {
            laws.Observe(happened);
            if (happened.Gsi != gsi)
                return;
            int bit = 1 << happened.Source;
            switch (happened.Kind)
            {
                case EventKind.SourceRaised:
                    Check((_holders & bit) == 0, "a source rose twice");
                    _holders |= bit;
                    _changes[_holders]++;
                    break;
                case EventKind.SourceLowered:
                    Check((_holders & bit) != 0, "a source fell twice");
                    _holders &= ~bit;
                    _changes[_holders]++;
                    break;
                case EventKind.LineChanged:
                    Check(_asserted == (happened.A == 0), "a line changed to what it was");
                    _asserted = happened.A != 0;
                    Check(_asserted == (_holders != 0), $"the line is {_asserted}, and its holders are {_holders}");
                    break;
            }
        }

        private void Check(bool holds, string wrong) => Wrong ??= holds ? null : wrong;
    }

    [Fact]
    public void A_line_whose_chips_are_the_kernels_is_driven_there_as_the_or_of_its_sources()
    {
        var kernel = new FakeKernel { Limits = new() { OwnsIoApic = true, Routes = 64 } };
        var host = new FabricHost(
            new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Kernel = kernel.Limits } }), PortsOf.One(kernel));
        using HostSource disk = host.Connect(9, "disk"), net = host.Connect(9, "net");
        disk.Raise();
        net.Raise();
        disk.Lower();
        net.Lower();
        net.Pulse();
        Assert.Equal(["line 9 high", "line 9 low", "line 9 high", "line 9 low"], kernel.Take());
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
        using Virq line = _host.RegisterOnLine("disk", 20);
        ProgramLevel(20, 0x51);
        Assert.Equal([(20, 0x51)], Routes());
        line.Trigger();
        Assert.Equal("signal 0x51", _kernel.Take()[^1]);
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
        using Virq line = _host.RegisterOnLine("disk", 20);
        ProgramLevel(20, 0x51);
        _kernel.Accepts = false;
        line.Trigger();
        Assert.Empty(_kernel.Signalled);
        _kernel.Accepts = true;
        ProgramLevel(20, 0x51);
        Assert.Single(_kernel.Signalled);
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
        var host = new FabricHost(new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 8 } }), new FabricPorts { EventFds = _kernel });
        host.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        using Virq virq = host.Register("device", 0x10, Trigger);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0)));
        host.EventArrived(_kernel.DeviceWrites(Trigger));
        Assert.Equal(0x41, host.Do(fabric => fabric.Take(0)));
        Assert.Equal(VirqState.Warm, virq.State);
    }

    private Virq Message(byte vector, EventFd? trigger)
    {
        Virq virq = _host.Register($"device 0x{vector:x2}", 0x10, trigger);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create(vector, DeliveryMode.Fixed, 0)));
        return virq;
    }

    private void ProgramLevel(int pin, byte vector, bool masked = false) => ProgramLevel(_host, pin, vector, masked);

    private static void ProgramLevel(FabricHost host, int pin, byte vector, bool masked = false)
    {
        var entry = RedirectionEntry.Create(vector, 0, level: true, masked: masked);
        foreach ((uint index, uint value) in new[] { (0x11u + (uint)pin * 2, entry.High), (0x10u + (uint)pin * 2, entry.Low) })
        {
            host.TryWrite(0, 0xFEC00000, 4, index);
            host.TryWrite(0, 0xFEC00010, 4, value);
        }
    }

    private (int Gsi, int Vector)[] Routes() => [.. _kernel.Table.Select(row => (row.Gsi, (int)row.Message.Vector))];
}
