using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>What is drawn: lanes, and what lasted or happened in them. Every format is written from this.</summary>
internal sealed record Picture
{
    /// <summary>What was recorded: a scenario, a log.</summary>
    public required string Subject { get; init; }
    /// <summary>The lanes, in the order in which they are drawn.</summary>
    public IReadOnlyList<Lane> Lanes { get; init; } = [];
    /// <summary>The states, in the order of their ends; those that last at the end come last.</summary>
    public IReadOnlyList<Span> Spans { get; init; } = [];
    /// <summary>The instants, in order.</summary>
    public IReadOnlyList<Instant> Instants { get; init; } = [];
    /// <summary>The arrows, in the order of their effects.</summary>
    public IReadOnlyList<Arrow> Arrows { get; init; } = [];
    /// <summary>The answers of <c>why</c>.</summary>
    public required IReadOnlyList<OwedMark> Owed { get; init; }
    /// <summary>The verdict of <c>why</c>, in one sentence.</summary>
    public required string Verdict { get; init; }
    /// <summary>The word of the verdict, as <c>why --json</c> has it.</summary>
    public required string State { get; init; }
    /// <summary>What limits the picture or the answers: what was left out and where, where log and chips differ, what a log
    /// does not tell.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
    /// <summary>Where each event is drawn.</summary>
    public DrawnClock Clock { get; init; } = new([]);
    /// <summary>How places are written.</summary>
    public required Stamps Stamps { get; init; }
    /// <summary>Why nothing of the input is in the window that was asked for; null where something is.</summary>
    public string? Missed { get; init; }
    /// <summary>Where the picture begins and ends.</summary>
    public (Mark First, Mark Last) Ends { get; init; }

    /// <summary>Where a span begins in the picture.</summary>
    internal long Begin(in Span span) => Clock.At(span.Begin);

    /// <summary>Where a span ends in the picture.</summary>
    internal long End(in Span span) => span.End is { } end ? Clock.At(end) : Until;

    /// <summary>Up to where what lasts is drawn: what begins at the last place has a length too.</summary>
    internal long Until => Clock.At(Ends.Last) is < long.MaxValue and var last ? last + 1 : long.MaxValue;
}
