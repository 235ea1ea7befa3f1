using Wirq.Host;
using Wirq.Lab.Kernels;
using Wirq.Remapping;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Tests.Snapshots;

/// <summary>A machine goes on in another host, over another kernel: nothing is lost, and nothing comes twice.</summary>
public sealed class LiveUpdateTests
{
    private static readonly FabricOptions s_options = FabricOptions.Pc() with
    {
        Pic = null,
        Routing = new RoutingOptions { Virqs = 8, BatchDelay = 0, Kernel = new KernelLimits { Routes = 64, ReservedGsis = 48 } },
    };

    private readonly StateArena _arena = new();
    private readonly SimulatedEventFds _fds;
    private readonly Side _old, _new;

    public LiveUpdateTests()
    {
        _fds = new SimulatedEventFds(16, _arena);
        (_old, _new) = (new Side(_fds, _arena), new Side(_fds, _arena));
        _old.Kernel.EnableApic(0);
    }

    [Theory]
    [InlineData("hot", false)]
    [InlineData("hot", true)]
    [InlineData("cold", true)]
    [InlineData("masked", true)]
    [InlineData("parked", true)]
    public void A_trigger_before_in_and_after_an_update_is_delivered_once(string state, bool saved)
    {
        EventFd wants = _fds.Create();
        Virq nic = _old.Host.Register("nic", 0, wants);
        nic.SetMessage(Message(0x51));
        if (state is "hot" or "parked")
        {
            _fds.WriteByDevice(wants);
            _old.Run();
            Assert.Equal(VirqState.Hot, nic.State);
            Assert.Equal(0x51, _old.TakeAndEnd());
        }
        bool masked = state is "masked" or "parked";
        if (masked)
            nic.Mask();

        // Before: it fires into the old kernel, or stays in the eventfd.
        _fds.WriteByDevice(wants);
        if (state == "cold")
            _old.Run();
        _old.Host.Suspend();
        // In between: it stays in the eventfd.
        if (saved)
            _fds.WriteByDevice(wants);
        byte[] snapshot = _old.Host.Save();
        if (!saved)
            _fds.WriteByDevice(wants);
        _new.Kernel.RestoreCpus(_old.Kernel);
        _old.Kernel.Release();
        _new.Host.Restore(snapshot);
        Virq again = _new.Host.VirqAt(nic.Handle.Slot);
        Assert.Equal("nic", again.Label);

        if (!masked)
        {
            // The one from before was injected into the old kernel, and went with its CPU.
            Assert.Equal(0x51, _new.TakeAndEnd());
            Assert.Equal(-1, _new.Kernel.Take(0));
        }
        _new.Host.Resume();
        _new.Run();
        if (masked)
        {
            Assert.True(again.IsPending);
            Assert.Equal(-1, _new.Kernel.Take(0));
            again.Unmask();
            _new.Run();
        }
        Assert.Equal(0x51, _new.TakeAndEnd());
        Assert.Equal(-1, _new.TakeAndEnd());
        _fds.WriteByDevice(wants);
        _new.Run();
        Assert.Equal(0x51, _new.TakeAndEnd());
        Assert.Equal(-1, _new.TakeAndEnd());
    }

    [Fact]
    public void A_save_before_the_suspension_loses_what_fires_in_between()
    {
        EventFd wants = _fds.Create();
        Virq nic = HotNic(wants);
        byte[] snapshot = _old.Host.Save();
        _new.Kernel.RestoreCpus(_old.Kernel);
        _fds.WriteByDevice(wants);
        _old.Host.Suspend();
        _old.Kernel.Release();
        _new.Host.Restore(snapshot);
        _new.Host.Resume();
        _new.Run();
        Assert.Equal(-1, _new.TakeAndEnd());
        Assert.Equal(VirqState.Hot, _new.Host.VirqAt(nic.Handle.Slot).State);
    }

    [Fact]
    public void A_stale_virq_keeps_its_GSI_and_translates_again()
    {
        EventFd wants = _fds.Create();
        Virq nic = HotNic(wants);
        nic.SetMessage(Message(0x52));
        Assert.Equal(VirqState.Stale, nic.State);
        int gsi = nic.Gsi;
        Update();
        Virq again = _new.Host.VirqAt(nic.Handle.Slot);
        Assert.Equal((VirqState.Stale, gsi), (again.State, again.Gsi));
        _fds.WriteByDevice(wants);
        _new.Run();
        Assert.Equal(0x52, _new.TakeAndEnd());
        Assert.Equal(VirqState.Hot, again.State);
    }

    [Fact]
    public void A_level_interrupt_in_service_ends_in_the_new_machine_and_comes_again_while_its_line_is_held()
    {
        HostSource disk = _old.Host.Connect(5, "disk");
        _old.Host.Do(fabric => fabric.IoApics[0].WriteEntry(5, RedirectionEntry.Create(0x61, 0, level: true), fabric.Events));
        disk.Raise();
        _old.Run();
        Assert.Equal(0x61, _old.Kernel.Take(0));
        Update();
        int acks = 0;
        HostSource again = _new.Host.SourceAt(disk.Slot, () => acks++);
        Assert.Equal(-1, _new.Kernel.Take(0));
        _new.Kernel.Eoi(0);
        _new.Run();
        Assert.Equal(1, acks);
        Assert.Equal(0x61, _new.Kernel.Take(0));
        again.Lower();
        _new.Kernel.Eoi(0);
        _new.Run();
        Assert.Equal(2, acks);
        Assert.Equal(-1, _new.Kernel.Take(0));
    }

    [Fact]
    public void An_update_that_fails_leaves_the_old_side_to_go_on()
    {
        EventFd wants = _fds.Create();
        Virq nic = HotNic(wants);
        _old.Host.Suspend();
        _ = _old.Host.Save();
        _fds.WriteByDevice(wants);
        _old.Run();
        Assert.Equal(-1, _old.Kernel.Take(0));
        _old.Host.Resume();
        _old.Run();
        Assert.Equal(0x51, _old.TakeAndEnd());
        Assert.Equal(-1, _old.TakeAndEnd());
        Assert.Equal(VirqState.Hot, nic.State);
    }

    [Fact]
    public void A_virq_that_is_triggered_by_hand_while_suspended_keeps_one_interrupt()
    {
        Virq timer = _old.Host.Register("timer", 0);
        timer.SetMessage(Message(0x71));
        _old.Host.Suspend();
        timer.Trigger();
        timer.Trigger();
        Assert.Equal(-1, _old.Kernel.Take(0));
        byte[] snapshot = _old.Host.Save();
        _new.Kernel.RestoreCpus(_old.Kernel);
        _new.Host.Restore(snapshot);
        _new.Host.Resume();
        _new.Run();
        Assert.Equal(0x71, _new.TakeAndEnd());
        Assert.Equal(-1, _new.TakeAndEnd());
    }

    [Fact]
    public void A_function_gets_its_table_and_its_virqs_again()
    {
        var table = new MsixTable(2);
        EventFd[] wants = [_fds.Create(), _fds.Create()];
        using var nic = new MessageFunction(_old.Host, table, "nic", 0, vector => wants[vector]);
        table.WriteControl(1 << 15);
        table.Write(16, 8, 0xFEE00000);
        table.Write(24, 8, 0x81);
        nic.AllChanged();
        _fds.WriteByDevice(wants[0]);
        Assert.Equal(1ul, nic.Pending(0));
        Update();

        var restored = new MsixTable(2);
        Assert.Throws<ArgumentException>(() => MessageFunction.Restored(_new.Host, new MsixTable(3), "nic"));
        using MessageFunction again = MessageFunction.Restored(_new.Host, restored, "nic");
        Assert.Throws<ArgumentException>(() => MessageFunction.Restored(_new.Host, restored, "nic"));
        Assert.Equal((table.Control, 0x81ul), (restored.Control, restored.Read(24, 4)));
        Assert.Equal(1ul, again.Pending(0));
        _fds.WriteByDevice(wants[1]);
        _new.Run();
        Assert.Equal(0x81, _new.TakeAndEnd());
    }

    [Fact]
    public void Eventfds_get_the_numbers_of_the_new_process()
    {
        EventFd wants = _fds.Create();
        Virq nic = HotNic(wants);
        _old.Host.Suspend();
        byte[] snapshot = _old.Host.Save();
        EventFd moved = _fds.Duplicate(wants);
        _new.Kernel.RestoreCpus(_old.Kernel);
        _new.Host.Restore(snapshot, fd => fd == wants ? moved : fd);
        _new.Host.Resume();
        _new.Run();
        Assert.Equal(moved, _new.Host.Do(fabric => fabric.RouteCache!.TriggerOf(fabric.VirqAt(nic.Handle.Slot))));
        _fds.WriteByDevice(moved);
        _new.Run();
        Assert.Equal(0x51, _new.TakeAndEnd());
    }

    private Virq HotNic(EventFd wants)
    {
        Virq nic = _old.Host.Register("nic", 0, wants);
        nic.SetMessage(Message(0x51));
        _fds.WriteByDevice(wants);
        _old.Run();
        Assert.Equal(0x51, _old.TakeAndEnd());
        Assert.Equal(VirqState.Hot, nic.State);
        return nic;
    }

    private void Update()
    {
        _old.Host.Suspend();
        byte[] snapshot = _old.Host.Save();
        _new.Kernel.RestoreCpus(_old.Kernel);
        _old.Kernel.Release();
        _new.Host.Restore(snapshot);
        _new.Host.Resume();
        _new.Run();
    }

    private static Msi Message(byte vector) => Msi.Encode(InterruptMessage.Create(vector, DeliveryMode.Fixed, 0));

    /// <summary>A host and its kernel. One thread does what the kernel's work queue, the poll and the CPU's thread
    /// do.</summary>
    private sealed class Side
    {
        private readonly SimulatedEventFds _fds;
        // Each host has a poll of its own: which virq it asked to watch by which eventfd.
        private readonly OwnPoll _poll;

        internal Side(SimulatedEventFds fds, StateArena arena)
        {
            _fds = fds;
            _poll = new OwnPoll(fds);
            Kernel = new SimulatedKernel(new SimulatedKernelOptions { Routes = 64, ReservedGsis = 48 }, fds, arena);
            Host = new FabricHost(new Fabric(s_options), new FabricPorts { Kernel = Kernel, EventFds = _poll });
        }

        internal SimulatedKernel Kernel { get; }
        internal FabricHost Host { get; }

        internal void Run()
        {
            for (bool moved = true; moved;)
            {
                moved = Kernel.RunPendingWork();
                while (Kernel.TryTakeExit(out int cpu, out byte vector))
                {
                    Host.Eoi(cpu, vector);
                    moved = true;
                }
                foreach ((EventFd fd, int token) in _poll.Watched.ToArray())
                {
                    if (!_fds.IsReadable(fd))
                        continue;
                    Host.EventArrived(token);
                    moved |= !_fds.IsReadable(fd);
                }
            }
        }

        internal int TakeAndEnd()
        {
            int vector = Kernel.Take(0);
            if (vector >= 0)
                Kernel.Eoi(0);
            Run();
            return vector;
        }
    }

    private sealed class OwnPoll(SimulatedEventFds fds) : IEventPort
    {
        internal Dictionary<EventFd, int> Watched { get; } = [];

        public void Watch(EventFd trigger, int token) => Watched.Add(trigger, token);
        public void Unwatch(EventFd trigger) => Watched.Remove(trigger);
        public bool Read(EventFd trigger) => fds.Read(trigger);
        public bool IsReadable(EventFd trigger) => fds.IsReadable(trigger);
        public void Write(EventFd fd) => fds.Write(fd);
    }
}
