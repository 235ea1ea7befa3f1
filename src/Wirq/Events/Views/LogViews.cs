namespace Wirq.Events;

/// <summary>The replay of a log: the chips and the log part.</summary>
/// <param name="Line">Line of the log, from 1.</param>
/// <param name="Undecided">Whether the log lacks what would decide who is right, so that it is no disagreement.</param>
/// <param name="Lacking">Which event of QEMU's it lacks, by the number that a replay gives it; 0 where that is not
/// known.</param>
internal readonly record struct LogParted(long Line, bool Undecided, uint Lacking) : IEventView<LogParted>
{
    /// <inheritdoc/>
    public static LogParted Of(in Event e) => new((long)e.A, e.B == 1, e.Index);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.LogParted, 0, Lacking, (ulong)Line, Undecided ? 1u : 0);
}

/// <summary>The replay of a log is at its end: what a local APIC has then of 64 vectors.</summary>
/// <param name="Cpu">Number of the CPU.</param>
/// <param name="Word">Which 64 vectors: those from 64 times this on. 0 to 3.</param>
/// <param name="Pending">Bits of the IRR, the lowest vector in bit 0.</param>
/// <param name="InService">Bits of the ISR, alike.</param>
internal readonly record struct LogVectorsLeft(int Cpu, uint Word, ulong Pending, ulong InService) : IEventView<LogVectorsLeft>
{
    /// <inheritdoc/>
    public static LogVectorsLeft Of(in Event e) => new(e.Cpu, e.Index, e.A, e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.LogVectorsLeft, (ushort)Cpu, Word, Pending, InService);
}
