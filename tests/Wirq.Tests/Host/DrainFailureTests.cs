using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>A fabric without a host is drained by its owner, and failures are handled as under a host.</summary>
public sealed class DrainFailureTests : IEventObserver
{
    private static readonly EventFd Trigger = new(7);
    private static readonly Msi Fixed = Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0));

    private readonly FakeKernel _kernel = new();
    private readonly Fabric _fabric;
    private readonly FabricPorts _ports;
    private readonly VirqHandle _virq;
    private Action<Event>? _observed;

    public DrainFailureTests()
    {
        _fabric = new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 16, BatchCount = 1, BatchDelay = 0, Kernel = _kernel.Limits },
            Pic = null,
        });
        _ports = PortsOf.One(_kernel);
        _virq = _fabric.RouteCache!.Register("device", 0x10);
        _fabric.RouteCache.Attach(_virq, Trigger);
        _fabric.RouteCache.SetMessage(_virq, Fixed);
        _fabric.Drain(_ports);
        _kernel.Take();
    }

    [Theory]
    [InlineData("signal")]
    [InlineData("unwatch")]
    [InlineData("commit")]
    [InlineData("bind")]
    public void What_the_kernel_refuses_is_thrown_when_the_rest_has_run(string call)
    {
        Refuse(call, () => new KernelException(call, 12, -1, "the host has no memory left"));
        _fabric.RouteCache!.Trigger(_virq);
        KernelException refused = Assert.Throws<KernelException>(() => _fabric.Drain(_ports));
        Assert.Equal(call, refused.Call);
        AssertGoesOn(wasLost: call == "signal");
    }

    [Theory]
    [InlineData("signal")]
    [InlineData("unwatch")]
    [InlineData("commit")]
    [InlineData("bind")]
    public void What_else_a_port_throws_keeps_no_step_from_its_end(string call)
    {
        Refuse(call, () => new InvalidTimeZoneException("once"));
        _fabric.RouteCache!.Trigger(_virq);
        Assert.Throws<InvalidTimeZoneException>(() => _fabric.Drain(_ports));
        Assert.False(_fabric.Carrier.InFlight);
        AssertGoesOn(wasLost: call == "signal");
    }

    /// <summary>The resample eventfd is one half of an acknowledge; its failure leaves no other half behind.</summary>
    [Fact]
    public void A_resample_eventfd_that_cannot_be_written_leaves_nothing_in_flight()
    {
        VirqHandle line = _fabric.ConnectVirq(20, "disk", VirqKind.Level);
        _fabric.RouteCache!.AttachResample(line, new EventFd(8));
        _fabric.IoApics[0].WriteEntry(20, RedirectionEntry.Create(0x51, 0, level: true), _fabric.Events);
        Refuse("write 8", () => new InvalidTimeZoneException("once"));
        for (int i = 0; i < 2; i++)
        {
            _fabric.RouteCache.Trigger(line);
            _fabric.Drain(_ports);
            _fabric.Eoi(0x51);
            if (i == 0)
                Assert.Throws<InvalidTimeZoneException>(() => _fabric.Drain(_ports));
            else
                _fabric.Drain(_ports);
            Assert.False(_fabric.Carrier.InFlight);
        }
        Assert.Contains("write 8", _kernel.Take());
    }

    /// <summary>One rule for a drain and a host: what a port throws makes its own call refused, and no other.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_holder_hears_an_acknowledge_though_its_resample_eventfd_cannot_be_written(bool byHost)
    {
        var heard = new Heard();
        FabricPorts ports = _ports with { Acks = heard };
        VirqHandle line = _fabric.ConnectVirq(20, "disk", VirqKind.Level);
        _fabric.RouteCache!.AttachResample(line, new EventFd(8));
        _fabric.IoApics[0].WriteEntry(20, RedirectionEntry.Create(0x51, 0, level: true), _fabric.Events);
        _fabric.RouteCache.Trigger(line);
        _fabric.Drain(ports);
        Refuse("write 8", () => new InvalidTimeZoneException("once"));
        if (byHost)
            Assert.Throws<InvalidTimeZoneException>(() => new FabricHost(_fabric, ports).Eoi(0, 0x51));
        else
        {
            _fabric.Eoi(0x51);
            Assert.Throws<InvalidTimeZoneException>(() => _fabric.Drain(ports));
        }
        Assert.Equal(_fabric.RouteCache.SourceOf(line), Assert.Single(heard.Sources));
    }

    private sealed class Heard : IAckPort
    {
        internal List<int> Sources { get; } = [];

        public void Acknowledged(int source, uint generation) => Sources.Add(source);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_an_observer_says_of_the_host_is_thrown_when_the_rest_has_run(bool byHost)
    {
        int seen = 0;
        _observed = e =>
        {
            if (e.Kind == EventKind.VirqInjected && seen++ == 0)
                throw new KernelException("write", 28, -1, "the disk is full");
        };
        FabricPorts ports = _ports with { Observer = this };
        KernelException full = byHost
            ? Assert.Throws<KernelException>(() => new FabricHost(_fabric, ports).Do(fabric => fabric.RouteCache!.Trigger(_virq)))
            : Assert.Throws<KernelException>(() =>
            {
                _fabric.RouteCache!.Trigger(_virq);
                _fabric.Drain(ports);
            });
        Assert.Equal("write", full.Call);
        Assert.Equal(["signal 0x41", "unwatch 7", "commit 1", "bind 7 to 48"], _kernel.Take());
    }

    [Fact]
    public void A_fork_that_is_made_before_an_answer_asks_again()
    {
        Fabric? fork = null;
        _kernel.Before = call => fork ??= call == "commit 1" ? _fabric.Fork() : null;
        _fabric.RouteCache!.Trigger(_virq);
        _fabric.Drain(_ports);
        Assert.True(fork!.Carrier.InFlight);
        var kernel = new FakeKernel();
        fork.Drain(PortsOf.One(kernel));
        Assert.Equal(["commit 1", "bind 7 to 48"], kernel.Take());
        Assert.Equal(0x41, Assert.Single(kernel.Table).Message.Vector);
        Assert.Equal(_fabric.Identity(), fork.Identity());
    }

    [Fact]
    public void Draining_from_within_an_effect_or_an_observer_only_queues()
    {
        int depth = 0, deepest = 0;
        List<EventKind> seen = [];
        _fabric.Events.Observing = true;
        _observed = e =>
        {
            seen.Add(e.Kind);
            deepest = Math.Max(deepest, ++depth);
            _fabric.Drain(_ports);
            depth--;
        };
        _kernel.Before = _ => _fabric.Drain(_ports);
        _fabric.RouteCache!.Trigger(_virq);
        _fabric.Drain(_ports with { Observer = this });
        Assert.Equal(1, deepest);
        Assert.Equal(1, seen.Count(kind => kind == EventKind.VirqInjected));
        Assert.Equal(["signal 0x41", "unwatch 7", "commit 1", "bind 7 to 48"], _kernel.Take());
        Assert.Equal(0, _fabric.Events.Count);
    }

    [Fact]
    public void An_observer_that_throws_hears_of_an_event_once_and_it_is_carried_out()
    {
        int seen = 0;
        _observed = e =>
        {
            if (e.Kind == EventKind.VirqInjected && seen++ == 0)
                throw new InvalidTimeZoneException("once");
        };
        _fabric.RouteCache!.Trigger(_virq);
        Assert.Throws<InvalidTimeZoneException>(() => _fabric.Drain(_ports with { Observer = this }));
        _fabric.Drain(_ports with { Observer = this });
        Assert.Equal(1, seen);
        Assert.Single(_kernel.Signalled);
    }

    /// <summary>While one thread commits a table to the kernel, another drains the fabric under the lock. This leaves
    /// the commit to the host, and the kernel's table does not change.</summary>
    [Fact]
    public void A_fabric_that_a_host_has_is_drained_by_the_host_alone()
    {
        var host = new FabricHost(_fabric, _ports);
        bool asked = false;
        _kernel.Before = call =>
        {
            if (call != "commit 1" || asked)
                return;
            asked = true;
            host.Do(fabric => fabric.Drain(_ports));
        };
        host.Do(fabric => fabric.RouteCache!.Trigger(_virq));
        Assert.True(asked);
        Assert.Equal(0x41, Assert.Single(_kernel.Table).Message.Vector);
        Assert.Equal(["signal 0x41", "unwatch 7", "commit 1", "bind 7 to 48"], _kernel.Take());
        Assert.Equal(VirqState.Hot, host.Do(fabric => fabric.RouteCache!.StateOf(_virq)));
    }

    void IEventObserver.Observe(in Event happened) => _observed?.Invoke(happened);

    private void Refuse(string call, Func<Exception> failure)
    {
        bool once = false;
        _kernel.Before = asked =>
        {
            if (once || !asked.StartsWith(call, StringComparison.Ordinal))
                return;
            once = true;
            throw failure();
        };
    }

    /// <summary>The next interrupts are served, by userspace or by the kernel, and a table can be committed.</summary>
    private void AssertGoesOn(bool wasLost)
    {
        _fabric.Drain(_ports);
        Assert.Equal(wasLost ? 0 : 1, _kernel.Signalled.Count);
        _fabric.RouteCache!.Trigger(_virq);
        _fabric.Drain(_ports);
        Assert.Equal(wasLost ? 1 : 2, _kernel.Signalled.Count);
        VirqHandle other = _fabric.RouteCache.Register("other", 0x10);
        _fabric.RouteCache.Attach(other, new EventFd(9));
        _fabric.RouteCache.SetMessage(other, Fixed);
        _fabric.RouteCache.Trigger(other);
        _fabric.Drain(_ports);
        Assert.Equal(VirqState.Hot, _fabric.RouteCache.StateOf(other));
    }
}
