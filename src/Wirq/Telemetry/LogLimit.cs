using System.Numerics;

namespace Wirq.Telemetry;

/// <summary>How often something of one kind happened, and whether this time is worth a line: the 1st, the 2nd, the 4th, the
/// 8th, … are. A guest can do the same for ever, and then writes 64 lines in all. No clock decides, so the same history
/// logs the same.</summary>
internal struct LogLimit
{
    private ulong _count;

    /// <summary>How often it happened.</summary>
    internal readonly ulong Count => _count;

    /// <summary>Counts one more.</summary>
    internal bool Tells()
    {
        _count += _count < ulong.MaxValue ? 1u : 0;
        return BitOperations.IsPow2(_count);
    }
}
