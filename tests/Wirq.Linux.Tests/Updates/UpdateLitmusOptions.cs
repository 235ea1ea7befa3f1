namespace Wirq.Linux.Tests.Updates;

/// <summary>A wrong order of a live update, to show that the litmus detects it.</summary>
public enum UpdateFlaw
{
    None,
    /// <summary>The state is saved, and then the eventfds are unbound: what fires in between goes to the old
    /// kernel's CPUs.</summary>
    SavesBeforeItUnbinds,
    /// <summary>The CPUs are saved before they are stopped: what they take in between is taken again.</summary>
    SavesBeforeItStops,
}

/// <summary>The options of an <see cref="UpdateLitmus"/>.</summary>
public sealed record UpdateLitmusOptions
{
    public long Triggers { get; init; } = IsLong ? 1_000_000 : 100_000;
    /// <summary>A quarter of them fail.</summary>
    public int Updates { get; init; } = IsLong ? 1_336 : 104;
    public int Seed { get; init; } = 1;
    public UpdateFlaw Flaw { get; init; }
    /// <summary>How long nothing may happen.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    public static bool IsLong => Environment.GetEnvironmentVariable("WIRQ_LONG") is "1";
}

/// <summary>What it found.</summary>
/// <param name="Failure">The first failure; null for none.</param>
/// <param name="Triggers">Triggers of devices.</param>
/// <param name="Interrupts">Interrupts that the guest took: fewer, because eventfds and IRR merge.</param>
/// <param name="Refused">Triggers that were refused with a reason.</param>
/// <param name="Updates">Live updates that succeeded.</param>
/// <param name="Failed">Those that failed, after which the old side went on.</param>
/// <param name="States">The states of virqs at the saves.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record UpdateLitmusResult(string? Failure, long Triggers, long Interrupts, long Refused, int Updates, int Failed,
    IReadOnlyDictionary<string, long> States, TimeSpan Elapsed)
{
    public override string ToString() =>
        $"{Triggers} triggers, {Interrupts} interrupts taken, {Refused} triggers refused; {Updates} updates and {Failed} that failed; "
        + $"at the saves: {string.Join(", ", States.OrderBy(state => state.Key, StringComparer.Ordinal).Select(state => $"{state.Key} {state.Value}"))}; "
        + $"{Elapsed.TotalSeconds:0.0} s; {Failure ?? "nothing lost, nothing twice"}";
}
