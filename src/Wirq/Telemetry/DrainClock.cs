using System.Diagnostics.Metrics;

namespace Wirq.Telemetry;

// The one place of the fabric with a clock: how long a host takes to carry effects out is of its own time, not of the
// machine's, and nothing in the machine depends on it.
#pragma warning disable RS0030

/// <summary>Times the drains of a host, while somebody listens.</summary>
internal sealed class DrainClock(Meter meter, TimeProvider? clock)
{
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly Histogram<double> _drains = meter.CreateHistogram<double>("wirq.drain.duration", "s",
        "Time from the taking of the drain token to its return.", tags: null, new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 1e-2, 1e-1, 1],
        });

    /// <summary>A drain begins.</summary>
    /// <returns>To be given to <see cref="End"/>; negative while nobody listens.</returns>
    internal long Begin() => _drains.Enabled ? _clock.GetTimestamp() : -1;

    /// <summary>A drain ends.</summary>
    internal void End(long began)
    {
        if (began >= 0)
            _drains.Record((_clock.GetTimestamp() - began) / (double)_clock.TimestampFrequency);
    }
}
