using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Running;

/// <summary>How a scenario ended.</summary>
public enum Verdict
{
    /// <summary>All laws and expectations held, and every historic design was caught.</summary>
    Held,
    /// <summary>A law or an expectation failed, or a historic design was not caught.</summary>
    Failed,
    /// <summary>The host lacks what the scenario needs.</summary>
    HostLacks,
    /// <summary>The host deviates from behaviour that the scenario needs.</summary>
    HostDeviates,
}

/// <summary>The result of a law.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Held">Whether it held.</param>
/// <param name="Detail">The events that broke it; empty if it held.</param>
public sealed record LawResult(string Name, bool Held, string Detail);

/// <summary>The result of a historic design.</summary>
/// <param name="Design">Its name.</param>
/// <param name="Breaks">The law that had to fail, or <c>expectations</c>.</param>
/// <param name="Caught">Whether it failed.</param>
/// <param name="Detail">How it failed, or what happened instead.</param>
public sealed record HistoricResult(string Design, string Breaks, bool Caught, string Detail)
{
    /// <summary>Whether its run ended by itself. A run that was cut off or not started catches no design: its outcome
    /// is not known.</summary>
    public bool Finished { get; init; } = true;
}

/// <summary>The result of a scenario.</summary>
public sealed record ScenarioResult
{
    /// <summary>The scenario.</summary>
    public required Scenario Scenario { get; init; }
    /// <summary>How it ended.</summary>
    public required Verdict Verdict { get; init; }
    /// <summary>The laws.</summary>
    public required IReadOnlyList<LawResult> Laws { get; init; }
    /// <summary>The historic designs.</summary>
    public required IReadOnlyList<HistoricResult> Historic { get; init; }
    /// <summary>The expectations that failed.</summary>
    public required IReadOnlyList<Failure> Failures { get; init; }
    /// <summary>Interrupts that CPUs took repeatedly.</summary>
    public IReadOnlyList<Storm> Storms { get; init; } = [];
    /// <summary>The features that the host lacks; empty for the simulation.</summary>
    public IReadOnlyList<string> Lacks { get; init; } = [];
    /// <summary>The probes that found deviations of the host, by name; empty for the simulation.</summary>
    public IReadOnlyList<string> Deviations { get; init; } = [];
    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; init; }
    /// <summary>The timeline, if it failed.</summary>
    internal Timeline? Timeline { get; init; }
}
