namespace Wirq;

/// <summary>How much of a source's level is visible.</summary>
public enum SourceKind : byte
{
    /// <summary>It pulses: no level lasts.</summary>
    Edge,
    /// <summary>A level whose rise and fall are visible.</summary>
    Wired,
    /// <summary>A level of which only the rise is visible (an eventfd, a flag in guest memory). So an acknowledge
    /// lowers it, and the device must raise it again if it still needs service.</summary>
    Sampled,
}
