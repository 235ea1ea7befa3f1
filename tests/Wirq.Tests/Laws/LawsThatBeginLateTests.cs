using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;
using Wirq.Tests.State;

namespace Wirq.Tests.Laws;

/// <summary>Laws that start on a machine that has run for a while do not report breaks from before their
/// start.</summary>
public sealed class LawsThatBeginLateTests
{
    private const ulong Svr = 0xFEE000F0, Eoi = 0xFEE000B0;
    private const int Pin = 20;
    private static readonly EventFd Trigger = new(7), Resample = new(8);

    [Fact]
    public void A_level_that_was_refused()
    {
        Fabric fabric = Pc(RedirectionEntry.Create(0x51, 0x33, level: true));
        Source disk = fabric.Connect(Pin, "disk");
        disk.Raise();
        fabric.Drain();
        (LawSet laws, FabricPorts ports) = Watch(fabric);
        Rest(laws);
        AssertHeld(laws);
        // Its device needs no more service, and the fall of its line is not visible: its earlier request is still
        // pending.
        fabric.NoteWithdrawn(disk);
        fabric.TryWrite(0, 0xFEC00000, 4, 0x11 + 2 * Pin);
        fabric.TryWrite(0, 0xFEC00010, 4, 0);
        fabric.Drain(ports);
        Assert.Equal(0x51, fabric.Take(0));
        AssertHeld(laws);
    }

    [Fact]
    public void A_level_that_the_storm_brake_holds()
    {
        FabricOptions options = FabricOptions.Pc();
        Fabric fabric = Pc(RedirectionEntry.Create(0x51, 0, level: true),
            options with { IoApics = [options.IoApics[0] with { StormLimit = 3, StormDelay = 1_000_000 }] });
        Source disk = fabric.Connect(Pin, "disk");
        disk.Raise();
        for (int i = 0; i < 3; i++)
        {
            fabric.Drain();
            Assert.Equal(0x51, fabric.Take(0));
            fabric.TryWrite(0, Eoi, 4, 0);
        }
        fabric.Drain();
        Assert.True(fabric.IoApics[0].IsBraked(Pin));
        (LawSet laws, FabricPorts ports) = Watch(fabric);
        Rest(laws);
        AssertHeld(laws);
        fabric.NoteWithdrawn(disk);
        fabric.Advance(2_000_000);
        fabric.Drain(ports);
        Assert.Equal(0x51, fabric.Take(0));
        AssertHeld(laws);
    }

    [Fact]
    public void A_message_in_flight_is_not_taken_for_one_that_was_never_sent()
    {
        Fabric fabric = Pc(RedirectionEntry.Create(0x51, 0, level: true));
        fabric.Connect(Pin, "disk").Raise();
        Event deliver = default;
        while (deliver.Kind != EventKind.Deliver && fabric.Carrier.TryPeek(out deliver))
            fabric.Carrier.Skip();
        Assert.True(fabric.Events.Count == 0 && deliver.Kind == EventKind.Deliver);
        (LawSet laws, FabricPorts ports) = Watch(fabric);
        Rest(laws);
        AssertHeld(laws);
        fabric.Carrier.AnswerDeliver(deliver, RefusalReason.None);
        fabric.Drain(ports);
        Assert.True(fabric.IoApics[0].Entry(Pin).RemoteIrr);
        AssertHeld(laws);
    }

    [Fact]
    public void An_acknowledge_that_waits_for_the_unmask_is_owed()
    {
        var fabric = Pc(RedirectionEntry.Create(0x51, 0, level: true));
        fabric.Connect(Pin, "disk").Raise();
        fabric.Drain();
        Assert.Equal(0x51, fabric.Take(0));
        fabric.IoApics[0].WriteEntry(Pin, RedirectionEntry.Create(0x51, 0, level: true, masked: true), fabric.Events);
        fabric.TryWrite(0, Eoi, 4, 0);
        fabric.Drain();
        (LawSet laws, _) = Watch(fabric);
        // The entry is reported as unmasked, but the acknowledge is not reported.
        laws.Observe(LawEvent.Write(Pin, RedirectionEntry.Create(0x51, 0, level: true), fabric.IoApics[0].Entry(Pin)));
        Rest(laws);
        Assert.NotNull(laws.Laws.Single(law => law.Name == nameof(AckReachesAllSharers)).Break);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_virq_that_is_masked(bool behindEventFd)
    {
        Fabric fabric = WithVirqs();
        VirqHandle net = fabric.RouteCache!.Register("net", 0x10);
        if (behindEventFd)
            fabric.RouteCache.Attach(net, Trigger);
        fabric.RouteCache.SetMessage(net, Message(0x41));
        fabric.RouteCache.Mask(net);
        FabricPorts before = PortsOf.One(new FakeKernel());
        fabric.Drain(before);
        (LawSet laws, FabricPorts ports) = Watch(fabric, before);
        fabric.RouteCache.SetMessage(net, Message(0x42));
        fabric.RouteCache.Trigger(net);
        fabric.Drain(ports);
        AssertHeld(laws);
    }

    /// <summary>They learn the state at their start, and use it for their verdicts.</summary>
    [Fact]
    public void What_is_learned_of_virqs_is_judged_by()
    {
        Fabric fabric = WithVirqs();
        RouteCache virqs = fabric.RouteCache!;
        VirqHandle hot = virqs.Register("net", 0x10), masked = virqs.Register("disk", 0x11), open = virqs.Register("usb", 0x12);
        virqs.Attach(hot, Trigger);
        foreach (VirqHandle virq in new[] { hot, masked, open })
            virqs.SetMessage(virq, Message(0x41));
        virqs.Mask(masked);
        virqs.Trigger(masked);
        virqs.Trigger(hot);
        FabricPorts before = PortsOf.One(new FakeKernel());
        fabric.Drain(before);
        Assert.Equal(VirqState.Hot, virqs.StateOf(hot));

        Assert.Equal(["HotStaysInKernel"], Broken(fabric, new VirqTriggered(hot.Slot, ByEventFd: true).ToEvent(),
            new Event(EventKind.VirqAnswered, (ushort)hot.Slot)));
        Assert.Equal(["MaskedIsSilent"], Broken(fabric, new VirqInjected(masked.Slot, 1, default, 1).ToEvent()));
        Assert.Equal(["NoLostEdge"], Broken(fabric, new Event(EventKind.VirqTriggered, (ushort)open.Slot)));
        Assert.Equal(["NoLostEdge"], Broken(fabric, new Event(EventKind.VirqUnmasked, (ushort)masked.Slot)));
        Assert.Equal(["FaultAtDelivery"], Broken(fabric, new RemapFaulted(0, 0x11, 0x22, 1, false, false).ToEvent(),
            new Event(EventKind.VirqAnswered, (ushort)open.Slot, 0, 0, (ulong)RefusalReason.RemappingFault)));
        Assert.Empty(Broken(fabric, new RemapFaulted(0, 0x12, 0x22, 1, false, false).ToEvent(),
            new Event(EventKind.VirqAnswered, (ushort)open.Slot, 0, 0, (ulong)RefusalReason.RemappingFault)));
    }

    [Fact]
    public void A_source_that_hears_by_an_eventfd_has_heard_when_that_is_written()
    {
        Fabric fabric = WithVirqs();
        VirqHandle disk = fabric.ConnectVirq(Pin, "disk", VirqKind.Level);
        fabric.RouteCache!.AttachResample(disk, Resample);
        fabric.Drain();
        int source = fabric.RouteCache.SourceOf(disk);
        Assert.Equal(["AckReachesAllSharers"], Broken(fabric, LawEvent.PinAcked(Pin), LawEvent.Ack(source, Pin)));
        Assert.Empty(Broken(fabric, LawEvent.PinAcked(Pin), LawEvent.Ack(source, Pin), new VirqResampled(disk.Slot, (uint)source).ToEvent()));
    }

    [Fact]
    public void Nothing_is_learned_while_a_call_is_in_flight()
    {
        Fabric fabric = WithVirqs();
        VirqHandle net = fabric.RouteCache!.Register("net", 0x10);
        fabric.RouteCache.SetMessage(net, Message(0x41));
        fabric.RouteCache.Mask(net);
        fabric.Send(new Msi(0x1000, 42));
        while (!fabric.Carrier.InFlight)
            Assert.True(fabric.Carrier.TryPeek(out _) && (fabric.Carrier.Begin(out _) || fabric.Events.Count > 0));
        Assert.Equal(0, fabric.Events.Count);
        (LawSet laws, _) = Watch(fabric);
        // A law that had learned the state would know that it is masked.
        laws.Observe(new VirqInjected(net.Slot, 1, default, 1).ToEvent());
        AssertHeld(laws);
    }

    private static IEnumerable<string> Broken(Fabric fabric, params Event[] told)
    {
        (LawSet laws, _) = Watch(fabric);
        foreach (Event e in told)
            laws.Observe(e);
        Rest(laws);
        return laws.Laws.Where(law => law.Break is not null).Select(law => law.Name);
    }

    private static Msi Message(byte vector) => Msi.Encode(InterruptMessage.Create(vector, DeliveryMode.Fixed, 0));

    private static Fabric Pc(RedirectionEntry entry, FabricOptions? options = null)
    {
        var fabric = new Fabric(options ?? FabricOptions.Pc());
        fabric.IoApics[0].WriteEntry(Pin, entry, fabric.Events);
        fabric.TryWrite(0, Svr, 4, 0x1FF);
        fabric.Drain();
        return fabric;
    }

    private static Fabric WithVirqs() => new(FabricOptions.Pc() with
    {
        Routing = new RoutingOptions { Virqs = 8, BatchCount = 1, BatchDelay = 0, Kernel = new FakeKernel().Limits },
        Pic = null,
    });

    private static (LawSet Laws, FabricPorts Ports) Watch(Fabric fabric, FabricPorts? ports = null)
    {
        var laws = new LawSet(fabric.Options, fabric.Gsis, new StateArena());
        return (laws, (ports ?? new()) with { Observer = new LawFeeder(laws) });
    }

    private static void Rest(LawSet laws) => laws.Observe(LawEvent.Rest);

    private static void AssertHeld(LawSet laws) =>
        Assert.All(laws.Laws, law => Assert.Equal($"{law.Name} holds", law.Describe()));
}
