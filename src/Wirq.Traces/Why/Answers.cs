namespace Wirq.Traces.Why;

/// <summary>One vector that reached one CPU.</summary>
/// <param name="Cpu">The CPU; -1 where the log does not tell.</param>
/// <param name="Vector">The vector.</param>
/// <param name="Accepted">When it was accepted, or given away by the 8259.</param>
/// <param name="Merged">Whether it merged into one that was pending.</param>
/// <param name="Taken">When the CPU took it.</param>
/// <param name="Ended">When the CPU, or the 8259, ended it.</param>
public sealed record DeliveryAnswer(int Cpu, byte Vector, Mark Accepted, bool Merged, Mark? Taken, Mark? Ended);

/// <summary>What happened to one raise.</summary>
/// <param name="Source">Its source.</param>
/// <param name="At">When.</param>
/// <param name="Fate">How it ended.</param>
/// <param name="Gate">What holds it, or held it when it stopped.</param>
/// <param name="Since">Since when that gate was closed.</param>
/// <param name="Attempts">How often it was delivered, or tried.</param>
/// <param name="Deliveries">The last delivery, CPU by CPU.</param>
/// <param name="Sentences">All of this in words.</param>
/// <param name="Evidence">Where the log shows it.</param>
public sealed record RaiseAnswer(SourceName Source, Mark At, Fate Fate, Gate Gate, Mark? Since, int Attempts,
    IReadOnlyList<DeliveryAnswer> Deliveries, IReadOnlyList<string> Sentences, IReadOnlyList<Evidence> Evidence);

/// <summary>What is known of one source.</summary>
/// <param name="Source">The source.</param>
/// <param name="Count">How often it raised.</param>
/// <param name="Earlier">How the raises that are not described in full ended.</param>
/// <param name="Later">How many came after the place in question.</param>
/// <param name="Raises">The raises, in order.</param>
/// <param name="Now">The state of the source at the end, in words.</param>
public sealed record SourceAnswer(SourceName Source, long Count, IReadOnlyList<(Fate Fate, long Count)> Earlier, long Later,
    IReadOnlyList<RaiseAnswer> Raises, IReadOnlyList<string> Now);

/// <summary>Something that is owed at the end, or was lost and not repeated.</summary>
/// <param name="Source">The source of the interrupt.</param>
/// <param name="Fate">How it ended.</param>
/// <param name="Gate">What holds it.</param>
/// <param name="At">Since when it is owed.</param>
/// <param name="Since">Since when that gate is closed.</param>
/// <param name="Cpu">The CPU that it is meant for; -1 if that is not known.</param>
/// <param name="Vector">The vector, or -1.</param>
/// <param name="Sentences">All of this in words.</param>
/// <param name="Evidence">Where the log shows it.</param>
public sealed record OwedAnswer(SourceName Source, Fate Fate, Gate Gate, Mark At, Mark? Since, int Cpu, int Vector,
    IReadOnlyList<string> Sentences, IReadOnlyList<Evidence> Evidence);

/// <summary>A CPU that has taken nothing and written no register since something was owed to it.</summary>
/// <param name="Cpu">Which.</param>
/// <param name="Since">Its last sign: the last interrupt taken or register written.</param>
/// <param name="Owed">What it is owed.</param>
/// <param name="Sentences">All of it in words.</param>
/// <param name="Evidence">Where the log says so.</param>
public sealed record SilentAnswer(int Cpu, Mark Since, IReadOnlyList<SourceName> Owed, IReadOnlyList<string> Sentences,
    IReadOnlyList<Evidence> Evidence);

/// <summary>The verdict about everything in question.</summary>
public enum WhyVerdict : byte
{
    /// <summary>Everything came to its end, or is as the guest wants it.</summary>
    NothingOwed,
    /// <summary>Something is owed, or was lost.</summary>
    Owed,
    /// <summary>Nothing is seen to be owed, and the log does not tell enough to say that nothing is.</summary>
    NotTold,
}

/// <summary>Something that the log does not show.</summary>
/// <param name="What">The missing fact, in words.</param>
/// <param name="Record">What to record so that it is shown; empty if that is not known.</param>
public sealed record LimitAnswer(string What, string Record);

/// <summary>How often a source raised, where the results are not all known.</summary>
/// <param name="Source">The source.</param>
/// <param name="What">In words: how often, from where to where, and how they ended.</param>
/// <param name="Count">How often.</param>
/// <param name="First">The first time.</param>
/// <param name="Last">The last time.</param>
public sealed record ToldAnswer(string Source, string What, long Count, Mark First, Mark Last);

/// <summary>The answer to a question without a source.</summary>
/// <param name="End">Where the log ends.</param>
/// <param name="Owed">What is owed at the end, or was lost.</param>
/// <param name="Silent">The CPUs that are silent.</param>
/// <param name="Standing">Edge pins whose line stays asserted although their last interrupt is ended.</param>
/// <param name="NeverRaised">Pins that are unmasked at the end and never rose.</param>
/// <param name="Unheard">Lines that rose and that the guest never unmasked.</param>
public sealed record OwedList(Mark End, IReadOnlyList<OwedAnswer> Owed, IReadOnlyList<SilentAnswer> Silent,
    IReadOnlyList<StandingAnswer> Standing, IReadOnlyList<SourceName> NeverRaised, IReadOnlyList<SourceName> Unheard)
{
    /// <summary>Which of the three it is.</summary>
    public WhyVerdict Verdict { get; init; }
    /// <summary>What the log does not tell.</summary>
    public IReadOnlyList<LimitAnswer> Limits { get; init; } = [];
    /// <summary>What was raised, and whose result is not known.</summary>
    public IReadOnlyList<OwedAnswer> Unknown { get; init; } = [];
    /// <summary>What was lost or waits under a mask that the guest may mean.</summary>
    public IReadOnlyList<OwedAnswer> Masked { get; init; } = [];
    /// <summary>All that was raised, sent and taken, where the log does not tell enough.</summary>
    public IReadOnlyList<ToldAnswer> Told { get; init; } = [];
}

/// <summary>An edge pin from which nothing more can come while its line stands.</summary>
/// <param name="Source">The pin.</param>
/// <param name="Since">Since when its line is asserted.</param>
/// <param name="Sentences">All of it in words.</param>
/// <param name="Evidence">Where the log says so.</param>
public sealed record StandingAnswer(SourceName Source, Mark Since, IReadOnlyList<string> Sentences,
    IReadOnlyList<Evidence> Evidence);
