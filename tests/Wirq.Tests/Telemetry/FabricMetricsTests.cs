using System.Diagnostics.Metrics;
using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Routing;
using Wirq.State;
using Wirq.Telemetry;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Telemetry;

/// <summary>What is counted, once each; and that nothing is done for what nobody listens to.</summary>
public sealed class FabricMetricsTests : IDisposable
{
    private const int Pin = 20;
    private static readonly EventFd Trigger = new(7);

    private readonly FakeKernel _kernel = new();
    private readonly Meters _meters = new();
    private readonly SortedDictionary<string, double> _sums = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Clock _clock = new();

    public void Dispose()
    {
        _listener.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public void Interrupts_by_source_and_road_where_the_local_APICs_are_the_fabrics()
    {
        Listen();
        using var metrics = new FabricMetrics(_meters);
        FabricHost host = Own(metrics);
        host.Do(fabric => fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF));
        host.Do(fabric => Program(fabric, level: false));
        using HostSource disk = host.Connect(Pin, "disk");
        disk.Pulse();
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        host.Do(fabric => fabric.TryWrite(0, 0xFEE00300, 4, 0x40042));
        using Virq net = host.Register("net", 0x10);
        net.SetMessage(new Wirq.Msi(0xFEE00000, 0x43));
        net.Trigger();
        net.Trigger();
        host.Do(fabric => fabric.TryWrite(0, 0xFEE00320, 4, 0x44));
        host.Do(fabric => fabric.TryWrite(0, 0xFEE00380, 4, 1));
        host.Advance(1_000_000);
        Assert.Equal(1, Sum("wirq.interrupts wirq.road=local_apic wirq.source=pin"));
        Assert.Equal(3, Sum("wirq.interrupts wirq.road=local_apic wirq.source=device"));
        Assert.Equal(1, Sum("wirq.interrupts wirq.road=local_apic wirq.source=ipi"));
        Assert.Equal(1, Sum("wirq.interrupts wirq.road=local_apic wirq.source=local"));
        Assert.Equal(2, Sum("wirq.virq.triggers wirq.trigger=call"));
        Assert.Equal(0, Sum("wirq.interrupts.refused"));
    }

    [Fact]
    public void Metrics_of_one_host_are_refused_by_another()
    {
        using var metrics = new FabricMetrics(_meters);
        Own(metrics);
        Assert.Throws<InvalidOperationException>(() => Split(metrics));
    }

    [Fact]
    public void Interrupts_that_go_to_a_kernel_and_routes()
    {
        Listen();
        using var metrics = new FabricMetrics(_meters);
        FabricHost host = Split(metrics);
        host.Do(fabric => Program(fabric, level: true));
        using HostSource disk = host.Connect(Pin, "disk");
        disk.Raise();
        using Virq net = host.Register("net", 0x10, Trigger);
        net.SetMessage(new Wirq.Msi(0xFEE00000, 0x41));
        host.EventArrived(_kernel.DeviceWrites(Trigger));
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        Assert.Equal(1, Sum("wirq.interrupts wirq.road=kernel wirq.source=pin"));
        Assert.Equal(2, Sum("wirq.interrupts wirq.road=kernel wirq.source=device"));
        Assert.Equal(1, Sum("wirq.virq.triggers wirq.trigger=eventfd"));
        Assert.Equal(2, Sum("wirq.routes.commits"));
        Assert.Equal(1 + 2, Sum("wirq.routes.committed"));
        _listener.RecordObservableInstruments();
        Assert.Equal(1, Sum("wirq.virqs wirq.state=hot"));
        Assert.Equal((1, 80, 0, 0), (Sum("wirq.routes.used"), Sum("wirq.routes.limit"), Sum("wirq.routes.waiting"), Sum("wirq.queue.length")));
        _kernel.Accepts = false;
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        Assert.Equal(1, Sum("wirq.interrupts.refused wirq.reason=kernel wirq.source=device"));
    }

    [Fact]
    public void Refusals_are_counted_once_by_their_reasons()
    {
        Listen();
        using var metrics = new FabricMetrics(_meters);
        FabricHost host = Own(metrics);
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        host.Do(fabric => Program(fabric, level: false));
        using HostSource disk = host.Connect(Pin, "disk");
        disk.Pulse();
        using Virq net = host.Register("net", 0x10), bare = host.Register("bare", 0x11);
        net.SetMessage(new Wirq.Msi(0xFEE00000, 0x43));
        net.Trigger();
        bare.Trigger();
        Assert.Equal(1, Sum("wirq.interrupts.refused wirq.reason=software_disabled wirq.source=pin"));
        Assert.Equal(2, Sum("wirq.interrupts.refused wirq.reason=software_disabled wirq.source=device"));
        Assert.Equal(1, Sum("wirq.interrupts.refused wirq.reason=no_destination wirq.source=device"));
    }

    /// <summary>Where no host says that a kernel has the local APICs, the options do.</summary>
    [Theory]
    [InlineData(true, "wirq.interrupts wirq.road=kernel wirq.source=")]
    [InlineData(false, "wirq.interrupts.refused wirq.reason=kernel wirq.source=")]
    public void Of_a_fabric_without_a_host_what_a_kernel_answers_is_counted(bool accepts, string name)
    {
        Listen();
        _kernel.Accepts = accepts;
        var fabric = new Fabric(FabricOptions.Pc() with { Pic = null, Routing = new RoutingOptions { Virqs = 8, Kernel = _kernel.Limits } });
        using var metrics = new FabricMetrics(_meters, machine: fabric.Options);
        fabric.Events.Observing = true;
        Program(fabric, level: true);
        fabric.Connect(Pin, "disk").Raise();
        VirqHandle virq = fabric.RouteCache!.Register("net", 0x10);
        fabric.RouteCache.SetMessage(virq, new Wirq.Msi(0xFEE00000, 0x41));
        fabric.RouteCache.Trigger(virq);
        fabric.Drain(new FabricPorts { Kernel = _kernel, EventFds = _kernel, Observer = metrics });
        Assert.Equal((1, 1), (Sum(name + "pin"), Sum(name + "device")));
    }

    [Fact]
    public void Invalidations_faults_storms_misuse_and_failures()
    {
        Listen();
        using var metrics = new FabricMetrics(_meters);
        FabricOptions options = FabricOptions.Pc() with { Vtd = new() };
        var fabric = new Fabric(options with { IoApics = [options.IoApics[0] with { StormLimit = 1, StormDelay = 500 }] });
        fabric.Events.Observing = true;
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        Program(fabric, level: true);
        fabric.Connect(Pin, "disk").Raise();
        var ports = new FabricPorts { Observer = metrics };
        fabric.Drain(ports);
        fabric.Take(0);
        fabric.TryWrite(0, 0xFEE000B0, 4, 0);
        fabric.TryWrite(0, 0xFEC00010, 2, 1);
        fabric.TryWrite(0, 0xFED90018, 4, 1u << 25);
        fabric.Send(new Wirq.Msi(MsiAddress.For(0), MsiData.For(0x41)), 0x10);
        fabric.Drain(ports);
        metrics.Failed(new KernelException("KVM_IRQFD", 28, 3, "nothing"));
        metrics.Failed(new KernelException("KVM_IRQFD", 4711, 3, "nothing"));
        Assert.Equal((1, 1, 1), (Sum("wirq.storms"), Sum("wirq.remapping.faults"), Sum("wirq.guest.misuse wirq.misuse=access")));
        Assert.Equal((1, 0), (Sum("wirq.remapping.invalidations"), Sum("wirq.remapping.touched")));
        Assert.Equal((1, 1), (Sum("wirq.host.failures error.type=ENOSPC"), Sum("wirq.host.failures error.type=_OTHER")));
    }

    [Fact]
    public void The_time_of_a_drain_is_that_of_its_calls()
    {
        Listen();
        using var metrics = new FabricMetrics(_meters, _clock);
        FabricHost host = Split(metrics);
        _kernel.Before = _ => _clock.Now += 250;
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        Assert.Equal(250e-9, Sum("wirq.drain.duration"), 12);
    }

    [Fact]
    public void Without_a_listener_nothing_is_observed_and_no_clock_is_read()
    {
        using var metrics = new FabricMetrics(_meters, _clock);
        FabricHost host = Split(metrics);
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        Assert.False(host.Do(fabric => fabric.Events.Observing));
        Assert.Equal(0, _clock.Reads);
        Assert.DoesNotContain(Enum.GetValues<EventKind>(), kind => metrics.Observes(new Event(kind)));
        Listen();
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        Assert.True(host.Do(fabric => fabric.Events.Observing));
        Assert.Equal(2, _clock.Reads);
        _listener.Dispose();
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        Assert.False(host.Do(fabric => fabric.Events.Observing));
        // Who turns them on by hand, keeps them.
        host.Do(fabric => fabric.Events.Observing = true);
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        Assert.True(host.Do(fabric => fabric.Events.Observing));
    }

    /// <summary>Laws need observations, whoever listens to metrics.</summary>
    [Fact]
    public void Laws_that_come_later_keep_their_observations()
    {
        Listen();
        using var metrics = new FabricMetrics(_meters);
        FabricHost host = Split(metrics);
        host.Do(fabric => new LawSet(fabric.Options, fabric.Gsis, new StateArena()));
        _listener.Dispose();
        host.Do(fabric => fabric.Send(new Wirq.Msi(0xFEE00000, 0x41)));
        Assert.True(host.Do(fabric => fabric.Events.Observing));
    }

    [Fact]
    public void A_machine_has_metrics_once()
    {
        using FabricMetrics first = new(_meters), second = new(_meters);
        Assert.Throws<InvalidOperationException>(() => new FabricHostBuilder(FabricOptions.Pc()).UseMetrics(first).UseMetrics(second).Build());
    }

    [Fact]
    public void Counting_allocates_nothing()
    {
        Listen(keep: false);
        using var metrics = new FabricMetrics(_meters);
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.Events.Observing = true;
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        var ports = new FabricPorts { Observer = metrics };
        Assert.Equal(0, Allocations.Of(2000, () =>
        {
            fabric.Send(new Wirq.Msi(MsiAddress.For(0), MsiData.For(0x05)), 0x10);
            fabric.Send(new Wirq.Msi(MsiAddress.For(0), MsiData.For(0x41)), 0x10);
            fabric.Drain(ports);
            fabric.Take(0);
            fabric.TryWrite(0, 0xFEE000B0, 4, 0);
            fabric.Drain(ports);
        }));
    }

    /// <summary>Names and units by OpenTelemetry's conventions, and the page has each.</summary>
    [Fact]
    public void The_page_lists_every_instrument_with_its_unit()
    {
        var published = new List<Instrument>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => published.Add(instrument) };
        using var meters = new Meters();
        using var metrics = new FabricMetrics(meters);
        listener.Start();
        string page = File.ReadAllText(Repository.PathOf("docs/embedding.md"));
        Instrument[] ours = [.. published.Where(instrument => ReferenceEquals(instrument.Meter, meters.Made.Single()))];
        Assert.Equal(18, ours.Length);
        Assert.All(ours, instrument =>
        {
            Assert.Matches("^wirq(\\.[a-z_]+)+$", instrument.Name);
            Assert.Contains($"| `{instrument.Name}` | {instrument.Unit} |", page, StringComparison.Ordinal);
        });
    }

    private double Sum(string name) => _sums.GetValueOrDefault(name);

    private void Listen(bool keep = true)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Made.Contains(instrument.Meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.Start();

        void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (!keep)
                return;
            string name = string.Join(' ', [instrument.Name, .. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal)]);
            _sums[name] = instrument.IsObservable ? value : _sums.GetValueOrDefault(name) + value;
        }
    }

    private static void Program(Fabric fabric, bool level)
    {
        var entry = RedirectionEntry.Create(0x51, 0, level: level);
        foreach ((uint index, uint value) in new[] { (0x11u + Pin * 2, entry.High), (0x10u + Pin * 2, entry.Low) })
        {
            fabric.TryWrite(0, 0xFEC00000, 4, index);
            fabric.TryWrite(0, 0xFEC00010, 4, value);
        }
    }

    private static FabricHost Own(FabricMetrics metrics) => new FabricHostBuilder(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 8 } })
        .UseMetrics(metrics).Build().Host;

    private FabricHost Split(FabricMetrics metrics) => new FabricHostBuilder(FabricOptions.Pc() with
    {
        Pic = null,
        Routing = new RoutingOptions { Virqs = 8, BatchCount = 1, BatchDelay = 0 },
    }).UseKernel(_kernel).UseEventFds(_kernel, edgeTriggered: false).UseMetrics(metrics).Build().Host;

    private sealed class Meters : IMeterFactory
    {
        internal List<Meter> Made { get; } = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            Made.Add(meter);
            return meter;
        }

        public void Dispose() => Made.ForEach(meter => meter.Dispose());
    }

    private sealed class Clock : TimeProvider
    {
        internal long Now { get; set; }
        internal int Reads { get; private set; }

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp()
        {
            Reads++;
            return Now;
        }
    }
}
