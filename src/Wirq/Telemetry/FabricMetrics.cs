using System.Diagnostics.Metrics;
using Wirq.Events;
using Wirq.Host;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Telemetry;

/// <summary>Counts what a machine does, on the meter <c>Wirq</c>. It only looks.</summary>
/// <remarks>
/// <para><b>Hot interrupts are not counted.</b> The kernel serves them alone: no code of ours runs, so nobody here can count
/// them. <c>wirq.virqs</c> says how many virqs are hot; the kernel's own statistics count their interrupts.</para>
/// <para>Names and units follow OpenTelemetry's conventions; docs/embedding.md lists them. The values of each tag are those of
/// an enumeration, whatever a guest does.</para>
/// <para><see cref="TelemetryHostBuilder.UseMetrics"/> adds one to a host. While nobody listens to an instrument, a host makes no
/// observations for it, and a drain is not timed. A listener that comes later is noticed with the next effects. A fabric
/// without a host has it as its <see cref="FabricPorts.Observer"/>, with <see cref="EventBuffer.Observing"/> set. Then nothing
/// measures drains, virqs, routes in use and the queue.</para>
/// <para>Not thread-safe: events come one at a time, in order. Listeners may come and go on any thread.</para>
/// </remarks>
#pragma warning disable RS0030 // The clock goes on to DrainClock, which says why there is one.
public sealed class FabricMetrics : IHostMeter, IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Wirq";

    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Counter<long> _interrupts, _refused, _triggered, _commits, _reclaimed, _invalidations, _faults, _storms, _misuse, _failures;
    private readonly Histogram<long> _committed, _touched;
    private readonly Instrument[] _observing;
    private readonly DrainClock _clock;
    private FabricHost? _host;
    private bool _kernel;

    /// <summary>Makes the instruments.</summary>
    /// <param name="meters">Makes the meter, and owns it; null for one of its own.</param>
    /// <param name="clock">Times drains; null for the system's clock.</param>
    /// <param name="machine">How the machine is built. A fabric without a host needs it if a kernel has its local APICs: what
    /// that kernel accepts or refuses is counted only then. A host says it itself.</param>
    public FabricMetrics(IMeterFactory? meters = null, TimeProvider? clock = null, FabricOptions? machine = null)
    {
        _kernel = HasKernel(machine);
        _ownsMeter = meters is null;
        _meter = meters?.Create(new MeterOptions(MeterName)) ?? new Meter(MeterName);
        _interrupts = Count("wirq.interrupts", "{interrupt}", "Interrupts that were accepted, but for those that the kernel serves alone.");
        _refused = Count("wirq.interrupts.refused", "{interrupt}", "Interrupts that reached no CPU.");
        _triggered = Count("wirq.virq.triggers", "{interrupt}", "Interrupts of cold virqs, which userspace serves.");
        _commits = Count("wirq.routes.commits", "{commit}", "Replacements of the kernel's route table.");
        _reclaimed = Count("wirq.routes.reclaimed", "{route}", "Routes that went from one virq to another, or that the kernel refused.");
        _invalidations = Count("wirq.remapping.invalidations", "{invalidation}", "Invalidations of remapping entries by the guest.");
        _faults = Count("wirq.remapping.faults", "{fault}", "Messages that a remapping unit blocked.");
        _storms = Count("wirq.storms", "{storm}", "Times that the storm brake held a line.");
        _misuse = Count("wirq.guest.misuse", "{misuse}", "Actions of guests that have no effect; at most 16 a second of virtual time are counted.");
        _failures = Count("wirq.host.failures", "{failure}", "Calls that the host refused.");
        _committed = _meter.CreateHistogram<long>("wirq.routes.committed", "{route}", "Routes in a replaced table.", tags: null, Powers(4096));
        _touched = _meter.CreateHistogram<long>("wirq.remapping.touched", "{route}", "Routes that an invalidation touched.", tags: null, Powers(4096));
        _observing = [_interrupts, _refused, _triggered, _reclaimed, _invalidations, _faults, _storms, _misuse, _touched];
        _clock = new DrainClock(_meter, clock);
        _meter.CreateObservableUpDownCounter("wirq.virqs", VirqsByState, "{virq}", "Virqs by their states.");
        _meter.CreateObservableUpDownCounter("wirq.routes.used", () => OfRoutes(virqs => virqs.Used), "{route}", "GSIs that virqs have.");
        _meter.CreateObservableUpDownCounter("wirq.routes.limit", () => OfRoutes(virqs => virqs.Budget), "{route}", "GSIs that virqs can have.");
        _meter.CreateObservableUpDownCounter("wirq.routes.waiting", () => OfRoutes(virqs => virqs.Waiting), "{virq}", "Virqs that wait for a route.");
        _meter.CreateObservableUpDownCounter("wirq.queue.length", QueueLength, "{event}", "Effects that wait to be carried out.");
    }

    /// <inheritdoc/>
    public bool Observes(in Event happened) => happened.Kind switch
    {
        EventKind.MessageAccepted or EventKind.PinAccepted or EventKind.VectorAccepted or EventKind.PicTaken => _interrupts.Enabled,
        EventKind.VirqAnswered => _interrupts.Enabled || _refused.Enabled,
        EventKind.MessageRefused or EventKind.PinRefused => _refused.Enabled,
        EventKind.VirqTriggered => _triggered.Enabled,
        EventKind.RoutesCommitted => _commits.Enabled || _committed.Enabled,
        EventKind.VirqReclaimed => _reclaimed.Enabled,
        EventKind.RemapInvalidationDone => _invalidations.Enabled || _touched.Enabled,
        EventKind.RemapFaulted => _faults.Enabled,
        EventKind.StormBraked => _storms.Enabled,
        EventKind.GuestMisuse => _misuse.Enabled,
        _ => false,
    };

    /// <inheritdoc/>
    public void Observe(in Event happened)
    {
        switch (happened.Kind)
        {
            case EventKind.MessageAccepted:
                Accept(happened.Origin.Kind, MessageAccepted.Of(happened).Cpus == 0);
                break;
            // If the local APICs are the fabric's own, the message's event tells of it.
            case EventKind.PinAccepted when _kernel:
                Accept(OriginKind.Pin, byKernel: true);
                break;
            case EventKind.VectorAccepted when happened.Origin.Kind == OriginKind.Local:
                Accept(OriginKind.Local, byKernel: false);
                break;
            case EventKind.PicTaken when PicTaken.Of(happened) is { Spurious: false, ByPoll: false }:
                _interrupts.Add(1, MetricTags.Source(OriginKind.Pic), MetricTags.ByExtInt);
                break;
            case EventKind.VirqAnswered:
                AnswerVirq(happened);
                break;
            case EventKind.MessageRefused when happened.Origin.Kind != OriginKind.Pin:
                Refuse(happened.Origin.Kind, happened.Reason);
                break;
            case EventKind.PinRefused:
                Refuse(OriginKind.Pin, happened.Reason);
                break;
            case EventKind.VirqTriggered:
                _triggered.Add(1, MetricTags.Trigger(VirqTriggered.Of(happened).ByEventFd));
                break;
            case EventKind.RoutesCommitted:
                _commits.Add(1);
                _committed.Record(happened.Index);
                break;
            case EventKind.VirqReclaimed:
                _reclaimed.Add(1);
                break;
            case EventKind.RemapInvalidationDone:
                _invalidations.Add(1);
                _touched.Record(happened.Index);
                break;
            case EventKind.RemapFaulted:
                _faults.Add(1);
                break;
            case EventKind.StormBraked:
                _storms.Add(1);
                break;
            case EventKind.GuestMisuse:
                _misuse.Add(1, MetricTags.What(GuestMisuse.Of(happened).What));
                break;
        }
    }

    /// <inheritdoc/>
    public void Failed(KernelException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        _failures.Add(1, MetricTags.Error(failure.Errno));
    }

    /// <summary>Ends the instruments, unless a factory made the meter.</summary>
    public void Dispose()
    {
        if (_ownsMeter)
            _meter.Dispose();
    }

    bool IHostMeter.WantsObservations
    {
        get
        {
            foreach (Instrument instrument in _observing)
            {
                if (instrument.Enabled)
                    return true;
            }
            return false;
        }
    }

    void IHostMeter.Attach(FabricHost host)
    {
        if (_host is { } other && other != host)
            throw new InvalidOperationException($"this {nameof(FabricMetrics)} shows another host; each host needs one of its own");
        _kernel = HasKernel(host.Options);
        Volatile.Write(ref _host, host);
    }

    long IHostMeter.DrainBegins() => _clock.Begin();
    void IHostMeter.DrainEnds(long began) => _clock.End(began);

    private static bool HasKernel(FabricOptions? machine) => machine?.Routing?.Kernel is not null;

    private void Accept(OriginKind source, bool byKernel) =>
        _interrupts.Add(1, MetricTags.Source(source), byKernel ? MetricTags.ByKernel : MetricTags.ByLocalApic);

    private void Refuse(OriginKind source, RefusalReason reason) =>
        _refused.Add(1, MetricTags.Source(source), MetricTags.Reason(reason));

    /// <summary>If the local APICs are the fabric's own, the event of the message tells of what reached them.</summary>
    private void AnswerVirq(in Event answered)
    {
        bool reached = answered.Message.Bits != 0;
        if (answered.Reason != RefusalReason.None && (_kernel || !reached))
            Refuse(OriginKind.Device, answered.Reason);
        else if (answered.Reason == RefusalReason.None && _kernel && reached)
            Accept(OriginKind.Device, byKernel: true);
    }

    private Counter<long> Count(string name, string unit, string what) => _meter.CreateCounter<long>(name, unit, what);

    private static InstrumentAdvice<long> Powers(int most)
    {
        var boundaries = new List<long>();
        for (int boundary = 1; boundary <= most; boundary *= 4)
            boundaries.Add(boundary);
        return new InstrumentAdvice<long> { HistogramBucketBoundaries = boundaries };
    }

    private IEnumerable<Measurement<long>> VirqsByState()
    {
        if (Volatile.Read(ref _host) is not { } host)
            return [];
        long[] counts = host.Ask(static fabric => fabric.RouteCache?.CountStates() ?? []);
        return counts.Select((count, state) => new Measurement<long>(count, MetricTags.State((VirqState)state))).Skip((int)VirqState.Free + 1);
    }

    private Measurement<long> OfRoutes(Func<RouteCache, int> value) =>
        new(Volatile.Read(ref _host)?.Ask(fabric => fabric.RouteCache is { } virqs ? value(virqs) : 0) ?? 0);

    private long QueueLength() => Volatile.Read(ref _host)?.Ask(static fabric => fabric.Events.Count) ?? 0;
}
