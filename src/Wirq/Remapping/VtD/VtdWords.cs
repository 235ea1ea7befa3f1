using System.Numerics;
using Wirq.State;

namespace Wirq.Remapping.VtD;

/// <summary>A register as a guest accesses it: whole, or by halves if it has 64 bits.</summary>
internal struct RegisterWord : IState
{
    private const int HalfShift = 32;

    public ulong Bits;

    internal static ulong Half(ulong word, bool upper) => upper ? word >> HalfShift : (uint)word;
    internal static ulong AtHalf(ulong half, bool upper) => upper ? half << HalfShift : (uint)half;

    /// <summary>A guest writes it.</summary>
    /// <param name="written">The bits written.</param>
    /// <param name="lane">The bits that the access reaches.</param>
    /// <param name="writable">The bits that can be written.</param>
    /// <param name="clearedByOne">The bits that a 1 clears.</param>
    internal void Write(ulong written, ulong lane, ulong writable, ulong clearedByOne)
    {
        ulong taken = lane & writable;
        Bits = (Bits & ~taken | written & taken) & ~(written & lane & clearedByOne);
    }
}

/// <summary>GCMD_REG and GSTS_REG, which have the same bits.</summary>
/// <remarks><code>
///  31  30   29   28   27   26  25   24    23  22  0
/// +--+----+----+----+----+---+---+-----+----+------+
/// |TE|SRTP| FL |EAFL|WBF |QIE|IRE|SIRTP|CFI |  0   |
/// +--+----+----+----+----+---+---+-----+----+------+
/// </code>FL, EAFL (advanced fault log) and WBF (write buffer flush) belong to what CAP_REG does not offer. VT-d
/// specification, 11.4, "Global Command Register" and "Global Status Register".</remarks>
internal readonly record struct GlobalCommand(ulong Bits)
{
    internal const ulong Translation = 1ul << 31, SetRoot = 1 << 30, Queue = 1 << 26, Remapping = 1 << 25, SetTable = 1 << 24,
        Compatibility = 1 << 23;
    /// <summary>Commands that are done once; the rest are switches.</summary>
    internal const ulong Once = SetRoot | SetTable;
    internal const ulong Switches = Translation | Queue | Remapping | Compatibility;

    internal bool Has(ulong bit) => (Bits & bit) != 0;
    internal GlobalCommand With(ulong bit, bool set) => new(set ? Bits | bit : Bits & ~bit);

    /// <summary>The requests of a write, added to those that are not done yet.</summary>
    internal GlobalCommand Write(ulong written) => new(Bits & Once | written & (Once | Switches));

    /// <summary>The requests that are not done yet, by the status.</summary>
    internal ulong Pending(GlobalCommand status) => Bits & Once | (Bits ^ status.Bits) & Switches;
}

/// <summary>CAP_REG and ECAP_REG.</summary>
/// <remarks>CAP_REG: 21:16 MGAW, 33:24 FRO, 47:40 NFR, 59 PI (clear: no posted interrupts), 62 ESIRTPS (setting the
/// table pointer also invalidates). SAGAW (12:8) is zero: this unit translates no addresses. ECAP_REG: 1 QI, 3 IR, 4
/// EIM, 17:8 IRO, 23:20 MHMV. VT-d specification, 11.4, "Capability Register" and "Extended Capability
/// Register".</remarks>
internal static class VtdCapabilities
{
    private const int WidthShift = 16, RecordOffsetShift = 24, RecordsShift = 40, IotlbOffsetShift = 8, MaskShift = 20, Unit = 16;
    private const ulong Esirtps = 1ul << 62, Queued = 1 << 1, Remapping = 1 << 3, Extended = 1 << 4;

    /// <summary>Architecture version 1.0.</summary>
    internal const ulong Version = 0x10;

    internal static ulong Basic(VtdOptions options) => Esirtps | (ulong)(options.AddressWidth - 1) << WidthShift
        | (ulong)VtdUnit.FaultRecordOffset / Unit << RecordOffsetShift | (ulong)(options.FaultRecords - 1) << RecordsShift;

    /// <summary>The bits of an address that exist, by MGAW.</summary>
    internal static ulong AddressMask(VtdOptions options) => (1ul << options.AddressWidth) - 1;

    internal static ulong More(VtdOptions options) => Queued | Remapping | (options.ExtendedInterruptMode ? Extended : 0)
        | (ulong)VtdUnit.IotlbOffset / Unit << IotlbOffsetShift | (ulong)QueuedDescriptor.MaxIndexMask << MaskShift;
}

/// <summary>IRTA_REG: where the table is.</summary>
/// <remarks><code>
///  63        12  11   10 4 3    0
/// +------------+----+-----+------+
/// |  address   |EIME|  0  | size |
/// +------------+----+-----+------+
/// </code>2^(size+1) entries. VT-d specification, 11.4, "Interrupt Remapping Table Address Register".</remarks>
internal readonly record struct TableAddress(ulong Bits)
{
    internal const ulong Extended = 1 << 11, Size = 15, Address = ~0xFFFul;

    /// <summary>A table with this number of entries, a power of two from 2 to 65536; for other numbers, as many as
    /// fit.</summary>
    internal static TableAddress For(ulong address, ulong entries) =>
        new(address & Address | Math.Min(Size, (ulong)BitOperations.Log2(Math.Max(2, entries)) - 1));

    internal bool IsExtended => (Bits & Extended) != 0;
    internal int LastIndex => (2 << (int)(Bits & Size)) - 1;
    internal ulong EntryAddress(int index) => (Bits & Address) + (ulong)index * Irte.Size;
}

/// <summary>IQA_REG: where the invalidation queue is.</summary>
/// <remarks><code>
///  63        12 11 10  3 2    0
/// +------------+--+-----+------+
/// |  address   |DW|  0  | size |
/// +------------+--+-----+------+
/// </code>2^size pages of 4 KiB. DW (256-bit descriptors) is reserved where ECAP_REG.SMTS is clear, as here, and reads
/// 0. IQH_REG and IQT_REG hold offsets into it, in bits 18:4. VT-d specification, 11.4, "Invalidation Queue Address
/// Register".</remarks>
internal readonly record struct QueueAddress(ulong Bits)
{
    internal const ulong Address = ~0xFFFul, Size = 7, Offset = 0x7FFF0;

    internal ulong Bytes => 0x1000ul << (int)(Bits & Size);
    internal ulong DescriptorAddress(ulong offset) => (Bits & Address) + offset;
    internal ulong Next(ulong offset) => offset + QueuedDescriptor.Size & Bytes - 1;
}

/// <summary>FSTS_REG.</summary>
/// <remarks><code>
///  31  16 15   8  7   6   5   4   3   2   1   0
/// +------+------+---+---+---+---+---+---+---+---+
/// |  0   | FRI  | 0 |ITE|ICE|IQE| 0 | 0 |PPF|PFO|
/// +------+------+---+---+---+---+---+---+---+---+
/// </code>ITE and ICE are never set: no device TLB answers late or wrongly here. VT-d specification, 11.4, "Fault
/// Status Register".</remarks>
internal readonly record struct FaultStatus(ulong Bits)
{
    internal const ulong Overflow = 1, Pending = 2, QueueError = 1 << 4, ClearedByOne = Overflow | QueueError | 1 << 5 | 1 << 6;
    /// <summary>Bits that the unit sets.</summary>
    internal const ulong Set = Conditions | IndexMask;
    private const ulong Conditions = ClearedByOne | Pending, IndexMask = 0xFF00;
    private const int IndexShift = 8;

    internal bool Has(ulong bit) => (Bits & bit) != 0;
    internal FaultStatus With(ulong bit, bool set) => new(set ? Bits | bit : Bits & ~bit);
    /// <summary>PPF set, by the record at <paramref name="index"/>.</summary>
    internal FaultStatus WithPending(int index) => new(Bits & ~IndexMask | (ulong)index << IndexShift | Pending);
    /// <summary>Whether any status field is set.</summary>
    internal bool Any => (Bits & Conditions) != 0;
}

/// <summary>FECTL_REG and IECTL_REG: bit 31 masks the message (IM), bit 30 says that it is pending (IP).</summary>
internal readonly record struct EventControl(ulong Bits)
{
    internal const ulong Mask = 1ul << 31;
    /// <summary>The bit that the unit sets.</summary>
    internal const ulong Set = PendingBit;
    private const ulong PendingBit = 1 << 30;

    internal bool Masked => (Bits & Mask) != 0;
    internal bool Pending => (Bits & PendingBit) != 0;
    internal EventControl WithPending(bool set) => new(set ? Bits | PendingBit : Bits & ~PendingBit);
}

/// <summary>CCMD_REG and IOTLB_REG: bit 63 requests an invalidation (ICC, IVT) and reads 1 until it is done; the actual
/// granularity equals the requested one. VT-d specification, 11.4, "Context Command Register" and "IOTLB
/// Registers".</summary>
internal readonly record struct CacheCommand(ulong Bits)
{
    internal const ulong ContextCommand = Ask | 3ul << 61 | 3ul << 32 | 0xFFFFFFFF;
    internal const ulong Iotlb = Ask | 3ul << 60 | 3ul << 48 | 0xFFFFul << 32;
    private const ulong Ask = 1ul << 63, ContextGranularity = 3ul << 61, IotlbGranularity = 3ul << 60;
    private const int ContextAnswer = 2, IotlbAnswer = 3;
    /// <summary>Bits in which the unit answers.</summary>
    internal const ulong Set = ContextGranularity >> ContextAnswer | IotlbGranularity >> IotlbAnswer;

    internal CacheCommand DoneAsContext => Done(ContextGranularity, ContextAnswer);
    internal CacheCommand DoneAsIotlb => Done(IotlbGranularity, IotlbAnswer);

    private CacheCommand Done(ulong requested, int shift) =>
        (Bits & Ask) == 0 ? this : new(Bits & ~Ask & ~(requested >> shift) | (Bits & requested) >> shift);
}

/// <summary>A fault recording register, 128 bits, of an interrupt remapping fault.</summary>
/// <remarks><code>
/// low   63    48 47                            0     high  63 62     40 39    32 31     16 15        0
///      +--------+-------------------------------+         +--+---------+--------+---------+-----------+
///      | index  |               0               |         |F |    0    | reason |    0    | source id |
///      +--------+-------------------------------+         +--+---------+--------+---------+-----------+
/// </code>VT-d specification, 11.4, "Fault Recording Registers".</remarks>
internal readonly record struct FaultRecord(ulong Low, ulong High) : IState
{
    internal const int Size = 16;
    internal const ulong Fault = 1ul << 63;
    private const int IndexShift = 48, ReasonShift = 32;

    internal static FaultRecord Of(VtdFaultReason reason, ushort source, ushort index) =>
        new((ulong)index << IndexShift, Fault | (ulong)reason << ReasonShift | source);

    internal bool IsFault => (High & Fault) != 0;
    internal VtdFaultReason Reason => (VtdFaultReason)(byte)(High >> ReasonShift);
    internal ushort Source => (ushort)High;
    internal ushort EntryIndex => (ushort)(Low >> IndexShift);
}

/// <summary>An interrupt request as a unit reads it.</summary>
/// <remarks>Remappable data: 15:0 subhandle, 31:16 reserved, if the address says that the subhandle is valid (SHV);
/// ignored otherwise. Address bits 1:0 are ignored. VT-d specification, 5.1.2.2.</remarks>
internal readonly record struct InterruptRequest(Msi Message)
{
    private const uint SubhandleMask = 0xFFFF;
    private const ulong FormatBit = 1 << 4;

    /// <summary>Whether it is an interrupt request at all (5.1.2).</summary>
    internal bool IsInterrupt => Message.IsInterrupt(MsiFormat.Compatibility);
    internal bool Remappable => Message.Address.Remappable;
    internal bool HasReserved => Message.Address.SubhandleValid && Message.Data.Bits > SubhandleMask;

    /// <summary>The index of its entry, 17 bits: handle plus subhandle (5.1.3).</summary>
    internal int Index => Message.Address.Handle + (Message.Address.SubhandleValid ? (ushort)Message.Data.Bits : 0);

    /// <summary>The request read in compatibility format, with any format bit.</summary>
    internal Msi AsCompatibility => new(new MsiAddress(Message.Address.Bits & ~FormatBit), Message.Data);
}
