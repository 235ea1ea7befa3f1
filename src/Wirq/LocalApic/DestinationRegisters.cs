using System.Numerics;

namespace Wirq;

/// <summary>The id register of xAPIC mode: an 8-bit id in bits 31:24 (Intel SDM vol. 3, 11.4.6).</summary>
internal readonly record struct XApicId(uint Bits)
{
    private const int IdShift = 24;

    /// <summary>The register for an id.</summary>
    public static XApicId For(byte id) => new((uint)id << IdShift);
    /// <summary>The register as written: bits 23:0 are reserved.</summary>
    public static XApicId Written(uint value) => new(value & 0xFFu << IdShift);
    /// <summary>The id.</summary>
    public byte Id => (byte)(Bits >> IdShift);
}

/// <summary>The destination format register, DFR: model in bits 31:28, the rest ones (Intel SDM vol. 3,
/// 11.6.2.2).</summary>
internal readonly record struct DestinationFormat(uint Bits)
{
    /// <summary>What reset and INIT leave: flat.</summary>
    public static DestinationFormat Flat => new(uint.MaxValue);
    /// <summary>The cluster model.</summary>
    public static DestinationFormat Cluster => new(0x0FFFFFFF);
    /// <summary>The register as written.</summary>
    public static DestinationFormat Written(uint value) => new(value | 0x0FFFFFFF);
}

/// <summary>The logical destination register, LDR.</summary>
/// <remarks><code>
/// xAPIC flat   31        24 23               0
///             +------------+------------------+
///             | id, 8 bits |        0         |
///             +------------+------------------+
/// xAPIC       31   28 27 24 23               0
/// cluster     +------+-----+------------------+
///             |cluster| id |        0         |
///             +------+-----+------------------+
/// x2APIC      31              16 15           0
///             +-----------------+-------------+
///             |     cluster     |  id, 1 bit  |
///             +-----------------+-------------+
/// </code>Intel SDM vol. 3, 11.6.2.2 and 11.12.10.</remarks>
internal readonly record struct LogicalDestination(uint Bits)
{
    private const int ByteShift = 24, NibbleShift = 4, ClusterShift = 16;

    /// <summary>The register of xAPIC mode for a logical id.</summary>
    public static LogicalDestination For(byte id) => new((uint)id << ByteShift);
    /// <summary>The register of xAPIC mode as written.</summary>
    public static LogicalDestination Written(uint value) => new(value & 0xFFu << ByteShift);
    /// <summary>The register of x2APIC mode, derived from the id (Intel SDM vol. 3, 11.12.10.2).</summary>
    public static LogicalDestination Derived(uint id) =>
        new(id >> NibbleShift << ClusterShift | 1u << (int)(id & 0xF));

    /// <summary>The logical id of xAPIC mode.</summary>
    public byte Id => (byte)(Bits >> ByteShift);

    /// <summary>Whether a destination of xAPIC mode addresses this id, under a model.</summary>
    public bool MatchesXApic(byte destination, DestinationFormat format) =>
        format == DestinationFormat.Flat ? (Id & destination) != 0
        : format == DestinationFormat.Cluster && (Id ^ destination) >> NibbleShift == 0
            && (Id & destination & 0xF) != 0;

    /// <summary>Whether a destination of x2APIC mode addresses this id.</summary>
    public bool MatchesX2Apic(uint destination) =>
        (Bits ^ destination) >> ClusterShift == 0 && (Bits & destination & 0xFFFF) != 0;

    /// <summary>Removes the lowest member from a logical destination of x2APIC mode and gives its id; false where none
    /// is left.</summary>
    public static bool NextMember(ref uint destination, out uint id)
    {
        uint members = destination & 0xFFFF;
        id = destination >> ClusterShift << NibbleShift | (uint)BitOperations.TrailingZeroCount(members);
        destination &= destination - 1;
        return members != 0;
    }
}
