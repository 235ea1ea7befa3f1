namespace Wirq.Lab.Kernels;

/// <summary>Counters of the calls to a kernel and of its actions. They are not state of the machine: forks start at
/// zero.</summary>
internal sealed class KernelFigures
{
    private readonly long[] _injections;

    internal KernelFigures(int gsis) => _injections = new long[gsis];

    /// <summary>Calls through its ports, failed ones included.</summary>
    public long PortCalls { get; internal set; }
    /// <summary>Tables that were committed.</summary>
    public long Commits { get; internal set; }
    /// <summary>Rows of all of them.</summary>
    public long RowsCommitted { get; internal set; }
    /// <summary>Messages sent past the table.</summary>
    public long MessagesSignalled { get; internal set; }
    /// <summary>EOIs that were reported to userspace.</summary>
    public long EoiExits { get; internal set; }
    /// <summary>Signals that the kernel consumed and dropped, because their GSI had no route.</summary>
    public long Routeless { get; internal set; }

    /// <summary>The number of injections of a GSI by its irqfd.</summary>
    /// <param name="gsi">Any number; the result is 0 if it is not a GSI.</param>
    public long InjectionsOf(int gsi) => (uint)gsi < (uint)_injections.Length ? _injections[gsi] : 0;

    /// <summary>All injections through irqfds.</summary>
    public long Injections { get; private set; }

    internal void CountInjection(int gsi)
    {
        _injections[gsi]++;
        Injections++;
    }
}
