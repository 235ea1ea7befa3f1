namespace Wirq;

/// <summary>The destinations that an ICR can name without an id (Intel SDM vol. 3, 11.6.1).</summary>
internal enum DestinationShorthand : byte
{
    /// <summary>None: the destination field counts.</summary>
    None,
    /// <summary>The sender.</summary>
    Self,
    /// <summary>All CPUs.</summary>
    AllIncludingSelf,
    /// <summary>All CPUs except the sender.</summary>
    AllExcludingSelf,
}

/// <summary>The interrupt command register, ICR.</summary>
/// <remarks><code>
/// xAPIC   63  56 55                          32
///        +------+------------------------------+
///        | dest |              0               |
///        +------+------------------------------+
/// x2APIC 63                                  32
///        +-------------------------------------+
///        |             destination             |
///        +-------------------------------------+
/// both    31 20 19 18 17 16  15    14    13   12     11     10  8 7      0
///        +-----+-----+-----+-----+------+--+------+-------+------+--------+
///        |  0  | all |  0  |level|assert| 0|status|logical| mode | vector |
///        +-----+-----+-----+-----+------+--+------+-------+------+--------+
/// </code>Status is read-only in xAPIC mode and does not exist in x2APIC mode. It always reads idle, because
/// sending takes no time.
/// Intel SDM vol. 3, 11.6.1 and 11.12.9.</remarks>
internal readonly record struct InterruptCommand(ulong Bits)
{
    private const int ModeShift = 8, ShorthandShift = 18, HighShift = 32, ByteShift = 56;
    private const uint LogicalBit = 1 << 11, StatusBit = 1 << 12, AssertBit = 1 << 14, LevelBit = 1 << 15;
    private const uint WritableLow = 0xCCFFF;
    private const ulong WritableHigh = 0xFFul << ByteShift;

    /// <summary>Bits that raise #GP when written in x2APIC mode.</summary>
    public const ulong ReservedX2Apic = uint.MaxValue & ~(WritableLow | StatusBit);

    /// <summary>Composes a command in the x2APIC format; <see cref="High8"/> gives the destination of the
    /// other.</summary>
    public static InterruptCommand Create(byte vector, DeliveryMode mode = DeliveryMode.Fixed, uint destination = 0,
        bool logical = false, DestinationShorthand shorthand = DestinationShorthand.None, bool level = false,
        bool assert = true) => new(vector | (uint)mode << ModeShift | (logical ? LogicalBit : 0)
            | (assert ? AssertBit : 0) | (level ? LevelBit : 0) | (uint)shorthand << ShorthandShift
            | (ulong)destination << HighShift);

    /// <summary>The upper register of xAPIC mode for a destination.</summary>
    public static uint High8(byte destination) => (uint)destination << (ByteShift - HighShift);

    /// <summary>The vector.</summary>
    public byte Vector => (byte)Bits;
    /// <summary>Delivery mode.</summary>
    public DeliveryMode Mode => (DeliveryMode)(Bits >> ModeShift & 7);
    /// <summary>Destination mode: true for logical.</summary>
    public bool Logical => (Bits & LogicalBit) != 0;
    /// <summary>The level bit.</summary>
    public bool Assert => (Bits & AssertBit) != 0;
    /// <summary>The trigger bit.</summary>
    public bool Level => (Bits & LevelBit) != 0;
    /// <summary>The destination shorthand.</summary>
    public DestinationShorthand Shorthand => (DestinationShorthand)(Bits >> ShorthandShift & 3);
    /// <summary>The destination in x2APIC mode.</summary>
    public uint Destination32 => (uint)(Bits >> HighShift);
    /// <summary>The destination in xAPIC mode.</summary>
    public byte Destination8 => (byte)(Bits >> ByteShift);
    /// <summary>The lower register.</summary>
    public uint Low => (uint)Bits;
    /// <summary>The upper register.</summary>
    public uint High => (uint)(Bits >> HighShift);

    /// <summary>This command with the lower register written; reserved bits and status stay zero.</summary>
    public InterruptCommand WithLow(uint value) => new(Bits & ~(ulong)uint.MaxValue | value & WritableLow);
    /// <summary>This command with the upper register of xAPIC mode written.</summary>
    public InterruptCommand WithHigh(uint value) =>
        new(Bits & uint.MaxValue | (ulong)value << HighShift & WritableHigh);
    /// <summary>This command with the lower register written, reserved bits and status included.</summary>
    internal InterruptCommand WithAllOfLow(uint value) => new(Bits & ~(ulong)uint.MaxValue | value);
    /// <summary>This command with the upper register written, reserved bits included.</summary>
    internal InterruptCommand WithAllOfHigh(uint value) => new(Bits & uint.MaxValue | (ulong)value << HighShift);
    /// <summary>This command without a destination.</summary>
    public InterruptCommand WithoutDestination => new(Bits & uint.MaxValue);
    /// <summary>A command written in x2APIC mode; the status bit is dropped.</summary>
    public static InterruptCommand FromX2Apic(ulong value) => new(value & ~(ulong)StatusBit);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Mode} 0x{Vector:x2} {Shorthand} {(Logical ? "logical" : "physical")} 0x{High:x8}";
}
