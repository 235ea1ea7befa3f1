namespace Wirq;

/// <summary>How the address of a message carries its destination.</summary>
public enum MsiFormat : byte
{
    /// <summary>8-bit destination in address bits 19:12 (Intel SDM vol. 3, 11.11.1).</summary>
    Compatibility,
    /// <summary>15-bit destination: bits 14:8 in address bits 11:5 (the scheme of <c>KVM_FEATURE_MSI_EXT_DEST_ID</c>,
    /// Linux <c>Documentation/virt/kvm/x86/cpuid.rst</c>).</summary>
    ExtendedDestination,
    /// <summary>32-bit destination: bits 31:8 in address bits 63:40 (<c>KVM_X2APIC_API_USE_32BIT_IDS</c>,
    /// Linux <c>Documentation/virt/kvm/api.rst</c>, 4.58 and 7.7). Bits 39:32 must be zero.</summary>
    KvmHighAddress,
}

/// <summary>Why a message reached no local APIC.</summary>
public enum RefusalReason : byte
{
    /// <summary>It was accepted.</summary>
    None,
    /// <summary>No local APIC matches the destination.</summary>
    NoDestination,
    /// <summary>The matching local APICs are software-disabled (SVR bit 8 clear) and refuse this mode.</summary>
    SoftwareDisabled,
    /// <summary>The vector is below 16; the receiver records "receive illegal vector" (Intel SDM vol. 3,
    /// 11.5.3).</summary>
    IllegalVector,
    /// <summary>The delivery mode is reserved, or not allowed in a message.</summary>
    ReservedMode,
    /// <summary>The message is in remappable format and there is no remapping unit.</summary>
    NoRemapper,
    /// <summary>Reserved bits of the format are set.</summary>
    ReservedBits,
    /// <summary>The kernel that owns the local APICs refused it.</summary>
    Kernel,
    /// <summary>A remapping unit blocked it. The unit recorded a fault, unless the entry or its state suppressed the
    /// record.</summary>
    RemappingFault,
    /// <summary>A profile looks up the destination in a table, and the table does not list a local APIC that could
    /// accept it; see <see cref="Profile.Kvm"/>.</summary>
    NotListed,
}

/// <summary>The address of a message signalled interrupt.</summary>
/// <remarks><code>
/// compatibility   63        32 31    20 19      12 11       5 4 3  2  1 0
///                +------------+--------+----------+----------+-+--+--+---+
///                |  0         |  0xFEE |  dest    | dest14:8 |0|RH|DM| 0 |
///                +------------+--------+----------+----------+-+--+--+---+
/// remappable      31    20 19             5 4  3     2     1 0
///                +--------+----------------+-+---+--------+---+
///                |  0xFEE |  handle 14:0   |1|SHV|handle15| 0 |
///                +--------+----------------+-+---+--------+---+
/// </code>dest14:8 exists only in <see cref="MsiFormat.ExtendedDestination"/>; bits 63:40 hold destination bits 31:8
/// only in <see cref="MsiFormat.KvmHighAddress"/>. Sources: Intel SDM vol. 3, 11.11.1; VT-d specification
/// 5.1.2.2.</remarks>
public readonly record struct MsiAddress(ulong Bits)
{
    /// <summary>The interrupt window: its first address, and the first address after it. A write of a device or a chip
    /// there is a message (Intel SDM vol. 3, 11.11.1).</summary>
    public const ulong WindowBegin = 0xFEE00000, WindowEnd = 0xFEF00000;

    private const ulong WindowMask = uint.MaxValue & ~(WindowEnd - WindowBegin - 1);
    private const ulong LogicalBit = 1 << 2, HintBit = 1 << 3, RemappableBit = 1 << 4;
    private const int DestinationShift = 12, ExtendedShift = 5, HighShift = 40, HandleShift = 5;

    /// <summary>Whether the low 32 bits lie in the interrupt window, 0xFEE00000 to 0xFEEFFFFF, and no bits above them
    /// are set except the destination bits 63:40 of <see cref="MsiFormat.KvmHighAddress"/>.</summary>
    public bool IsInterrupt(MsiFormat format) =>
        (Bits & WindowMask) == WindowBegin && (Bits >> 32 == 0 || format == MsiFormat.KvmHighAddress);

    /// <summary>Whether it names an entry of an interrupt remapping table instead of a destination.</summary>
    public bool Remappable => (Bits & RemappableBit) != 0;
    /// <summary>Destination mode of the compatibility format: true for logical.</summary>
    public bool Logical => (Bits & LogicalBit) != 0;
    /// <summary>Redirection hint of the compatibility format.</summary>
    public bool Hint => (Bits & HintBit) != 0;
    /// <summary>Handle of the remappable format, 16 bits.</summary>
    public ushort Handle => (ushort)((Bits >> HandleShift & 0x7FFF) | (Bits & LogicalBit) << 13);
    /// <summary>Whether the subhandle in the data is valid (remappable format).</summary>
    public bool SubhandleValid => (Bits & HintBit) != 0;

    /// <summary>The destination as <paramref name="format"/> reads it.</summary>
    public uint Destination(MsiFormat format)
    {
        uint low = (uint)(Bits >> DestinationShift) & 0xFF;
        return format switch
        {
            MsiFormat.ExtendedDestination => low | ((uint)(Bits >> ExtendedShift) & 0x7F) << 8,
            MsiFormat.KvmHighAddress => low | (uint)(Bits >> HighShift) << 8,
            _ => low,
        };
    }

    /// <summary>The address for a destination.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The format is too narrow for the destination.</exception>
    public static MsiAddress For(uint destination, bool logical = false, bool hint = false,
        MsiFormat format = MsiFormat.Compatibility)
    {
        ulong high = format switch
        {
            MsiFormat.ExtendedDestination when destination <= 0x7FFF => (ulong)(destination >> 8) << ExtendedShift,
            MsiFormat.KvmHighAddress => (ulong)(destination >> 8) << HighShift,
            MsiFormat.Compatibility when destination <= 0xFF => 0,
            _ => throw new ArgumentOutOfRangeException(nameof(destination), destination, $"too large for {format}"),
        };
        return new(WindowBegin | high | (ulong)(destination & 0xFF) << DestinationShift
            | (logical ? LogicalBit : 0) | (hint ? HintBit : 0));
    }

    /// <summary>The address that names entry <paramref name="handle"/> of a remapping table.</summary>
    public static MsiAddress ForHandle(ushort handle, bool subhandleValid = false) =>
        new(WindowBegin | RemappableBit | (ulong)(handle & 0x7FFF) << HandleShift | (ulong)(handle >> 15) << 2
            | (subhandleValid ? HintBit : 0));

    /// <inheritdoc/>
    public override string ToString() => $"0x{Bits:x8}";
}

/// <summary>The data of a message signalled interrupt.</summary>
/// <remarks><code>
///  31    16 15    14     13 11 10 8 7    0
/// +--------+-----+------+-----+----+------+
/// |   0    |level|assert|  0  |mode|vector|
/// +--------+-----+------+-----+----+------+
/// </code>Intel SDM vol. 3, 11.11.2.</remarks>
public readonly record struct MsiData(uint Bits)
{
    private const uint LevelBit = 1 << 15, AssertBit = 1 << 14;

    /// <summary>The vector.</summary>
    public byte Vector => (byte)Bits;
    /// <summary>Delivery mode.</summary>
    public DeliveryMode Mode => (DeliveryMode)(Bits >> 8 & 7);
    /// <summary>Trigger mode: true for level.</summary>
    public bool Level => (Bits & LevelBit) != 0;
    /// <summary>The level bit.</summary>
    public bool Assert => (Bits & AssertBit) != 0;

    /// <summary>Composes data.</summary>
    public static MsiData For(byte vector, DeliveryMode mode = DeliveryMode.Fixed, bool level = false) =>
        new(vector | (uint)mode << 8 | (level ? LevelBit | AssertBit : 0));

    /// <inheritdoc/>
    public override string ToString() => $"0x{Bits:x4}";
}

/// <summary>A message signalled interrupt: a 32-bit write to an address.</summary>
/// <param name="Address">The address; outside the interrupt window it is an ordinary write to memory.</param>
/// <param name="Data">The data.</param>
public readonly record struct Msi(MsiAddress Address, MsiData Data)
{
    /// <summary>A message from numbers.</summary>
    public Msi(ulong address, uint data) : this(new MsiAddress(address), new MsiData(data)) { }

    /// <summary>Whether it is an interrupt; if not, it is a write to memory.</summary>
    public bool IsInterrupt(MsiFormat format) => Address.IsInterrupt(format);

    /// <summary>Decodes the message as the local APICs do without a remapping unit.</summary>
    /// <returns>Why it cannot be read, or <see cref="RefusalReason.None"/>.</returns>
    public RefusalReason TryDecode(MsiFormat format, out InterruptMessage message)
    {
        message = InterruptMessage.Decode(Data.Bits, (uint)Address.Bits, Address.Destination(format));
        if (Address.Remappable)
            return RefusalReason.NoRemapper;
        if (format == MsiFormat.KvmHighAddress && (Address.Bits >> 32 & 0xFF) != 0)
            return RefusalReason.ReservedBits;
        // The MSI format has no start-up mode, and mode 011 is reserved (SDM vol. 3, 11.11.2).
        return Data.Mode is DeliveryMode.Reserved or DeliveryMode.StartUp ? RefusalReason.ReservedMode : RefusalReason.None;
    }

    /// <summary>Writes a message in a format.</summary>
    public static Msi Encode(InterruptMessage message, MsiFormat format = MsiFormat.Compatibility) => new(
        MsiAddress.For(message.Destination, message.Logical, message.Hint, format),
        MsiData.For(message.Vector, message.Mode, message.Level));

    /// <inheritdoc/>
    public override string ToString() => $"{Address}/{Data}";
}
