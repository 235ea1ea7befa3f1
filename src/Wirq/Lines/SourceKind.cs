namespace Wirq;

/// <summary>How much is known of a source's level.</summary>
public enum SourceKind : byte
{
    /// <summary>It pulses: no level lasts.</summary>
    Edge,
    /// <summary>A level that is seen to rise and to fall.</summary>
    Wired,
    /// <summary>A level that is only told of when it rises (an eventfd, a flag in guest memory). Nobody sees it fall, so
    /// an acknowledge drops it and the device is asked to raise it again.</summary>
    Sampled,
}
