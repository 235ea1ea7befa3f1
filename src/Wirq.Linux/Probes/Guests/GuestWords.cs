namespace Wirq.Linux.Probes;

/// <summary>An entry of a page table in 64-bit mode.</summary>
/// <remarks><code>
///  51              12 11   8 7  6   3 2 1 0
/// +------------------+------+--+-----+-+-+-+
/// |  frame or table  |      |PS|     |U|W|P|
/// +------------------+------+--+-----+-+-+-+
/// </code>Intel SDM vol. 3, table 4-18 and others.</remarks>
internal readonly record struct PageEntry(ulong Bits)
{
    private const ulong Present = 1 << 0, Writable = 1 << 1, Large = 1 << 7;

    /// <summary>Leads to a table.</summary>
    internal static PageEntry Table(ulong address) => new(address | Present | Writable);
    /// <summary>Maps 2 MiB.</summary>
    internal static PageEntry LargePage(ulong address) => new(address | Present | Writable | Large);
}

/// <summary>An interrupt gate in 64-bit mode.</summary>
/// <remarks><code>
///  127  96 95         64 63          48 47 46 45 44 43 40 39  35 34 32 31      16 15         0
/// +-------+-------------+--------------+--+-----+--+-----+------+-----+----------+------------+
/// |   0   |offset 63:32 | offset 31:16 | P| DPL | 0|type |  0   | IST | selector |offset 15:0 |
/// +-------+-------------+--------------+--+-----+--+-----+------+-----+----------+------------+
/// </code>Intel SDM vol. 3, figure 6-8.</remarks>
internal readonly record struct InterruptGate(UInt128 Bits)
{
    private const int SelectorShift = 16, HighShift = 48, UpperShift = 64, OffsetMiddle = 16, OffsetUpper = 32;
    private const ulong Low = 0xFFFF, Attributes = 0x8E00_0000_0000;

    /// <summary>A gate that is present, for CPL 0.</summary>
    internal static InterruptGate To(ulong handler, ushort selector) => new(
        (UInt128)(handler >> OffsetUpper) << UpperShift
        | (handler >> OffsetMiddle & Low) << HighShift | Attributes | (ulong)selector << SelectorShift | handler & Low);
}

/// <summary>An entry of the interrupt vector table of real mode: segment over offset (Intel SDM vol. 3,
/// 21.1.4).</summary>
internal readonly record struct RealModeVector(uint Bits)
{
    private const int SegmentShift = 16;

    internal RealModeVector(ushort segment, ushort offset) : this((uint)segment << SegmentShift | offset) { }
}
