namespace Wirq.Remapping.VtD;

/// <summary>The type of a descriptor of the invalidation queue.</summary>
internal enum DescriptorType : byte
{
    /// <summary>Invalidate context cache entries.</summary>
    ContextCache = 1,
    /// <summary>Invalidate IOTLB entries.</summary>
    Iotlb = 2,
    /// <summary>Invalidate the TLB of a device.</summary>
    DeviceTlb = 3,
    /// <summary>Invalidate interrupt entries (IEC).</summary>
    InterruptEntries = 4,
    /// <summary>Report that all earlier descriptors are done.</summary>
    Wait = 5,
}

/// <summary>What stopped the invalidation queue: IQERCD_REG.IQEI.</summary>
internal enum QueueError : byte
{
    /// <summary>Nothing, or nothing known.</summary>
    None = 0,
    /// <summary>The tail is beyond the queue.</summary>
    Tail = 1,
    /// <summary>The descriptor could not be read.</summary>
    Fetch = 2,
    /// <summary>There is no such type.</summary>
    Type = 3,
    /// <summary>Reserved fields are set.</summary>
    Reserved = 4,
}

/// <summary>A descriptor of the invalidation queue, 128 bits.</summary>
/// <remarks><code>
/// IEC        63   48 47   32 31 27 26    5   4   3   0     127                     64
///           +-------+-------+-----+-------+-----+-----+   +-------------------------+
///           |   0   | index |mask |   0   |sel. |  4  |   |            0            |
///           +-------+-------+-----+-------+-----+-----+   +-------------------------+
/// wait       63           32 31     7 6   5   4  3   0     127                66 65 64
///           +---------------+--------+--+---+---+-----+   +---------------------+-----+
///           |  status data  |   0    |FN|SW |IF |  5  |   |   status address    |  0  |
///           +---------------+--------+--+---+---+-----+   +---------------------+-----+
/// </code>sel.: 0 all entries, 1 those of index and mask. FN: fence; SW: status write; IF: interrupt. The other types
/// are of caches that this unit does not have; they are checked and then done. VT-d specification, 6.5.2.1 to
/// 6.5.2.8.</remarks>
/// <param name="Low">Bits 63:0.</param>
/// <param name="High">Bits 127:64.</param>
internal readonly record struct QueuedDescriptor(ulong Low, ulong High)
{
    /// <summary>Bytes that a descriptor takes.</summary>
    public const int Size = 16;
    /// <summary>The largest index mask, as ECAP_REG.MHMV reports it to the guest.</summary>
    public const int MaxIndexMask = 15;

    private const ulong SelectiveBit = 1 << 4, InterruptBit = 1 << 4, StatusBit = 1 << 5, FenceBit = 1 << 6;
    private const int MaskShift = 27, IndexShift = 32, DataShift = 32, GranularityShift = 4;
    // The type has seven bits, 11:9 and 3:0; none that this unit knows uses the upper three.
    private const ulong TypeBits = 7ul << 9 | 15;

    // Reserved bits by type; those of the type itself are not among them.
    private const ulong ContextCacheLow = 0x3Ful << 10 & ~TypeBits | 7ul << 6 | ~0ul << 50, ContextCacheHigh = ~0ul;
    private const ulong IotlbLow = 0xFFul << 8 & ~TypeBits | ~0ul << 32, IotlbHigh = 0x1Ful << 7;
    private const ulong DeviceTlbLow = 0x1Ful << 4 | 7ul << 21 | 0xFul << 48, DeviceTlbHigh = 0x7FFul << 1;
    private const ulong EntriesLow = 0x3FFFFFul << 5 & ~TypeBits | ~0ul << 48, EntriesHigh = ~0ul;
    // Bit 7, page request drain, is reserved without page requests (ECAP_REG.PDS clear).
    private const ulong WaitLow = 0x1FFFFFFul << 7 & ~TypeBits, WaitHigh = 3;

    /// <summary>Invalidates all interrupt entries.</summary>
    public static QueuedDescriptor AllEntries => new((ulong)DescriptorType.InterruptEntries, 0);

    /// <summary>Invalidates the aligned run of 2^<paramref name="mask"/> interrupt entries around an index.</summary>
    public static QueuedDescriptor Entries(ushort index, int mask = 0) => new((ulong)DescriptorType.InterruptEntries
        | SelectiveBit | ((ulong)mask & 31) << MaskShift | (ulong)index << IndexShift, 0);

    /// <summary>Writes 32 bits to memory when all before it is done.</summary>
    /// <param name="address">A multiple of 4.</param>
    /// <param name="data">What is written.</param>
    /// <param name="interrupt">Whether the invalidation event is signalled, too.</param>
    /// <param name="fence">Whether nothing after it begins before; this unit always works in order.</param>
    public static QueuedDescriptor Wait(ulong address, uint data, bool interrupt = false, bool fence = false) => new(
        (ulong)DescriptorType.Wait | StatusBit | (interrupt ? InterruptBit : 0) | (fence ? FenceBit : 0)
            | (ulong)data << DataShift, address);

    /// <summary>Signals the invalidation event when all before it is done.</summary>
    public static QueuedDescriptor WaitInterrupt => new((ulong)DescriptorType.Wait | InterruptBit, 0);

    /// <summary>Invalidates the whole context cache.</summary>
    public static QueuedDescriptor ContextCache => new((ulong)DescriptorType.ContextCache | 1ul << GranularityShift, 0);
    /// <summary>Invalidates the whole IOTLB.</summary>
    public static QueuedDescriptor Iotlb => new((ulong)DescriptorType.Iotlb | 1ul << GranularityShift, 0);
    /// <summary>Invalidates the TLB of a device.</summary>
    public static QueuedDescriptor DeviceTlb(ushort device) => new((ulong)DescriptorType.DeviceTlb | (ulong)device << IndexShift, 0);

    /// <summary>Its type.</summary>
    public DescriptorType Type => (DescriptorType)((Low & TypeBits) > 15 ? 0 : Low & TypeBits);
    /// <summary>IEC: whether only a run of entries is meant.</summary>
    public bool Selective => (Low & SelectiveBit) != 0;
    /// <summary>IEC: index mask (IM).</summary>
    public int IndexMask => (int)(Low >> MaskShift & 31);
    /// <summary>IEC: first entry of the run; the low bits of the index, as many as the mask says, do not
    /// count.</summary>
    public int FirstEntry => (ushort)(Low >> IndexShift) & ~RunMask;
    /// <summary>IEC: last entry of the run.</summary>
    public int LastEntry => FirstEntry | RunMask;
    /// <summary>Wait: whether a status is written (SW).</summary>
    public bool WritesStatus => (Low & StatusBit) != 0;
    /// <summary>Wait: whether an interrupt is signalled (IF).</summary>
    public bool Interrupts => (Low & InterruptBit) != 0;
    /// <summary>Wait: the status.</summary>
    public uint StatusData => (uint)(Low >> DataShift);
    /// <summary>Wait: where the status goes.</summary>
    public ulong StatusAddress => High;

    private int RunMask => (1 << (IndexMask & MaxIndexMask)) - 1;
    private bool HasGranularity => (Low >> GranularityShift & 3) != 0;

    /// <summary>What is wrong with it.</summary>
    internal QueueError Check() => Type switch
    {
        DescriptorType.ContextCache => Valid(ContextCacheLow, ContextCacheHigh, HasGranularity),
        DescriptorType.Iotlb => Valid(IotlbLow, IotlbHigh, HasGranularity),
        DescriptorType.DeviceTlb => Valid(DeviceTlbLow, DeviceTlbHigh, true),
        DescriptorType.InterruptEntries => Valid(EntriesLow, EntriesHigh, !Selective || IndexMask <= MaxIndexMask),
        DescriptorType.Wait => Valid(WaitLow, WaitHigh, true),
        _ => QueueError.Type,
    };

    private QueueError Valid(ulong reservedLow, ulong reservedHigh, bool fields) =>
        (Low & reservedLow) == 0 && (High & reservedHigh) == 0 && fields ? QueueError.None : QueueError.Reserved;

    /// <inheritdoc/>
    public override string ToString() => Type switch
    {
        DescriptorType.InterruptEntries => Selective ? $"IEC {FirstEntry} to {LastEntry}" : "IEC all",
        DescriptorType.Wait => "wait" + (WritesStatus ? $", write 0x{StatusData:x} to 0x{StatusAddress:x}" : "")
            + (Interrupts ? ", interrupt" : ""),
        _ => $"{Type}",
    };
}
