namespace Wirq.Remapping.VtD;

/// <summary>How an entry verifies the sender of a request (SVT).</summary>
public enum SourceValidation : byte
{
    /// <summary>No verification.</summary>
    None = 0,
    /// <summary>By requester id, as much of it as the qualifier says.</summary>
    Id = 1,
    /// <summary>By bus number: from bits 15:8 to bits 7:0 of the source id, both included.</summary>
    Buses = 2,
    /// <summary>Reserved.</summary>
    Reserved = 3,
}

/// <summary>An entry of a VT-d interrupt remapping table, 128 bits, in remapped format.</summary>
/// <remarks><code>
/// low   63         32 31 24 23    16 15 14  12 11   8 7  5 4     3    2       1   0
///      +-------------+-----+--------+--+------+------+----+-----+----+-------+---+-------+
///      | destination |  0  | vector |IM|  0   |  -   |mode|level|hint|logical|FPD|present|
///      +-------------+-----+--------+--+------+------+----+-----+----+-------+---+-------+
/// high  63                    20 19 18 17 16 15          0
///      +------------------------+-----+-----+-------------+
///      |           0            | SVT | SQ  |  source id  |
///      +------------------------+-----+-----+-------------+
/// </code>IM set would be posted format, which this unit does not offer: reserved. In extended interrupt mode the
/// destination has 32 bits; else it has the 8 bits 47:40, and the rest of the field is reserved. VT-d specification, 9,
/// "Interrupt Remapping Table Entry (IRTE) for Remapped Interrupts".</remarks>
/// <param name="Low">Bits 63:0.</param>
/// <param name="High">Bits 127:64.</param>
public readonly record struct Irte(ulong Low, ulong High)
{
    /// <summary>Bytes that an entry takes.</summary>
    public const int Size = 16;

    private const ulong PresentBit = 1, DisableBit = 1 << 1, LogicalBit = 1 << 2, HintBit = 1 << 3, LevelBit = 1 << 4,
        PostedBit = 1 << 15;
    private const int ModeShift = 5, VectorShift = 16, DestinationShift = 32, NarrowShift = 40, QualifierShift = 16, ValidationShift = 18;
    private const ulong AlwaysReservedLow = 7ul << 12 | 0xFFul << 24, ReservedHigh = ~0ul << 20,
        ReservedDestination = 0xFFFF00FFul << DestinationShift;
    // Delivery modes 011 and 110.
    private const uint ReservedModes = 1u << (int)DeliveryMode.Reserved | 1u << (int)DeliveryMode.StartUp;

    /// <summary>A present entry that makes a message, for any requester.</summary>
    /// <param name="message">The message; its destination fits 8 bits where <paramref name="extended"/> is
    /// false.</param>
    /// <param name="extended">Whether the table is in extended interrupt mode.</param>
    /// <exception cref="ArgumentOutOfRangeException">The destination does not fit.</exception>
    public static Irte For(InterruptMessage message, bool extended)
    {
        if (!extended)
            ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Destination, 0xFFu, nameof(message));
        return new(PresentBit | (message.Logical ? LogicalBit : 0) | (message.Hint ? HintBit : 0)
            | (message.Level ? LevelBit : 0) | (ulong)message.Mode << ModeShift | (ulong)message.Vector << VectorShift
            | (ulong)message.Destination << (extended ? DestinationShift : NarrowShift), 0);
    }

    /// <summary>This entry for one requester, or several.</summary>
    /// <param name="validation">How it is verified.</param>
    /// <param name="source">Requester id, or first bus in bits 15:8 and last bus in bits 7:0.</param>
    /// <param name="qualifier">0 to 3, for <see cref="SourceValidation.Id"/>: which function bits are not compared;
    /// none, bit 2, bits 2:1, bits 2:0.</param>
    public Irte WithSource(SourceValidation validation, ushort source, int qualifier = 0) => new(Low,
        High & ReservedHigh | (ulong)validation << ValidationShift | ((ulong)qualifier & 3) << QualifierShift | source);

    /// <summary>This entry with its faults recorded, or not (FPD).</summary>
    public Irte WithFaultsSuppressed(bool suppressed) => new(suppressed ? Low | DisableBit : Low & ~DisableBit, High);

    /// <summary>This entry present or not.</summary>
    public Irte WithPresent(bool present) => new(present ? Low | PresentBit : Low & ~PresentBit, High);

    /// <summary>Whether it is present.</summary>
    public bool Present => (Low & PresentBit) != 0;
    /// <summary>Whether its faults are not recorded (FPD); this also applies to an entry that is not present.</summary>
    public bool FaultsSuppressed => (Low & DisableBit) != 0;
    /// <summary>Destination mode: true for logical.</summary>
    public bool Logical => (Low & LogicalBit) != 0;
    /// <summary>Redirection hint.</summary>
    public bool Hint => (Low & HintBit) != 0;
    /// <summary>Trigger mode: true for level.</summary>
    public bool Level => (Low & LevelBit) != 0;
    /// <summary>Delivery mode.</summary>
    public DeliveryMode Mode => (DeliveryMode)(Low >> ModeShift & 7);
    /// <summary>The vector.</summary>
    public byte Vector => (byte)(Low >> VectorShift);
    /// <summary>Source id.</summary>
    public ushort Source => (ushort)High;
    /// <summary>Which function bits of the source id are not compared (SQ).</summary>
    public int Qualifier => (int)(High >> QualifierShift & 3);
    /// <summary>How the requester is verified.</summary>
    public SourceValidation Validation => (SourceValidation)(High >> ValidationShift & 3);

    /// <summary>Destination as the mode reads it.</summary>
    public uint Destination(bool extended) => extended ? (uint)(Low >> DestinationShift) : (byte)(Low >> NarrowShift);

    /// <summary>The message that it makes.</summary>
    public InterruptMessage Message(bool extended) =>
        InterruptMessage.Create(Vector, Mode, Destination(extended), Logical, Level, hint: Hint);

    /// <summary>Whether reserved fields are set: reserved bits, posted format, a reserved delivery mode or a reserved
    /// SVT.</summary>
    internal bool HasReserved(bool extended, VtdProfile profile = default) =>
        (Low & AlwaysReservedLow) != 0 || (High & ReservedHigh) != 0
        || !profile.ReservedPasses && ((Low & PostedBit) != 0 || !extended && (Low & ReservedDestination) != 0
            || (ReservedModes >> (int)Mode & 1) != 0 || Validation == SourceValidation.Reserved);

    /// <summary>A requester that may use it; any requester if it does not verify.</summary>
    internal ushort SomeRequester(VtdProfile profile = default) => Validation != SourceValidation.Buses ? Source
        : profile.BusesReversed ? (ushort)(Source << 8) : (ushort)(Source & 0xFF00);

    /// <summary>Whether a requester may use it.</summary>
    internal bool Admits(ushort requester, VtdProfile profile = default)
    {
        if (profile.AnonymousPasses && requester == VtdProfile.Anonymous)
            return true;
        switch (Validation)
        {
            case SourceValidation.Id:
                ReadOnlySpan<ushort> compared = [0xFFFF, 0xFFFB, 0xFFF9, 0xFFF8];
                return ((requester ^ Source) & compared[Qualifier]) == 0;
            case SourceValidation.Buses:
                int bus = requester >> 8, first = Source >> 8, last = (byte)Source;
                if (profile.BusesReversed)
                    (first, last) = (last, first);
                return bus >= first && bus <= last;
            case SourceValidation.Reserved:
                return false;
            default:
                return true;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(Present ? "" : "not present: ")}{Message(true)}, {Validation} 0x{Source:x4}/{Qualifier}"
        + (FaultsSuppressed ? ", FPD" : "");
}
