using Wirq.Linux.Interop;

namespace Wirq.Linux.Files;

/// <summary>How many descriptors this process may have open (RLIMIT_NOFILE).</summary>
internal static class DescriptorLimit
{
    /// <summary>Raises the limit as far as the host allows without a privilege, like the managed runtime does at its start; a
    /// natively compiled program starts with the limit of its shell.</summary>
    /// <returns>The limit now; <see cref="ulong.MaxValue"/> if it cannot be determined.</returns>
    internal static ulong Raise()
    {
        if (Libc.GetLimit(ResourceLimit.Descriptors, out ResourceLimit limit) < 0)
            return ulong.MaxValue;
        if (limit.Soft >= limit.Hard)
            return limit.Soft;
        var raised = limit with { Soft = limit.Hard };
        return Libc.SetLimit(ResourceLimit.Descriptors, raised) < 0 ? limit.Soft : limit.Hard;
    }
}
