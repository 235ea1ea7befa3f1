using System.Diagnostics;

namespace Wirq.Linux.Probes;

/// <summary>The latest end of a probe.</summary>
internal readonly record struct ProbeDeadline(long End)
{
    /// <summary>The deadline after a time from now.</summary>
    internal static ProbeDeadline In(TimeSpan bound) =>
        new(Stopwatch.GetTimestamp() + (long)(bound.TotalSeconds * Stopwatch.Frequency));

    /// <summary>The time that is left; not negative.</summary>
    internal TimeSpan Left
    {
        get
        {
            long now = Stopwatch.GetTimestamp();
            return now < End ? Stopwatch.GetElapsedTime(now, End) : TimeSpan.Zero;
        }
    }

    /// <summary>Ends the probe if its deadline has passed.</summary>
    internal void ThrowIfPassed()
    {
        if (Left == TimeSpan.Zero)
            throw new TimeoutException("its time has passed");
    }
}

/// <summary>A probe cannot be carried out.</summary>
internal sealed class ProbeException(string message) : Exception(message);
