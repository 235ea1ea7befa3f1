namespace Wirq;

/// <summary>Initialisation command word 1: written to the even port, it starts the initialisation sequence.</summary>
/// <remarks><code>
///   7 6 5   4   3    2    1    0
/// +-------+---+----+----+----+----+
/// | A7-A5 | 1 |LTIM|ADI |SNGL|IC4 |
/// +-------+---+----+----+----+----+
/// </code>8259A data sheet, "Initialization Command Words 1 and 2". A7-A5 and ADI (call address interval) matter in
/// MCS-80/85 mode only.</remarks>
internal readonly record struct Icw1(byte Bits)
{
    private const byte Icw4Bit = 1 << 0, SingleBit = 1 << 1, LevelBit = 1 << 3, MarkBit = 1 << 4;

    /// <summary>Composes the word.</summary>
    /// <param name="needsIcw4">Whether ICW4 will follow.</param>
    /// <param name="single">Whether no ICW3 will follow, as the chip is alone.</param>
    /// <param name="level">Whether every pin is level-triggered.</param>
    public static Icw1 Create(bool needsIcw4 = true, bool single = false, bool level = false) =>
        new((byte)(MarkBit | (needsIcw4 ? Icw4Bit : 0) | (single ? SingleBit : 0) | (level ? LevelBit : 0)));

    /// <summary>Whether a byte written to the even port is an ICW1.</summary>
    public static bool Is(byte value) => (value & MarkBit) != 0;

    /// <summary>IC4: ICW4 will follow; else all its functions are off.</summary>
    public bool NeedsIcw4 => (Bits & Icw4Bit) != 0;
    /// <summary>SNGL: the chip is alone, and no ICW3 follows.</summary>
    public bool Single => (Bits & SingleBit) != 0;
    /// <summary>LTIM: all pins of the chip are level-triggered.</summary>
    public bool Level => (Bits & LevelBit) != 0;

    /// <inheritdoc/>
    public override string ToString() =>
        $"ICW1{(Level ? " level" : "")}{(Single ? " single" : "")}{(NeedsIcw4 ? " ICW4 follows" : "")}";
}

/// <summary>Initialisation command word 2: the upper five bits of the vectors.</summary>
/// <remarks><code>
///   7       3   2   0
/// +-----------+-------+
/// |  T7 - T3  | unused|
/// +-----------+-------+
/// </code>8259A data sheet, "Initialization Command Words 1 and 2".</remarks>
internal readonly record struct Icw2(byte Bits)
{
    private const byte BaseMask = 0xF8;

    /// <summary>The vector of an input.</summary>
    /// <param name="level">Input of the chip, 0 to 7.</param>
    public byte Vector(int level) => (byte)(Bits & BaseMask | level & ~BaseMask);

    /// <inheritdoc/>
    public override string ToString() => $"ICW2 vectors 0x{Vector(0):x2} to 0x{Vector(7):x2}";
}

/// <summary>Initialisation command word 3: where the slaves are.</summary>
/// <remarks><code>
///            7                 0              7       3   2   0
///          +---------------------+          +-----------+-------+
/// master:  | inputs with a slave |   slave: |     0     |  id   |
///          +---------------------+          +-----------+-------+
/// </code>8259A data sheet, "Initialization Command Word 3".</remarks>
internal readonly record struct Icw3(byte Bits)
{
    private const byte IdMask = 7;

    /// <summary>Of a master: whether a slave is at input <paramref name="level"/>.</summary>
    public bool HasSlave(int level) => (Bits >> level & 1) != 0;
    /// <summary>Of a slave: the input of the master that it is at, 0 to 7.</summary>
    public int SlaveId => Bits & IdMask;

    /// <inheritdoc/>
    public override string ToString() => $"ICW3 0x{Bits:x2}";
}

/// <summary>Initialisation command word 4: modes of the chip.</summary>
/// <remarks><code>
///   7 6 5   4    3    2    1    0
/// +-------+----+----+----+----+----+
/// |   0   |SFNM|BUF |M/S |AEOI|uPM |
/// +-------+----+----+----+----+----+
/// </code>8259A data sheet, "Initialization Command Word 4". BUF and M/S say how the chip's SP/EN pin is used and
/// have no meaning without one.</remarks>
internal readonly record struct Icw4(byte Bits)
{
    private const byte ProcessorBit = 1 << 0, AutoEoiBit = 1 << 1, NestedBit = 1 << 4;

    /// <summary>Composes the word, for an 8086.</summary>
    /// <param name="autoEoi">Whether INTA ends the interrupt too.</param>
    /// <param name="specialFullyNested">Whether a slave in service may interrupt again.</param>
    public static Icw4 Create(bool autoEoi = false, bool specialFullyNested = false) =>
        new((byte)(ProcessorBit | (autoEoi ? AutoEoiBit : 0) | (specialFullyNested ? NestedBit : 0)));

    /// <summary>uPM: the processor is an 8086; else an MCS-80/85.</summary>
    public bool Is8086 => (Bits & ProcessorBit) != 0;
    /// <summary>AEOI: the end of INTA ends the interrupt.</summary>
    public bool AutoEoi => (Bits & AutoEoiBit) != 0;
    /// <summary>SFNM: special fully nested mode.</summary>
    public bool SpecialFullyNested => (Bits & NestedBit) != 0;

    /// <inheritdoc/>
    public override string ToString() =>
        $"ICW4{(Is8086 ? " 8086" : " MCS-80")}{(AutoEoi ? " AEOI" : "")}{(SpecialFullyNested ? " SFNM" : "")}";
}

/// <summary>The command of an <see cref="Ocw2"/>: its bits R, SL and EOI.</summary>
internal enum Ocw2Command : byte
{
    /// <summary>Priorities do not rotate at automatic EOI.</summary>
    ClearRotateInAutoEoi = 0,
    /// <summary>Ends the in-service input of highest priority.</summary>
    NonSpecificEoi = 1,
    /// <summary>Nothing.</summary>
    None = 2,
    /// <summary>Ends the named input.</summary>
    SpecificEoi = 3,
    /// <summary>Priorities rotate at every automatic EOI.</summary>
    SetRotateInAutoEoi = 4,
    /// <summary>As <see cref="NonSpecificEoi"/>; the input becomes the one of lowest priority.</summary>
    RotateOnNonSpecificEoi = 5,
    /// <summary>The named input becomes the one of lowest priority.</summary>
    SetPriority = 6,
    /// <summary>As <see cref="SpecificEoi"/>; the input becomes the one of lowest priority.</summary>
    RotateOnSpecificEoi = 7,
}

/// <summary>Operation control word 2: end of interrupt and rotation of priorities.</summary>
/// <remarks><code>
///   7   6   5   4   3   2     0
/// +---+---+---+---+---+---------+
/// | R |SL |EOI| 0 | 0 | L2 - L0 |
/// +---+---+---+---+---+---------+
/// </code>8259A data sheet, "Operation Control Word 2".</remarks>
internal readonly record struct Ocw2(byte Bits)
{
    private const int CommandShift = 5;
    private const byte LevelMask = 7;

    /// <summary>Composes the word.</summary>
    /// <param name="command">What to do.</param>
    /// <param name="level">Input of the chip, 0 to 7, where the command names one.</param>
    public static Ocw2 Create(Ocw2Command command, int level = 0) =>
        new((byte)((int)command << CommandShift | level & LevelMask));

    /// <summary>What to do.</summary>
    public Ocw2Command Command => (Ocw2Command)(Bits >> CommandShift);
    /// <summary>The named input of the chip, 0 to 7.</summary>
    public int Level => Bits & LevelMask;

    /// <inheritdoc/>
    public override string ToString() => $"OCW2 {Command} {Level}";
}

/// <summary>Operation control word 3: special mask mode, poll, and which register is read.</summary>
/// <remarks><code>
///   7   6    5    4   3   2   1   0
/// +---+----+----+---+---+---+---+---+
/// | 0 |ESMM|SMM | 0 | 1 | P |RR |RIS|
/// +---+----+----+---+---+---+---+---+
/// </code>8259A data sheet, "Operation Control Word 3".</remarks>
internal readonly record struct Ocw3(byte Bits)
{
    private const byte InServiceBit = 1 << 0, ReadBit = 1 << 1, PollBit = 1 << 2, MarkBit = 1 << 3,
        SpecialMaskBit = 1 << 5, ChangeMaskModeBit = 1 << 6;

    /// <summary>Whether a byte written to the even port, that is no ICW1, is an OCW3.</summary>
    public static bool Is(byte value) => (value & MarkBit) != 0;

    /// <summary>The next read of the even port, and all after it, get the request register.</summary>
    public static Ocw3 ReadRequests => new(MarkBit | ReadBit);
    /// <summary>The next read of the even port, and all after it, get the in-service register.</summary>
    public static Ocw3 ReadInService => new(MarkBit | ReadBit | InServiceBit);
    /// <summary>The next read is a poll.</summary>
    public static Ocw3 NextReadPolls => new(MarkBit | PollBit);
    /// <summary>Special mask mode, on or off.</summary>
    public static Ocw3 ForSpecialMask(bool on) => new((byte)(MarkBit | ChangeMaskModeBit | (on ? SpecialMaskBit : 0)));

    /// <summary>RR: <see cref="SelectsInService"/> counts; else the selection stays.</summary>
    public bool SelectsRegister => (Bits & ReadBit) != 0;
    /// <summary>RIS: the in-service register, else the request register.</summary>
    public bool SelectsInService => (Bits & InServiceBit) != 0;
    /// <summary>P: the next read is a poll.</summary>
    public bool Poll => (Bits & PollBit) != 0;
    /// <summary>ESMM: <see cref="SpecialMask"/> counts; else the mode stays.</summary>
    public bool ChangesSpecialMask => (Bits & ChangeMaskModeBit) != 0;
    /// <summary>SMM: special mask mode.</summary>
    public bool SpecialMask => (Bits & SpecialMaskBit) != 0;

    /// <inheritdoc/>
    public override string ToString() =>
        $"OCW3{(ChangesSpecialMask ? SpecialMask ? " set SMM" : " reset SMM" : "")}{(Poll ? " poll" : "")}"
        + (SelectsRegister ? SelectsInService ? " read ISR" : " read IRR" : "");
}

/// <summary>What a poll reads.</summary>
/// <remarks><code>
///   7   6     3   2     0
/// +---+---------+---------+
/// | I |    0    | W2 - W0 |
/// +---+---------+---------+
/// </code>8259A data sheet, "Poll Command".</remarks>
internal readonly record struct PicPoll(byte Bits)
{
    private const byte InterruptBit = 1 << 7, LevelMask = 7;

    /// <summary>A poll that took input <paramref name="level"/>, 0 to 7.</summary>
    public static PicPoll Taken(int level) => new((byte)(InterruptBit | level & LevelMask));

    /// <summary>I: an interrupt was taken.</summary>
    public bool Interrupt => (Bits & InterruptBit) != 0;
    /// <summary>The input that was taken, 0 to 7.</summary>
    public int Level => Bits & LevelMask;

    /// <inheritdoc/>
    public override string ToString() => Interrupt ? $"poll took {Level}" : "poll found nothing";
}
