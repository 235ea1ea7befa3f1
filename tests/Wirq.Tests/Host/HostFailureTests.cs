using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>A port throws an exception that is not a failure of the host: the step is still completed.</summary>
public sealed class HostFailureTests : IEventObserver, ICpuPort
{
    private static readonly EventFd Trigger = new(7);

    private readonly FakeKernel _kernel = new();
    private Action<Event>? _observed;

    [Fact]
    public void A_commit_that_throws_counts_as_refused_and_the_next_one_is_done()
    {
        FabricHost host = Host();
        using Virq virq = Message(host);
        _kernel.Before = call =>
        {
            if (call.StartsWith("commit", StringComparison.Ordinal))
                throw new InvalidTimeZoneException("once");
        };
        Assert.Throws<InvalidTimeZoneException>(() => host.EventArrived(_kernel.DeviceWrites(Trigger)));
        _kernel.Before = null;
        host.Advance(0);
        Assert.NotEqual(VirqState.Hot, virq.State);
        host.EventArrived(_kernel.DeviceWrites(Trigger));
        Assert.Equal(VirqState.Hot, virq.State);
        Assert.Equal(2, _kernel.Signalled.Count);
    }

    [Fact]
    public void An_observer_that_throws_does_not_keep_the_effect_from_being_carried_out()
    {
        FabricHost host = Host();
        using Virq virq = Message(host);
        int seen = 0;
        _observed = e =>
        {
            if (e.Kind == EventKind.VirqInjected && seen++ == 0)
                throw new InvalidTimeZoneException("once");
        };
        Assert.Throws<InvalidTimeZoneException>(virq.Trigger);
        host.Advance(0);
        Assert.Equal(1, seen);
        Assert.Single(_kernel.Signalled);
    }

    [Fact]
    public void An_acknowledge_that_throws_is_heard_by_the_others_too()
    {
        FabricHost host = Host();
        int heard = 0;
        using HostSource first = host.Connect(20, "first", acknowledged: () => throw new InvalidTimeZoneException("always"));
        using HostSource second = host.Connect(20, "second", acknowledged: () => heard++);
        host.TryWrite(0, 0xFEC00000, 4, 0x38);
        host.TryWrite(0, 0xFEC00010, 4, RedirectionEntry.Create(0x51, 0, level: true).Low);
        first.Raise();
        first.Lower();
        Assert.Throws<InvalidTimeZoneException>(() => host.Eoi(0, 0x51));
        host.Advance(0);
        Assert.Equal(1, heard);
    }

    [Fact]
    public void A_cpu_that_throws_is_not_asked_again()
    {
        var fabric = new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 4 } });
        var host = new FabricHost(fabric, new FabricPorts { Cpus = this });
        host.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        var message = Msi.Encode(InterruptMessage.Create(0, DeliveryMode.Nmi, 0));
        Assert.Throws<InvalidTimeZoneException>(() => host.Do(machine => machine.Send(message)));
        host.Advance(0);
        Assert.Equal(1, _nmis);
    }

    [Fact]
    public void An_eventfd_is_refused_where_nobody_polls_any_and_nothing_is_registered()
    {
        var host = new FabricHost(new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 1 } }));
        Assert.Contains("FabricPorts.EventFds", Assert.Throws<InvalidOperationException>(
            () => host.Register("device", 0x10, Trigger)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => host.RegisterOnLine("disk", 20, resample: Trigger));
        using Virq virq = host.Register("device", 0x10);
        Assert.Throws<InvalidOperationException>(() => virq.Attach(Trigger));
        virq.Attach(EventFd.None);
    }

    private int _nmis;

    void IEventObserver.Observe(in Event happened) => _observed?.Invoke(happened);
    void ICpuPort.Interrupt(int cpu) { }
    void ICpuPort.Smi(int cpu) { }
    void ICpuPort.Init(int cpu) { }
    void ICpuPort.StartUp(int cpu, byte vector) { }

    void ICpuPort.Nmi(int cpu)
    {
        _nmis++;
        throw new InvalidTimeZoneException("once");
    }

    private FabricHost Host()
    {
        var fabric = new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 16, BatchCount = 1, BatchDelay = 0, Kernel = _kernel.Limits },
            Pic = null,
        });
        return new FabricHost(fabric, PortsOf.One(_kernel) with { Observer = this });
    }

    private static Virq Message(FabricHost host)
    {
        Virq virq = host.Register("device", 0x10, Trigger);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0)));
        return virq;
    }
}
