namespace Wirq;

/// <summary>The kind of event that a message requests from the processor. Values as in an RTE, an LVT, an ICR and MSI
/// data.</summary>
public enum DeliveryMode : byte
{
    /// <summary>The vector, at every addressed local APIC.</summary>
    Fixed = 0,
    /// <summary>The vector, at the one of the addressed local APICs that runs at the lowest priority.</summary>
    LowestPriority = 1,
    /// <summary>System management interrupt; the vector is ignored.</summary>
    Smi = 2,
    /// <summary>Reserved in every format.</summary>
    Reserved = 3,
    /// <summary>Non-maskable interrupt; the vector is ignored.</summary>
    Nmi = 4,
    /// <summary>INIT; in an ICR, level-deassert is the (ignored) INIT level de-assert.</summary>
    Init = 5,
    /// <summary>Start-up IPI; the vector is the page of the entry point. Legal in an ICR only.</summary>
    StartUp = 6,
    /// <summary>The vector comes from the 8259 in an INTA cycle. Legal in an RTE, an LVT and a message.</summary>
    ExtInt = 7,
}

/// <summary>An interrupt message as the local APICs get it, from any format.</summary>
/// <remarks><code>
///  63           32 31    16  15  14   13     12      11      10 8   7    0
/// +---------------+--------+----+----+------+-------+-------+------+------+
/// |  destination  |   0    |port| RH |assert| level |logical| mode |vector|
/// +---------------+--------+----+----+------+-------+-------+------+------+
/// </code>With port set, it is no message for local APICs: the destination is an event channel of Xen, and the rest is zero.
/// RH: redirection hint (Intel SDM vol. 3, 11.11.1: lowest-priority arbitration among the addressed).</remarks>
public readonly record struct InterruptMessage(ulong Bits)
{
    private const int ModeShift = 8, DestinationShift = 32;
    private const ulong LogicalBit = 1 << 11, LevelBit = 1 << 12, AssertBit = 1 << 13, HintBit = 1 << 14, PortBit = 1 << 15;

    /// <summary>The bits that exist.</summary>
    internal const ulong AllBits = 0xFFFFFFFFul << DestinationShift | PortBit | (PortBit - 1);

    /// <summary>An event of a port of Xen, to which a PIRQ's message was translated.</summary>
    internal static InterruptMessage ForPort(uint port) => new((ulong)port << DestinationShift | PortBit);

    /// <summary>Whether it is an event of a port of Xen, which is the destination. It never goes to a local APIC or into a
    /// kernel's route.</summary>
    public bool IsPort => (Bits & PortBit) != 0;

    /// <summary>Composes a message.</summary>
    /// <param name="vector">0 to 255; the receiver decides whether it is legal.</param>
    /// <param name="mode">Delivery mode.</param>
    /// <param name="destination">Physical APIC id or logical set, 32 bits.</param>
    /// <param name="logical">Whether the destination is a logical one.</param>
    /// <param name="level">Trigger mode: true for level.</param>
    /// <param name="assert">The level bit; false only for INIT level de-assert.</param>
    /// <param name="hint">Redirection hint.</param>
    public static InterruptMessage Create(byte vector, DeliveryMode mode, uint destination, bool logical = false,
        bool level = false, bool assert = true, bool hint = false) => new(
            vector | (ulong)mode << ModeShift | (logical ? LogicalBit : 0) | (level ? LevelBit : 0)
            | (assert ? AssertBit : 0) | (hint ? HintBit : 0) | (ulong)destination << DestinationShift);

    /// <summary>Composes a message from the words that it came in. Vector and mode have the same bits as in MSI data.
    /// The flags are moved without a branch, because every message comes through here.</summary>
    /// <param name="data">MSI data.</param>
    /// <param name="address">Lower half of the MSI address.</param>
    /// <param name="destination">Destination, decoded by the format of the address.</param>
    internal static InterruptMessage Decode(uint data, uint address, uint destination)
    {
        const uint vectorAndMode = 0x7FF, dataLevel = 1 << 15, dataAssert = 1 << 14, addressLogical = 1 << 2, addressHint = 1 << 3;
        // An edge asserts with either level bit.
        uint assert = (data | ~(data & dataLevel) >> 1) & dataAssert;
        return new(data & vectorAndMode | (address & addressLogical) << 9 | (data & dataLevel) >> 3 | assert >> 1
            | (address & addressHint) << 11 | (ulong)destination << DestinationShift);
    }

    /// <summary>Whether this is the common case: Fixed, physical destination, and an edge or an asserted
    /// level.</summary>
    internal bool IsPlain => (Bits & (7ul << ModeShift | LogicalBit)) == 0 && (Bits & (LevelBit | AssertBit)) != LevelBit;

    /// <summary>This message in Fixed mode.</summary>
    internal InterruptMessage MadeFixed => new(Bits & ~(7ul << ModeShift));

    /// <summary>The vector, 0 to 255.</summary>
    public byte Vector => (byte)Bits;
    /// <summary>Delivery mode.</summary>
    public DeliveryMode Mode => (DeliveryMode)(Bits >> ModeShift & 7);
    /// <summary>Destination, 32 bits.</summary>
    public uint Destination => (uint)(Bits >> DestinationShift);
    /// <summary>Whether the destination is logical.</summary>
    public bool Logical => (Bits & LogicalBit) != 0;
    /// <summary>Trigger mode: true for level.</summary>
    public bool Level => (Bits & LevelBit) != 0;
    /// <summary>The level bit of an ICR or of MSI data.</summary>
    public bool Assert => (Bits & AssertBit) != 0;
    /// <summary>Redirection hint.</summary>
    public bool Hint => (Bits & HintBit) != 0;

    /// <inheritdoc/>
    public override string ToString() => IsPort ? $"event channel {Destination}" :
        $"{Mode} 0x{Vector:x2} to {(Logical ? "logical" : "physical")} 0x{Destination:x} ({(Level ? "level" : "edge")})";
}
