namespace Wirq.Traces.Recordings;

/// <summary>Which events a log contains at all. If a log lacks a part, that does not mean that nothing happened
/// there.</summary>
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
    /// <summary>What the entries of the I/OAPIC are: their writes, or what pins send.</summary>
    Entries = 1 << 3,
    /// <summary>Writes to local APICs, EOIs among them.</summary>
    LocalApics = 1 << 4,
    /// <summary>Messages that were sent.</summary>
    Messages = 1 << 5,
    /// <summary>When CPUs take vectors.</summary>
    Taking = 1 << 6,
    /// <summary>How many interrupts were accepted.</summary>
    Counts = 1 << 7,
    /// <summary>A remapping unit.</summary>
    Remapping = 1 << 8,
}

/// <summary>What in a log shows that the machine had run before its first line.</summary>
public enum MidLifeSign : byte
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>A pin sent a message, and its entry had never been written.</summary>
    UnwrittenEntrySends,
    /// <summary>A CPU ended an interrupt, and none had been sent.</summary>
    UnsentEnded,
    /// <summary>A CPU took a vector, and none had been sent.</summary>
    UnsentTaken,
    /// <summary>The 8259 gave a vector, or got an EOI, and had never been initialised.</summary>
    UninitialisedPicGives,
}

/// <summary>What the recording of a log's replay says of the log.</summary>
public sealed record LogFacts
{
    /// <summary>Whether its lines have time stamps.</summary>
    public bool Stamped { get; init; }
    /// <summary>The stamp of its first line, in nanoseconds; virtual time 0 is there.</summary>
    public long FirstStamp { get; init; }
    /// <summary>Whether it shows the machine's reset before anything that a CPU did.</summary>
    public bool FromReset { get; init; }
    /// <summary>What shows that the machine had run before.</summary>
    public MidLifeSign MidLife { get; init; }
    /// <summary>The line of the log at which that stands; 0 for none.</summary>
    public long MidLifeLine { get; init; }
    /// <summary>What it contains.</summary>
    public LogParts Parts { get; init; }
    /// <summary>Lines that have an event's name and not its fields.</summary>
    public long Damaged { get; init; }
    /// <summary>Whether it shows which CPU did what.</summary>
    public bool KnowsCpus { get; init; }

    /// <summary>Throws where no log is so.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    internal void Validate()
    {
        OptionCheck check = OptionCheck.Whole;
        check.Defined(MidLife);
        // Half of what 64 bits hold, so that no event's time leads beyond it.
        check.Range(FirstStamp, 0, long.MaxValue / 2);
        check.Range(MidLifeLine, 0, long.MaxValue);
        check.Range(Damaged, 0, long.MaxValue);
        const LogParts all = (LogParts)(((int)LogParts.Remapping << 1) - 1);
        check.That((Parts & ~all) == 0, Parts.ToString(), "parts of a log that this version knows", nameof(Parts));
    }
}
