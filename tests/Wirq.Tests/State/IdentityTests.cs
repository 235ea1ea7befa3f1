using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests.State;

/// <summary>Two histories that behave the same from here on have one identity; two that do not have two.</summary>
public sealed class IdentityTests
{
    private static readonly EventFd Trigger = new(7), Resample = new(8);
    private static readonly Msi First = Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0));
    private static readonly Msi Second = Msi.Encode(InterruptMessage.Create(0x42, DeliveryMode.Fixed, 0));
    private static readonly Msi Third = Msi.Encode(InterruptMessage.Create(0x43, DeliveryMode.Fixed, 0));

    private readonly FabricPorts _ports = PortsOf.One(new FakeKernel());

    [Fact]
    public void A_message_that_was_changed_and_changed_back()
    {
        (Fabric one, VirqHandle a) = Virq();
        (Fabric other, VirqHandle b) = Virq();
        one.RouteCache!.SetMessage(a, First);
        other.RouteCache!.SetMessage(b, First);
        other.RouteCache.SetMessage(b, Second);
        Assert.NotEqual(Identity(one), Identity(other));
        other.RouteCache.SetMessage(b, First);
        Assert.Equal(Identity(one), Identity(other));
        AssertAlike(one, other, fabric => fabric.RouteCache!.Trigger(fabric.RouteCache.HandleAt(0)));
    }

    [Fact]
    public void A_source_and_a_virq_that_came_and_went()
    {
        Fabric one = Machine(), other = Machine();
        other.Connect(20, "disk").Dispose();
        other.DisposeVirq(other.RouteCache!.Register("net", 0x10));
        other.DisposeVirq(other.ConnectVirq(21, "usb", VirqKind.Level));
        Assert.Equal(Identity(one), Identity(other));
        AssertAlike(one, other, fabric => fabric.Connect(20, "disk").Raise());
        AssertAlike(one, other, fabric => fabric.ConnectVirq(21, "usb", VirqKind.Edge));
    }

    [Fact]
    public void Slots_that_were_left_in_another_order()
    {
        Fabric one = Machine(), other = Machine();
        Source[] a = [.. Enumerable.Range(0, 3).Select(i => one.Connect(16 + i, $"{i}"))], b = [.. Enumerable.Range(0, 3).Select(i => other.Connect(16 + i, $"{i}"))];
        a[0].Dispose();
        a[1].Dispose();
        b[1].Dispose();
        b[0].Dispose();
        Assert.Equal(Identity(one), Identity(other));
        Assert.Equal(one.Connect(20, "next").Slot, other.Connect(20, "next").Slot);
    }

    [Theory]
    [InlineData(20, 21)]
    [InlineData(21, 20)]
    public void Sources_that_were_connected_in_another_order(int gsi, int another)
    {
        Fabric one = Machine(), other = Machine();
        Source disk = one.Connect(gsi, "disk"), net = one.Connect(another, "net", SourceKind.Sampled);
        Source net2 = other.Connect(another, "net", SourceKind.Sampled), disk2 = other.Connect(gsi, "disk");
        Assert.NotEqual(disk.Slot, disk2.Slot);
        Assert.Equal(Identity(one), Identity(other));
        net.Raise();
        Assert.NotEqual(Identity(one), Identity(other));
        net2.Raise();
        Assert.Equal(Identity(one), Identity(other));
        disk.Raise();
        disk2.Raise();
        Assert.Equal(Identity(one), Identity(other));
    }

    /// <summary>The order of holders on one line matters: they get the acknowledge in this order.</summary>
    [Fact]
    public void Holders_of_one_line_hear_in_the_order_in_which_they_joined()
    {
        Fabric one = Machine(), other = Machine();
        one.Connect(20, "disk", SourceKind.Sampled);
        one.Connect(20, "net");
        other.Connect(20, "net");
        other.Connect(20, "disk", SourceKind.Sampled);
        Assert.NotEqual(Identity(one), Identity(other));
    }

    /// <summary>A waiting event counts by its later effect: for a current owner, or for one that has left.</summary>
    [Fact]
    public void An_acknowledge_under_way_counts_by_whether_its_owner_is_still_there()
    {
        Fabric one = Acknowledged(comeAndGo: 0, leaves: false), other = Acknowledged(comeAndGo: 3, leaves: false);
        Assert.Equal(Identity(one), Identity(other));
        Fabric stale = Acknowledged(comeAndGo: 0, leaves: true), older = Acknowledged(comeAndGo: 2, leaves: true);
        Assert.Equal(Identity(stale), Identity(older));
        Assert.NotEqual(Identity(one), Identity(stale));
    }

    [Fact]
    public void A_call_in_flight_counts_by_whether_its_owner_is_still_there()
    {
        Fabric one = InFlight(0), other = InFlight(4);
        Assert.True(one.Carrier.InFlight);
        Assert.Equal(Identity(one), Identity(other));
        other.DisposeVirq(other.RouteCache!.HandleAt(0));
        Assert.NotEqual(Identity(one), Identity(other));
        one.DisposeVirq(one.RouteCache!.HandleAt(0));
        Assert.Equal(Identity(one), Identity(other));
    }

    /// <summary>A port keeps the message that it got, even if its virq has another message now, or was disposed
    /// of.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_in_flight_counts_though_nobody_has_it_any_more(bool leaves)
    {
        Fabric one = Machine(), other = Machine();
        foreach ((Fabric fabric, Msi message) in new[] { (one, First), (other, Second) })
        {
            // Without an eventfd it needs no route, which would contain the message too.
            VirqHandle virq = fabric.RouteCache!.Register("device", 0x10);
            fabric.RouteCache.SetMessage(virq, message);
            fabric.RouteCache.Trigger(virq);
            Assert.True(fabric.Carrier.Begin(out _));
            Assert.Equal(HostCallKind.Signal, fabric.Carrier.Call.Kind);
            if (leaves)
                fabric.DisposeVirq(virq);
            else
                fabric.RouteCache.SetMessage(virq, Third);
        }
        Assert.Equal(0x41, one.Carrier.Call.Effect.Message.Vector);
        Assert.Equal(0x42, other.Carrier.Call.Effect.Message.Vector);
        Assert.NotEqual(Identity(one), Identity(other));
    }

    [Fact]
    public void A_binding_in_flight_counts_by_what_is_bound_though_its_virq_is_gone()
    {
        Fabric one = Binding(Resample), other = Binding(new EventFd(9)), same = Binding(Resample);
        foreach (Fabric fabric in new[] { one, other, same })
        {
            fabric.DisposeVirq(fabric.RouteCache!.HandleAt(0));
            fabric.Events.Clear();
        }
        Assert.NotEqual(one.Carrier.Call.Resample, other.Carrier.Call.Resample);
        Assert.NotEqual(Identity(one), Identity(other));
        Assert.Equal(Identity(one), Identity(same));
    }

    /// <summary>A row that is free says nothing, whatever the kernel's table had there.</summary>
    [Fact]
    public void A_route_that_left_the_table()
    {
        (Fabric one, VirqHandle virq) = Virq();
        (Fabric other, VirqHandle same) = Virq();
        Heat(one, virq, First);
        Heat(other, same, First);
        VirqHandle passing = other.RouteCache!.Register("passing", 0x11);
        other.RouteCache.Attach(passing, Resample);
        Heat(other, passing, Third);
        other.DisposeVirq(passing);
        other.Drain(_ports);
        Assert.NotEqual(Identity(one), Identity(other));
        // With the next commit it leaves.
        Heat(one, virq, Second);
        Heat(other, same, Second);
        Assert.Equal(Identity(one), Identity(other));
    }

    [Fact]
    public void Routes_that_a_kernel_did_not_take()
    {
        (Fabric one, VirqHandle virq) = Virq();
        (Fabric other, VirqHandle same) = Virq();
        foreach ((Fabric fabric, VirqHandle handle, Msi message) in new[] { (one, virq, First), (other, same, Third) })
        {
            fabric.RouteCache!.SetMessage(handle, message);
            fabric.RouteCache.Trigger(handle);
            while (fabric.Carrier.TryPeek(out _))
            {
                for (bool due = fabric.Carrier.Begin(out HostCall call); due;)
                    due = fabric.Carrier.Complete(call.Kind == HostCallKind.Commit ? HostAnswer.Refused : HostAnswer.Yes, out call);
            }
            fabric.RouteCache.SetMessage(handle, Second);
            fabric.Drain(_ports);
        }
        Assert.Equal(Identity(one), Identity(other));
    }

    [Fact]
    public void What_waits_counts_and_its_order()
    {
        Fabric one = Machine(), other = Machine();
        foreach (Fabric fabric in new[] { one, other })
            fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        UInt128 before = Identity(one);
        one.Events.Emit(new Event(EventKind.EoiBroadcast, 0, 0, 0x41));
        Assert.NotEqual(before, Identity(one));
        one.Events.Emit(new Event(EventKind.EoiBroadcast, 0, 0, 0x42));
        other.Events.Emit(new Event(EventKind.EoiBroadcast, 0, 0, 0x42));
        other.Events.Emit(new Event(EventKind.EoiBroadcast, 0, 0, 0x41));
        Assert.NotEqual(Identity(one), Identity(other));
        one.Drain();
        other.Drain();
        Assert.Equal(Identity(one), Identity(other));
    }

    private static UInt128 Identity(Fabric fabric) => fabric.Identity();

    /// <summary>Both do the same, and what they ask for and become is the same.</summary>
    private void AssertAlike(Fabric one, Fabric other, Action<Fabric> input)
    {
        input(one);
        input(other);
        Assert.Equal(Identity(one), Identity(other));
        while (one.Carrier.TryPeek(out _))
        {
            bool due = one.Carrier.Begin(out HostCall call);
            Assert.Equal(due, other.Carrier.Begin(out HostCall same));
            Assert.Equal(call.Kind, same.Kind);
            while (due)
            {
                Assert.Equal(Identity(one), Identity(other));
                due = one.Carrier.Complete(HostAnswer.Yes, out call);
                Assert.Equal(due, other.Carrier.Complete(HostAnswer.Yes, out same));
            }
            Assert.Equal(Identity(one), Identity(other));
        }
        Assert.Equal(0, other.Events.Count);
    }

    private void Heat(Fabric fabric, VirqHandle virq, Msi message)
    {
        fabric.RouteCache!.SetMessage(virq, message);
        fabric.RouteCache.Trigger(virq);
        fabric.Drain(_ports);
        Assert.Equal(VirqState.Hot, fabric.RouteCache.StateOf(virq));
    }

    /// <summary>A kernel that owns the I/OAPIC is asked to bind a line's eventfds.</summary>
    private static Fabric Binding(EventFd resample)
    {
        var fabric = new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Kernel = new FakeKernel().Limits with { OwnsIoApic = true } },
            Pic = null,
        });
        VirqHandle virq = fabric.ConnectVirq(20, "disk", VirqKind.Level);
        fabric.RouteCache!.AttachResample(virq, resample);
        fabric.RouteCache.Attach(virq, Trigger);
        HostCall call = default;
        while (call.Kind != HostCallKind.Bind && fabric.Carrier.TryPeek(out _))
        {
            if (fabric.Carrier.Begin(out call) && call.Kind != HostCallKind.Bind)
                fabric.Carrier.Complete(HostAnswer.Yes, out _);
        }
        Assert.Equal(HostCallKind.Bind, fabric.Carrier.Call.Kind);
        return fabric;
    }

    private Fabric InFlight(int changes)
    {
        (Fabric fabric, VirqHandle virq) = Virq();
        for (int i = 0; i < changes; i++)
            fabric.RouteCache!.SetMessage(virq, i % 2 == 0 ? Second : First);
        fabric.RouteCache!.SetMessage(virq, First);
        fabric.Drain(_ports);
        fabric.RouteCache.Trigger(virq);
        Assert.True(fabric.Carrier.Begin(out _));
        return fabric;
    }

    private Fabric Acknowledged(int comeAndGo, bool leaves)
    {
        Fabric fabric = Machine();
        for (int i = 0; i < comeAndGo; i++)
            fabric.Connect(20, "passing").Dispose();
        Source disk = fabric.Connect(20, "disk");
        fabric.IoApics[0].WriteEntry(20, RedirectionEntry.Create(0x51, 0, level: true), fabric.Events);
        disk.Raise();
        fabric.Drain(_ports);
        disk.Lower();
        fabric.Eoi(0x51);
        if (leaves)
            disk.Dispose();
        return fabric;
    }

    private (Fabric Fabric, VirqHandle Virq) Virq()
    {
        Fabric fabric = Machine();
        VirqHandle virq = fabric.RouteCache!.Register("device", 0x10);
        fabric.RouteCache.Attach(virq, Trigger);
        fabric.Drain(_ports);
        return (fabric, virq);
    }

    private static Fabric Machine() => new(FabricOptions.Pc() with
    {
        Routing = new RoutingOptions { Virqs = 16, BatchCount = 1, BatchDelay = 0, Kernel = new FakeKernel().Limits },
        Pic = null,
    });
}
