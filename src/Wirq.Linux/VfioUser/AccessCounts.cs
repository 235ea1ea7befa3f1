namespace Wirq.Linux.VfioUser;

/// <summary>What clients asked of a function beside its interrupts.</summary>
public sealed class AccessCounts
{
    /// <summary>Reads of its registers, each of which came as a message.</summary>
    public long RegisterReads { get; internal set; }
    /// <summary>Writes of its registers.</summary>
    public long RegisterWrites { get; internal set; }
    /// <summary>Reads of its MSI-X table and pending bits.</summary>
    public long TableReads { get; internal set; }
    /// <summary>Writes of its MSI-X table and pending bits.</summary>
    public long TableWrites { get; internal set; }
    /// <summary>Reads of its configuration space.</summary>
    public long ConfigReads { get; internal set; }
    /// <summary>Writes of its configuration space.</summary>
    public long ConfigWrites { get; internal set; }
    /// <summary>Resets.</summary>
    public long Resets { get; internal set; }
    /// <summary>Requests that were answered with an error.</summary>
    public long Refused { get; internal set; }
    /// <summary>Clients that connected.</summary>
    public long Connections { get; internal set; }
}
