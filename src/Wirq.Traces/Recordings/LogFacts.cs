namespace Wirq.Traces.Recordings;

/// <summary>The kinds of events that a log contains. If a log lacks a kind, this does not mean that no such event
/// happened.</summary>
[Flags]
public enum LogParts : ushort
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Lines at the inputs of the 8259 pair.</summary>
    PicInputs = 1,
    /// <summary>Writes to the 8259 pair.</summary>
    PicWrites = 1 << 1,
    /// <summary>Lines at the pins of the I/OAPIC.</summary>
    Pins = 1 << 2,
    /// <summary>The entries of the I/OAPIC: their writes, or the messages of pins.</summary>
    Entries = 1 << 3,
    /// <summary>Writes to local APICs, including EOIs.</summary>
    LocalApics = 1 << 4,
    /// <summary>Messages that were sent.</summary>
    Messages = 1 << 5,
    /// <summary>The times at which CPUs take vectors.</summary>
    Taking = 1 << 6,
    /// <summary>The number of accepted interrupts.</summary>
    Counts = 1 << 7,
    /// <summary>A remapping unit.</summary>
    Remapping = 1 << 8,
    /// <summary>The kernel's routes: the local APICs are a kernel's (<c>kernel-irqchip=split</c>), and no line tells of
    /// them.</summary>
    KernelRoutes = 1 << 9,
}

/// <summary>A sign in a log that the machine had run before its first line.</summary>
public enum MidLifeSign : byte
{
    /// <summary>None.</summary>
    None,
    /// <summary>A pin sent a message, but its entry had never been written.</summary>
    UnwrittenEntrySends,
    /// <summary>A CPU ended an interrupt, but none had been sent.</summary>
    UnsentEnded,
    /// <summary>A CPU took a vector, but none had been sent.</summary>
    UnsentTaken,
    /// <summary>The 8259 gave a vector, or got an EOI, but had never been initialised.</summary>
    UninitialisedPicGives,
}

/// <summary>Facts about a log, in the recording of its replay.</summary>
public sealed record LogFacts
{
    /// <summary>Whether its lines have time stamps.</summary>
    public bool Stamped { get; init; }
    /// <summary>The stamp of its first line, in nanoseconds; virtual time 0 is at this line.</summary>
    public long FirstStamp { get; init; }
    /// <summary>Whether it contains the machine's reset before any action of a CPU.</summary>
    public bool FromReset { get; init; }
    /// <summary>The sign that the machine had run before.</summary>
    public MidLifeSign MidLife { get; init; }
    /// <summary>The line of the log with that sign; 0 for none.</summary>
    public long MidLifeLine { get; init; }
    /// <summary>The kinds of events that it contains.</summary>
    public LogParts Parts { get; init; }
    /// <summary>The number of lines that have an event's name but not its fields.</summary>
    public long Damaged { get; init; }
    /// <summary>Whether it shows which CPU an action belongs to.</summary>
    public bool KnowsCpus { get; init; }

    /// <summary>Throws if no log can have these facts.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    internal void Validate()
    {
        OptionCheck check = OptionCheck.Whole;
        check.Defined(MidLife);
        // At most half of the 64-bit range, so that no time of an event overflows.
        check.Range(FirstStamp, 0, long.MaxValue / 2);
        check.Range(MidLifeLine, 0, long.MaxValue);
        check.Range(Damaged, 0, long.MaxValue);
        const LogParts all = (LogParts)(((int)LogParts.KernelRoutes << 1) - 1);
        check.That((Parts & ~all) == 0, Parts.ToString(), "parts of a log that this version knows", nameof(Parts));
    }
}
