namespace Wirq.Events;

/// <summary>The replay of a log: the chips and the log differ.</summary>
/// <param name="Line">Line of the log, from 1.</param>
/// <param name="Undecided">Whether the log lacks what would decide the difference, so that it is not a
/// disagreement.</param>
/// <param name="Lacking">The event of QEMU that it lacks, by the number that a replay gives it; 0 if that is not
/// known.</param>
internal readonly record struct LogParted(long Line, bool Undecided, uint Lacking) : IEventView<LogParted>
{
    /// <inheritdoc/>
    public static LogParted Of(in Event e) => new((long)e.A, e.B == 1, e.Index);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.LogParted, 0, Lacking, (ulong)Line, Undecided ? 1u : 0);
}

/// <summary>The replay of a log is at its end: the remaining state of 64 vectors of a local APIC.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Word">Which 64 vectors, 0 to 3: those from 64 times this number on.</param>
/// <param name="Pending">Bits of the IRR, the lowest vector in bit 0.</param>
/// <param name="InService">Bits of the ISR, in the same order.</param>
internal readonly record struct LogVectorsLeft(int Cpu, uint Word, ulong Pending, ulong InService) : IEventView<LogVectorsLeft>
{
    /// <inheritdoc/>
    public static LogVectorsLeft Of(in Event e) => new(e.Cpu, e.Index, e.A, e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.LogVectorsLeft, (ushort)Cpu, Word, Pending, InService);
}
