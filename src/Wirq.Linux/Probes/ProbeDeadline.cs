using System.Diagnostics;

namespace Wirq.Linux.Probes;

/// <summary>When a probe must be over.</summary>
internal readonly record struct ProbeDeadline(long End)
{
    /// <summary>So long from now.</summary>
    internal static ProbeDeadline In(TimeSpan bound) =>
        new(Stopwatch.GetTimestamp() + (long)(bound.TotalSeconds * Stopwatch.Frequency));

    /// <summary>How long there is; not negative.</summary>
    internal TimeSpan Left
    {
        get
        {
            long now = Stopwatch.GetTimestamp();
            return now < End ? Stopwatch.GetElapsedTime(now, End) : TimeSpan.Zero;
        }
    }

    /// <summary>Ends the probe where its time has passed.</summary>
    internal void ThrowIfPassed()
    {
        if (Left == TimeSpan.Zero)
            throw new TimeoutException("its time has passed");
    }
}

/// <summary>A probe cannot be carried out.</summary>
internal sealed class ProbeException(string message) : Exception(message);
