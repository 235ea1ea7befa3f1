using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>A slot gets a new owner while an effect for its former owner is in progress: the new owner is not
/// affected.</summary>
public sealed class StaleSlotTests
{
    private static readonly EventFd Trigger = new(7), Resample = new(8), OtherResample = new(9);

    private readonly FakeKernel _kernel = new();
    private readonly List<Event> _seen = [];
    private readonly FabricHost _host;
    private readonly Fabric _fabric;

    public StaleSlotTests()
    {
        _fabric = new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 64, BatchCount = 1, BatchDelay = 0, Kernel = _kernel.Limits },
            Pic = null,
        });
        _fabric.Events.Observing = true;
        _host = new FabricHost(_fabric, PortsOf.One(_kernel) with { Observer = new Port(_seen) });
        var entry = RedirectionEntry.Create(0x51, 0, level: true);
        _host.TryWrite(0, 0xFEC00000, 4, 0x38);
        _host.TryWrite(0, 0xFEC00010, 4, entry.Low);
    }

    [Fact]
    public void A_fresh_source_hears_no_acknowledge_of_its_slots_former_owner()
    {
        HostSource? leaves = null, comes = null;
        int heard = 0, wrong = 0;
        using HostSource first = _host.Connect(20, "first", acknowledged: () =>
        {
            heard++;
            leaves!.Dispose();
            comes = _host.Connect(5, "fresh", acknowledged: () => wrong++);
        });
        leaves = _host.Connect(20, "leaves", acknowledged: () => wrong++);
        int slot = leaves.Source.Slot;
        first.Raise();
        _host.Eoi(0, 0x51);
        Assert.Equal(slot, comes!.Source.Slot);
        Assert.Equal((1, 0), (heard, wrong));
        comes.Dispose();
    }

    [Fact]
    public void A_fresh_virq_hears_no_acknowledge_of_its_slots_former_owner()
    {
        Virq? leaves = null, comes = null;
        int wrong = 0;
        using Virq first = _host.RegisterOnLine("first", 20, acknowledged: () =>
        {
            leaves!.Dispose();
            comes = _host.RegisterOnLine("fresh", 5, resample: OtherResample, acknowledged: () => wrong++);
        });
        leaves = _host.RegisterOnLine("leaves", 20, resample: Resample, acknowledged: () => wrong++);
        first.Trigger();
        _kernel.Take();
        _host.Eoi(0, 0x51);
        Assert.NotNull(comes);
        Assert.Equal(0, wrong);
        Assert.DoesNotContain(_kernel.Take(), call => call.StartsWith("write", StringComparison.Ordinal));
        Assert.DoesNotContain(_seen, e => e.Kind == EventKind.VirqResampled);
        comes.Dispose();
    }

    [Fact]
    public void An_owner_that_leaves_while_its_resample_eventfd_is_written_hears_no_more_and_neither_does_the_next()
    {
        HostSource? comes = null;
        int right = 0, wrong = 0;
        Virq leaves = _host.RegisterOnLine("leaves", 20, resample: Resample, acknowledged: () => right++);
        _kernel.Before = call =>
        {
            if (call != "write 8")
                return;
            leaves.Dispose();
            comes = _host.Connect(5, "fresh", acknowledged: () => wrong++);
        };
        leaves.Trigger();
        _host.Eoi(0, 0x51);
        Assert.NotNull(comes);
        Assert.Equal((0, 0), (right, wrong));
        comes.Dispose();
    }

    [Fact]
    public void A_slot_that_changes_hands_while_its_owner_hears_is_not_looked_at_again()
    {
        HostSource? comes = null;
        int right = 0, wrong = 0;
        Virq? leaves = null;
        leaves = _host.RegisterOnLine("leaves", 20, acknowledged: () =>
        {
            right++;
            leaves!.Dispose();
            comes = _host.Connect(5, "fresh", acknowledged: () => wrong++);
        });
        leaves.Trigger();
        _host.Eoi(0, 0x51);
        Assert.NotNull(comes);
        Assert.Equal((1, 0), (right, wrong));
        comes.Dispose();
    }

    [Fact]
    public void A_port_carries_no_acknowledge_to_a_slots_next_owner()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        fabric.TryWrite(0, 0xFEC00000, 4, 0x38);
        fabric.TryWrite(0, 0xFEC00010, 4, RedirectionEntry.Create(0x51, 0, level: true).Low);
        Source first = fabric.Connect(20, "first"), leaves = fabric.Connect(20, "leaves");
        var port = new Replacing(fabric, leaves);
        first.Raise();
        fabric.Drain(port);
        Assert.Equal(0x51, fabric.Take(0));
        fabric.TryWrite(0, 0xFEE000B0, 4, 0);
        fabric.Drain(port);
        Assert.Equal(leaves.Slot, port.Fresh!.Slot);
        Assert.Equal([first.Slot], port.Heard);
    }

    [Fact]
    public void A_binding_that_fails_for_a_virq_that_is_gone_is_not_held_against_the_next_one()
    {
        Virq leaves = Message(0x41);
        Virq? comes = null;
        _kernel.Before = call =>
        {
            if (comes is not null || !call.StartsWith("bind", StringComparison.Ordinal))
                return;
            leaves.Dispose();
            comes = Message(0x42);
            throw new KernelException("KVM_IRQFD", 16, 48, "another irqfd has this eventfd");
        };
        Assert.Throws<KernelException>(() => _host.EventArrived(_kernel.DeviceWrites(Trigger)));
        Assert.Equal(leaves.Handle.Slot, comes!.Handle.Slot);
        _host.EventArrived(_kernel.DeviceWrites(Trigger));
        Assert.Equal(VirqState.Hot, comes.State);
        comes.Dispose();
    }

    [Fact]
    public void An_answer_for_a_virq_that_is_gone_is_not_told_of_the_next_one()
    {
        Virq leaves = Message(0x41);
        Virq? comes = null;
        _kernel.Before = call =>
        {
            if (comes is not null || call != "signal 0x41")
                return;
            leaves.Dispose();
            comes = Message(0x42);
        };
        leaves.Trigger();
        Assert.Equal(leaves.Handle.Slot, comes!.Handle.Slot);
        Assert.DoesNotContain(_seen, e => e.Kind == EventKind.VirqAnswered);
        comes.Trigger();
        Assert.Equal(comes.Handle.Slot, Assert.Single(_seen, e => e.Kind == EventKind.VirqAnswered).Unit);
        comes.Dispose();
    }

    [Fact]
    public void A_source_that_has_left_speaks_for_nobody()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.Events.Observing = true;
        Source leaves = fabric.Connect(20, "leaves", SourceKind.Sampled);
        leaves.Dispose();
        Source comes = fabric.Connect(21, "fresh", SourceKind.Sampled);
        comes.Raise();
        fabric.Drain();
        Assert.Equal(leaves.Slot, comes.Slot);
        fabric.NoteWithdrawn(leaves);
        fabric.NoteWanted(leaves);
        Assert.Equal(0, fabric.Events.Count);
        Assert.Equal(("leaves", 20), (leaves.Label, leaves.Gsi));
        fabric.NoteWithdrawn(comes);
        Assert.Equal(1, fabric.Events.Count);
    }

    private Virq Message(byte vector)
    {
        Virq virq = _host.Register($"device 0x{vector:x2}", 0x10, Trigger);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create(vector, DeliveryMode.Fixed, 0)));
        return virq;
    }

    private sealed class Port(List<Event> seen) : IEventObserver
    {
        public void Observe(in Event happened) => seen.Add(happened);
    }

    /// <summary>At its first acknowledge, a holder disconnects another source and connects a new one.</summary>
    private sealed class Replacing(Fabric fabric, Source leaves) : IEventObserver, IAckPort
    {
        internal Source? Fresh { get; private set; }
        internal List<int> Heard { get; } = [];

        public void Observe(in Event happened) { }

        public void Acknowledged(int source, uint generation)
        {
            Heard.Add(source);
            leaves.Dispose();
            Fresh ??= fabric.Connect(5, "fresh");
        }
    }
}
