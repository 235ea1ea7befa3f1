namespace Wirq;

/// <summary>One entry of an I/OAPIC's redirection table.</summary>
/// <remarks><code>
///  63        56 55       49 48  47    17  16   15    14   13   12     11     10 8 7    0
/// +------------+-----------+---+--------+----+-----+----+----+------+-------+----+------+
/// |dest 7:0    |dest 14:8  |IF |   0    |mask|level|RIRR|low |status|logical|mode|vector|
/// +------------+-----------+---+--------+----+-----+----+----+------+-------+----+------+
/// </code>82093AA data sheet, 3.2.4; dest 14:8 is the extended destination id; IF set makes bits 63:49 and 11 the
/// handle of a remapping table entry (VT-d specification, 5.1.5.1). RIRR (Remote IRR) and status are
/// read-only.</remarks>
public readonly record struct RedirectionEntry(ulong Bits)
{
    private const int ModeShift = 8, DestinationShift = 56, ExtendedShift = 49, AddressShift = 48;
    private const uint EdgeModes = 1u << (int)DeliveryMode.Smi | 1u << (int)DeliveryMode.Nmi
        | 1u << (int)DeliveryMode.Init | 1u << (int)DeliveryMode.ExtInt;
    private const ulong LogicalBit = 1 << 11, StatusBit = 1 << 12, ActiveLowBit = 1 << 13, RemoteIrrBit = 1 << 14,
        LevelBit = 1 << 15, MaskBit = 1 << 16, RemappableBit = 1ul << 48;

    /// <summary>Bits that a guest cannot write: delivery status and Remote IRR.</summary>
    public const ulong ReadOnly = StatusBit | RemoteIrrBit;
    /// <summary>Bits that the 82093AA has and a guest can write.</summary>
    public const ulong Writable82093 = 0xFFul << DestinationShift | 0x1AFFF;
    /// <summary>Bits that a guest can write where destinations of 15 bits or remappable entries exist.</summary>
    public const ulong WritableExtended = 0xFFFFul << AddressShift | 0x1AFFF;

    /// <summary>The entry after reset by the data sheet: masked, the rest zero.</summary>
    public static RedirectionEntry Reset => new(MaskBit);

    /// <summary>Composes an unmasked entry.</summary>
    /// <param name="vector">Vector.</param>
    /// <param name="destination">Destination; 8 bits, or 15 where the machine has extended destinations.</param>
    /// <param name="mode">Delivery mode.</param>
    /// <param name="level">Trigger mode: true for level.</param>
    /// <param name="logical">Destination mode: true for logical.</param>
    /// <param name="activeLow">Polarity: true for active low.</param>
    /// <param name="masked">Whether it is masked.</param>
    public static RedirectionEntry Create(byte vector, uint destination, DeliveryMode mode = DeliveryMode.Fixed,
        bool level = false, bool logical = false, bool activeLow = false, bool masked = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination, 0x7FFFu);
        return new(vector | (ulong)mode << ModeShift | (logical ? LogicalBit : 0) | (activeLow ? ActiveLowBit : 0)
            | (level ? LevelBit : 0) | (masked ? MaskBit : 0) | (ulong)(destination & 0xFF) << DestinationShift
            | (ulong)(destination >> 8) << ExtendedShift);
    }

    /// <summary>The vector.</summary>
    public byte Vector => (byte)Bits;
    /// <summary>Delivery mode.</summary>
    public DeliveryMode Mode => (DeliveryMode)(Bits >> ModeShift & 7);
    /// <summary>Destination mode: true for logical.</summary>
    public bool Logical => (Bits & LogicalBit) != 0;
    /// <summary>Polarity: true for active low.</summary>
    public bool ActiveLow => (Bits & ActiveLowBit) != 0;
    /// <summary>Whether a level interrupt of this pin was accepted and not yet ended.</summary>
    public bool RemoteIrr => (Bits & RemoteIrrBit) != 0;
    /// <summary>Whether the pin is level-triggered. SMI, NMI, INIT and ExtINT are edges even if bit 15 says level
    /// (82093AA, 3.2.4, delivery mode): nothing would ever end them.</summary>
    public bool Level => (Bits & LevelBit) != 0 && (EdgeModes >> (int)Mode & 1) == 0;
    /// <summary>Bit 15, in every delivery mode.</summary>
    internal bool LevelBitSet => (Bits & LevelBit) != 0;
    /// <summary>Whether the pin is masked.</summary>
    public bool Masked => (Bits & MaskBit) != 0;
    /// <summary>Whether the entry names a remapping table entry.</summary>
    public bool Remappable => (Bits & RemappableBit) != 0;
    /// <summary>Destination, 15 bits; the upper seven are zero on a plain 82093AA.</summary>
    public uint Destination => (uint)(Bits >> DestinationShift) | (uint)(Bits >> ExtendedShift & 0x7F) << 8;
    /// <summary>The lower register of the pair.</summary>
    public uint Low => (uint)Bits;
    /// <summary>The upper register of the pair.</summary>
    public uint High => (uint)(Bits >> 32);

    /// <summary>This entry without bits 55:48, which name a wider destination or an entry of a remapping table.</summary>
    internal RedirectionEntry WithByteDestination => new(Bits & ~(0xFFul << AddressShift));

    /// <summary>This entry with the destination mode of another.</summary>
    internal RedirectionEntry WithDestinationModeOf(RedirectionEntry other) => Write(other.Bits, LogicalBit);

    /// <summary>The message that the pin sends. One rule serves all formats: bits 63:48 become address bits 19:4 and
    /// bit 11 becomes address bit 2, which is the destination of a plain entry, the extended destination of a wide
    /// one, and the handle of a remappable one (VT-d specification, 5.1.5.1).</summary>
    public Msi Message => MessageOf(Level);

    /// <summary>As <see cref="Message"/>, for a chip whose profile defines level entries differently.</summary>
    internal Msi MessageOf(bool level) => new(MsiAddress.WindowBegin | (Bits >> AddressShift) << 4 | (Logical ? 4u : 0u),
        MsiData.For(Vector, Mode, level).Bits);

    /// <summary>This entry with the lower register replaced.</summary>
    public RedirectionEntry WithLow(uint value) => new(Bits & ~0xFFFFFFFFul | value);
    /// <summary>This entry with the upper register replaced.</summary>
    public RedirectionEntry WithHigh(uint value) => new(Bits & 0xFFFFFFFF | (ulong)value << 32);
    /// <summary>This entry with Remote IRR set or clear.</summary>
    public RedirectionEntry WithRemoteIrr(bool set) => new(set ? Bits | RemoteIrrBit : Bits & ~RemoteIrrBit);
    /// <summary>This entry masked or not.</summary>
    public RedirectionEntry WithMask(bool masked) => new(masked ? Bits | MaskBit : Bits & ~MaskBit);

    /// <summary>This entry with the bits of <paramref name="mask"/> taken from <paramref name="written"/>.</summary>
    public RedirectionEntry Write(ulong written, ulong mask) => new(Bits & ~mask | written & mask);

    /// <inheritdoc/>
    public override string ToString() => Remappable
        ? $"handle 0x{Message.Address.Handle:x} vector 0x{Vector:x2} {Trigger}{Flags}"
        : $"{Mode} 0x{Vector:x2} to {(Logical ? "logical" : "physical")} 0x{Destination:x} {Trigger}{Flags}";

    private string Trigger => Level ? "level" : "edge";
    private string Flags => (ActiveLow ? " active-low" : "") + (RemoteIrr ? " RIRR" : "") + (Masked ? " masked" : "");
}
