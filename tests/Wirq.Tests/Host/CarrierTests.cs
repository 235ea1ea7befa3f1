using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>The carrier can stop between any two steps and before any answer, and a copy of the machine continues from
/// there.</summary>
public sealed class CarrierTests
{
    private static readonly EventFd Trigger = new(7), Resample = new(8);

    private readonly FakeKernel _kernel = new();
    private readonly Fabric _fabric;
    private readonly VirqHandle _virq;

    public CarrierTests()
    {
        _fabric = Machine();
        _virq = Message(0x41);
    }

    private Carrier Carrier => _fabric.Carrier;

    [Fact]
    public void An_effect_that_stays_inside_asks_for_nothing()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.IoApics[0].WriteEntry(20, RedirectionEntry.Create(0x51, 0), fabric.Events);
        using Source source = fabric.Connect(20, "device");
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        source.Pulse();
        fabric.Events.WakeUps = false;
        while (fabric.Carrier.TryPeek(out _))
            Assert.False(fabric.Carrier.Begin(out _));
        Assert.Equal(0x51, fabric.Take(0));
    }

    /// <summary>At every observed event, a fork still has the event in its queue, and ends in the same state as the
    /// machine.</summary>
    [Fact]
    public void A_fork_that_an_observer_makes_goes_on_alike()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.IoApics[0].WriteEntry(20, RedirectionEntry.Create(0x51, 0, level: true), fabric.Events);
        using Source source = fabric.Connect(20, "device");
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        fabric.Events.Observing = true;
        source.Raise();
        List<Fabric> forks = [];
        fabric.Drain(new FabricPorts { Observer = new Forking(fabric, forks) });
        Assert.True(fabric.HasInterrupt(0));
        Assert.True(forks.Count > 3);
        foreach (Fabric fork in forks)
        {
            fork.Drain();
            Assert.Equal(fabric.Identity(), fork.Identity());
        }
    }

    private sealed class Forking(Fabric fabric, List<Fabric> forks) : IEventObserver
    {
        public void Observe(in Event happened) => forks.Add(fabric.Fork());
    }

    [Fact]
    public void One_call_at_a_time_in_the_order_of_the_queue()
    {
        _fabric.RouteCache!.Readable(_virq.Slot);
        List<string> asked = [];
        while (Carrier.TryPeek(out _))
        {
            for (bool due = Carrier.Begin(out HostCall call); due;)
            {
                Assert.True(Carrier.InFlight);
                Assert.Equal(call, Carrier.Call);
                asked.Add($"{call.Kind} {call.EventFd.Number}");
                due = Carrier.Complete(HostAnswer.Yes, out call);
            }
            Assert.False(Carrier.InFlight);
        }
        Assert.Equal(["Read 7", "Signal -1", "Unwatch 7", "Commit -1", "Bind 7"], asked);
        Assert.Equal(VirqState.Hot, _fabric.RouteCache.StateOf(_virq));
    }

    /// <summary>Before each answer the machine is copied. The original and the copy have the same results.</summary>
    [Fact]
    public void A_copy_that_is_made_before_any_answer_goes_on_alike()
    {
        _fabric.RouteCache!.Readable(_virq.Slot);
        int answers = 0;
        while (Carrier.TryPeek(out _))
        {
            for (bool due = Carrier.Begin(out _); due; answers++)
            {
                Fabric copy = _fabric.Fork();
                Assert.Equal(_fabric.Identity(), copy.Identity());
                Assert.Equal(Carrier.Call, copy.Carrier.Call);
                Assert.Equal(Carrier.Routes.ToArray(), copy.Carrier.Routes.ToArray());
                due = Carrier.Complete(HostAnswer.Yes, out _);
                Assert.NotEqual(_fabric.Identity(), copy.Identity());
                Assert.Equal(due, copy.Carrier.Complete(HostAnswer.Yes, out _));
                Assert.Equal(_fabric.Identity(), copy.Identity());
                Assert.Equal(_fabric.Events.Count, copy.Events.Count);
            }
        }
        Assert.Equal(5, answers);
    }

    [Fact]
    public void A_commit_has_the_table_as_it_was_when_it_was_begun()
    {
        _fabric.RouteCache!.Readable(_virq.Slot);
        HostCall commit = Until(HostCallKind.Commit);
        Assert.Equal(HostCallKind.Commit, commit.Kind);
        Assert.Equal(0x41, Assert.Single(Carrier.Routes.ToArray()).Message.Vector);
        VirqHandle other = Message(0x42);
        _fabric.RouteCache.SetMessage(_virq, Msi.Encode(InterruptMessage.Create(0x43, DeliveryMode.Fixed, 0)));
        _fabric.DisposeVirq(other);
        Assert.Equal(0x41, Assert.Single(Carrier.Routes.ToArray()).Message.Vector);
        Carrier.Complete(HostAnswer.Yes, out _);
        Assert.Equal(0, Carrier.Routes.Length);
        // It is not to be bound any more: its message changed while the kernel took the table.
        Assert.Equal(HostCallKind.None, Until(HostCallKind.Bind).Kind);
        Assert.Equal(VirqState.Stale, _fabric.RouteCache.StateOf(_virq));
    }

    [Fact]
    public void A_holder_hears_by_its_resample_eventfd_first_and_then_by_a_call()
    {
        (VirqHandle line, _) = Acknowledged();
        HostCall write = Until(HostCallKind.Write);
        Assert.Equal((Resample, true), (write.EventFd, write.IsResample));
        Assert.True(Carrier.Complete(HostAnswer.Yes, out HostCall hears));
        Assert.Equal((HostCallKind.Acknowledge, _fabric.RouteCache!.SourceOf(line)), (hears.Kind, hears.Effect.Source));
        Assert.False(Carrier.Complete(HostAnswer.Yes, out _));
        Assert.Contains(Waiting(), e => e.Kind == EventKind.VirqResampled && e.Unit == line.Slot);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void One_whose_eventfd_was_not_written_or_who_left_meanwhile_is_not_told_of(bool leaves, bool refused)
    {
        (VirqHandle line, _) = Acknowledged();
        Until(HostCallKind.Write);
        if (leaves)
            _fabric.DisposeVirq(line);
        bool hears = Carrier.Complete(refused ? HostAnswer.Refused : leaves ? HostAnswer.Yes : HostAnswer.No, out _);
        // It still gets a call, unless it was disconnected.
        Assert.Equal(!leaves, hears);
        Assert.DoesNotContain(Waiting(), e => e.Kind == EventKind.VirqResampled);
    }

    [Fact]
    public void A_virq_whose_line_is_acknowledged_is_found_by_its_source_whatever_came_before()
    {
        (VirqHandle first, Source other) = Acknowledged();
        Assert.Equal(first.Slot, _fabric.Lines.VirqOf(_fabric.RouteCache!.SourceOf(first)));
        Assert.Equal(-1, _fabric.Lines.VirqOf(other.Slot));
        int slot = _fabric.RouteCache.SourceOf(first);
        _fabric.DisposeVirq(first);
        using Source next = _fabric.Connect(5, "next");
        Assert.Equal((slot, -1), (next.Slot, _fabric.Lines.VirqOf(next.Slot)));
    }

    [Fact]
    public void Nobody_answers_where_nobody_is()
    {
        _fabric.RouteCache!.Readable(_virq.Slot);
        _fabric.Drain();
        // The poll brought nothing: there is none.
        Assert.Equal(VirqState.Cold, _fabric.RouteCache.StateOf(_virq));
        _fabric.RouteCache.Trigger(_virq);
        _fabric.Drain();
        Assert.Equal((VirqState.Hot, false), (_fabric.RouteCache.StateOf(_virq), Carrier.InFlight));
    }

    [Fact]
    public void What_was_skipped_can_be_carried_out_later()
    {
        _fabric.RouteCache!.Trigger(_virq);
        Event skipped = default;
        while (Carrier.TryPeek(out Event next) && next.Kind != EventKind.VirqInjected)
            Carrier.Skip();
        Carrier.TryPeek(out skipped);
        Carrier.Skip();
        Assert.True(Carrier.Begin(skipped, out HostCall call));
        Assert.Equal((HostCallKind.Signal, (byte)0x41), (call.Kind, call.Effect.Message.Vector));
    }

    private Fabric Machine()
    {
        var fabric = new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 16, BatchCount = 1, BatchDelay = 0, Kernel = _kernel.Limits },
            Pic = null,
        });
        return fabric;
    }

    private VirqHandle Message(byte vector)
    {
        VirqHandle virq = _fabric.RouteCache!.Register("device", 0x10);
        if (vector == 0x41)
            _fabric.RouteCache.Attach(virq, Trigger);
        _fabric.RouteCache.SetMessage(virq, Msi.Encode(InterruptMessage.Create(vector, DeliveryMode.Fixed, 0)));
        if (vector == 0x41)
            _fabric.Drain();
        return virq;
    }

    /// <summary>A line of two holders has been acknowledged; its effects wait.</summary>
    private (VirqHandle Line, Source Other) Acknowledged()
    {
        _fabric.Events.Observing = true;
        VirqHandle line = _fabric.ConnectVirq(20, "disk", VirqKind.Level);
        _fabric.RouteCache!.AttachResample(line, Resample);
        Source other = _fabric.Connect(20, "net");
        _fabric.IoApics[0].WriteEntry(20, RedirectionEntry.Create(0x51, 0, level: true), _fabric.Events);
        _fabric.RouteCache.Trigger(line);
        _fabric.Drain(PortsOf.One(_kernel));
        _fabric.Eoi(0x51);
        return (line, other);
    }

    /// <summary>Answers yes until a call of a kind is in flight.</summary>
    private HostCall Until(HostCallKind kind)
    {
        while (Carrier.TryPeek(out _))
        {
            for (bool due = Carrier.Begin(out HostCall call); due;)
            {
                if (call.Kind == kind)
                    return call;
                due = Carrier.Complete(HostAnswer.Yes, out call);
            }
        }
        return default;
    }

    private IEnumerable<Event> Waiting() => Enumerable.Range(0, _fabric.Events.Count).Select(_fabric.Events.Peek);
}
