using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>Which part of a stream is drawn.</summary>
internal sealed record PictureOptions
{
    /// <summary>The most spans, instants and arrows that are kept: the last ones.</summary>
    public int Most { get; init; } = 1 << 16;
    /// <summary>The most lanes.</summary>
    public int MostLanes { get; init; } = 2048;
    /// <summary>Where the picture begins; null for the beginning.</summary>
    public Place? From { get; init; }
    /// <summary>Where the picture ends; null for the end.</summary>
    public Place? To { get; init; }
}
