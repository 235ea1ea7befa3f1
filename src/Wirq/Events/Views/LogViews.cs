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

/// <summary>The replay of a log whose local APICs are a kernel's: the kernel's route of a pin was set.</summary>
/// <param name="IoApic">Number of the I/OAPIC.</param>
/// <param name="Pin">Its pin.</param>
/// <param name="Message">The message of the route.</param>
internal readonly record struct LogRouteSet(int IoApic, int Pin, Msi Message) : IEventView<LogRouteSet>
{
    /// <inheritdoc/>
    public static LogRouteSet Of(in Event e) => new(e.IoApic, e.Pin, e.Msi);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.LogRouteSet, (ushort)IoApic, (uint)Pin, Message.Address.Bits, Message.Data.Bits);
}

/// <summary>What a log shows of an entry that it does not write.</summary>
[Flags]
internal enum EntryParts : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Mask and trigger mode.</summary>
    Mask = 1,
    /// <summary>The rest of the low half.</summary>
    Low = 2,
    /// <summary>The destination.</summary>
    Destination = 4,
    /// <summary>Remote IRR, which was set.</summary>
    RemoteIrr = 8,
}

/// <summary>The replay of a log that begins in mid-life: the entry that a pin had before the log's first write of
/// it.</summary>
/// <param name="IoApic">Number of the I/OAPIC.</param>
/// <param name="Pin">Its pin.</param>
/// <param name="Entry">The entry; what is not known of it has its reset value.</param>
/// <param name="Known">What is known of it.</param>
/// <param name="Line">The line of the log that shows it, from 1.</param>
internal readonly record struct LogEntryShown(int IoApic, int Pin, RedirectionEntry Entry, EntryParts Known, long Line) : IEventView<LogEntryShown>
{
    private const int PartsShift = 16;

    /// <inheritdoc/>
    public static LogEntryShown Of(in Event e) =>
        new(e.IoApic, (ushort)e.Index, new RedirectionEntry(e.A), (EntryParts)(e.Index >> PartsShift), (long)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.LogEntryShown, (ushort)IoApic, (ushort)Pin | (uint)Known << PartsShift, Entry.Bits, (ulong)Line);
}

/// <summary>The replay of a log that begins in mid-life: the mask that an 8259 had before the log's first write of
/// it.</summary>
/// <param name="Unit">0 for the master, 1 for the slave.</param>
/// <param name="Mask">IMR.</param>
/// <param name="Line">The line of the log that shows it, from 1.</param>
internal readonly record struct LogPicShown(int Unit, byte Mask, long Line) : IEventView<LogPicShown>
{
    /// <inheritdoc/>
    public static LogPicShown Of(in Event e) => new(e.Unit, (byte)e.A, (long)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.LogPicShown, (ushort)Unit, 0, Mask, (ulong)Line);
}
