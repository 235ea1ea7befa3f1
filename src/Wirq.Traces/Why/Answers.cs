namespace Wirq.Traces.Why;

/// <summary>One vector that reached one CPU.</summary>
/// <param name="Cpu">The CPU; -1 if the log does not show it.</param>
/// <param name="Vector">The vector.</param>
/// <param name="Accepted">When it was accepted, or given to a CPU by the 8259.</param>
/// <param name="Merged">Whether it merged into one that was pending.</param>
/// <param name="Taken">When the CPU took it.</param>
/// <param name="Ended">When the CPU, or the 8259, ended it.</param>
public sealed record DeliveryAnswer(int Cpu, byte Vector, Mark Accepted, bool Merged, Mark? Taken, Mark? Ended);

/// <summary>What happened to one raise.</summary>
/// <param name="Source">Its source.</param>
/// <param name="At">The time of the raise.</param>
/// <param name="Fate">How it ended.</param>
/// <param name="Gate">What holds it, or held it when it stopped.</param>
/// <param name="Since">Since when that gate was closed.</param>
/// <param name="Attempts">How often it was delivered, or tried.</param>
/// <param name="Deliveries">The last delivery, CPU by CPU.</param>
/// <param name="Sentences">The answer in words.</param>
/// <param name="Evidence">Where the log shows it.</param>
public sealed record RaiseAnswer(SourceName Source, Mark At, Fate Fate, Gate Gate, Mark? Since, int Attempts,
    IReadOnlyList<DeliveryAnswer> Deliveries, IReadOnlyList<string> Sentences, IReadOnlyList<Evidence> Evidence);

/// <summary>The known facts about one source.</summary>
/// <param name="Source">The source.</param>
/// <param name="Count">The number of its raises.</param>
/// <param name="Earlier">How the raises that are not described in full ended.</param>
/// <param name="Later">The number of raises after the place in question.</param>
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
/// <param name="Sentences">The answer in words.</param>
/// <param name="Evidence">Where the log shows it.</param>
public sealed record OwedAnswer(SourceName Source, Fate Fate, Gate Gate, Mark At, Mark? Since, int Cpu, int Vector,
    IReadOnlyList<string> Sentences, IReadOnlyList<Evidence> Evidence);

/// <summary>A CPU that has taken no interrupt and written no register since an interrupt was owed to it.</summary>
/// <param name="Cpu">The CPU.</param>
/// <param name="Since">Its last sign: the last interrupt taken or register written.</param>
/// <param name="Owed">The interrupts that are owed to it.</param>
/// <param name="Sentences">The answer in words.</param>
/// <param name="Evidence">Where the log shows it.</param>
public sealed record SilentAnswer(int Cpu, Mark Since, IReadOnlyList<SourceName> Owed, IReadOnlyList<string> Sentences,
    IReadOnlyList<Evidence> Evidence);

/// <summary>The verdict about everything that was asked.</summary>
public enum WhyVerdict : byte
{
    /// <summary>All interrupts ended, or were left as the guest intends.</summary>
    NothingOwed,
    /// <summary>Something is owed, or was lost.</summary>
    Owed,
    /// <summary>No owed interrupt was found, but the log does not show enough to exclude one.</summary>
    NotTold,
}

/// <summary>Something that the log does not show.</summary>
/// <param name="What">The missing fact, in words.</param>
/// <param name="Record">What to record so that it is shown; empty if that is not known.</param>
public sealed record LimitAnswer(string What, string Record)
{
    /// <summary>The answer in words.</summary>
    internal string Sentence => $"{What}.{(Record.Length == 0 ? "" : $" Record instead: {Record}.")}";
}

/// <summary>The raises of a source, if not all results are known.</summary>
/// <param name="Source">The source.</param>
/// <param name="What">In words: the number of raises, from where to where, and how they ended.</param>
/// <param name="Count">The number of raises.</param>
/// <param name="First">The first time.</param>
/// <param name="Last">The last time.</param>
public sealed record ToldAnswer(string Source, string What, long Count, Mark First, Mark Last);

/// <summary>The answer to a question without a source.</summary>
/// <param name="End">The end of the log.</param>
/// <param name="Owed">The interrupts that are owed at the end, or were lost.</param>
/// <param name="Silent">The CPUs that are silent.</param>
/// <param name="Standing">Edge pins whose line stays asserted although their last interrupt is ended.</param>
/// <param name="NeverRaised">Pins that are unmasked at the end and never rose.</param>
/// <param name="Unheard">Lines that rose and that the guest never unmasked.</param>
public sealed record OwedList(Mark End, IReadOnlyList<OwedAnswer> Owed, IReadOnlyList<SilentAnswer> Silent,
    IReadOnlyList<StandingAnswer> Standing, IReadOnlyList<SourceName> NeverRaised, IReadOnlyList<SourceName> Unheard)
{
    /// <summary>The verdict.</summary>
    public WhyVerdict Verdict { get; init; }
    /// <summary>Levels that were delivered again and again while their line never fell.</summary>
    public IReadOnlyList<StormAnswer> Storms { get; init; } = [];
    /// <summary>The laws that what happened breaks.</summary>
    public IReadOnlyList<BrokenLaw> Broken { get; init; } = [];
    /// <summary>Facts that the log does not show.</summary>
    public IReadOnlyList<LimitAnswer> Limits { get; init; } = [];
    /// <summary>Interrupts that were raised, and whose result is not known.</summary>
    public IReadOnlyList<OwedAnswer> Unknown { get; init; } = [];
    /// <summary>Interrupts that were lost or wait under a mask that the guest may intend.</summary>
    public IReadOnlyList<OwedAnswer> Masked { get; init; } = [];
    /// <summary>All that was raised, sent and taken, if the log does not show enough.</summary>
    public IReadOnlyList<ToldAnswer> Told { get; init; } = [];
}

/// <summary>An edge pin that cannot send again while its line stays asserted.</summary>
/// <param name="Source">The pin.</param>
/// <param name="Since">Since when its line is asserted.</param>
/// <param name="Sentences">The answer in words.</param>
/// <param name="Evidence">Where the log shows it.</param>
public sealed record StandingAnswer(SourceName Source, Mark Since, IReadOnlyList<string> Sentences,
    IReadOnlyList<Evidence> Evidence);

/// <summary>A law that what happened breaks.</summary>
/// <param name="Law">The name of the law.</param>
/// <param name="Count">How often it breaks.</param>
/// <param name="First">Where it breaks first.</param>
/// <param name="Source">The source of the interrupt at which it breaks first.</param>
/// <param name="Sentences">The answer in words.</param>
/// <param name="Evidence">Where the log shows the first.</param>
public sealed record BrokenLaw(string Law, long Count, Mark First, SourceName Source, IReadOnlyList<string> Sentences,
    IReadOnlyList<Evidence> Evidence);

/// <summary>A level that was delivered again and again while its line never fell.</summary>
/// <param name="Source">The pin or IRQ.</param>
/// <param name="Count">The number of deliveries.</param>
/// <param name="PerSecond">How many in a second; null if the log has no times.</param>
/// <param name="First">The first delivery.</param>
/// <param name="Last">The last one.</param>
/// <param name="Sentences">The answer in words.</param>
/// <param name="Evidence">Where the log shows it.</param>
public sealed record StormAnswer(SourceName Source, long Count, long? PerSecond, Mark First, Mark Last, IReadOnlyList<string> Sentences,
    IReadOnlyList<Evidence> Evidence);
