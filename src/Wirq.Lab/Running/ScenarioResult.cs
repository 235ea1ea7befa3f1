using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Running;

/// <summary>How a scenario ended.</summary>
public enum Verdict
{
    /// <summary>Everything held, and every historic design was caught.</summary>
    Held,
    /// <summary>A law or an expectation failed, or a historic design was not caught.</summary>
    Failed,
    /// <summary>The host lacks what the scenario needs.</summary>
    HostLacks,
    /// <summary>The host deviates from what the scenario relies on.</summary>
    HostDeviates,
}

/// <summary>How a law fared.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Held">Whether it held.</param>
/// <param name="Detail">The story that broke it; empty where it held.</param>
public sealed record LawResult(string Name, bool Held, string Detail);

/// <summary>How a historic design fared.</summary>
/// <param name="Design">Its name.</param>
/// <param name="Breaks">The law that had to fail, or <c>expectations</c>.</param>
/// <param name="Caught">Whether it did.</param>
/// <param name="Detail">How it failed, or how the world fared instead.</param>
public sealed record HistoricResult(string Design, string Breaks, bool Caught, string Detail)
{
    /// <summary>Whether its run came to an end of its own. One that was cut off, or not begun, catches nothing: what would
    /// have become of it is not known.</summary>
    public bool Finished { get; init; } = true;
}

/// <summary>How a scenario fared.</summary>
public sealed record ScenarioResult
{
    /// <summary>What was run.</summary>
    public required Scenario Scenario { get; init; }
    /// <summary>How it ended.</summary>
    public required Verdict Verdict { get; init; }
    /// <summary>The laws.</summary>
    public required IReadOnlyList<LawResult> Laws { get; init; }
    /// <summary>The historic designs.</summary>
    public required IReadOnlyList<HistoricResult> Historic { get; init; }
    /// <summary>What was expected and not found.</summary>
    public required IReadOnlyList<Failure> Failures { get; init; }
    /// <summary>Interrupts that CPUs took again and again.</summary>
    public IReadOnlyList<Storm> Storms { get; init; } = [];
    /// <summary>What the host lacks; empty for the simulation.</summary>
    public IReadOnlyList<string> Lacks { get; init; } = [];
    /// <summary>Where the host deviates: its probes, by name; empty for the simulation.</summary>
    public IReadOnlyList<string> Deviations { get; init; } = [];
    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; init; }
    /// <summary>What happened, for a failing one.</summary>
    internal Timeline? Timeline { get; init; }
}
