namespace Wirq.Board.Workarounds;

/// <summary>RFLAGS.</summary>
/// <remarks><code>
///  9  8  7 ...
/// +--+--+-----
/// |IF|TF|
/// +--+--+-----
/// </code>Intel SDM vol. 1, 3.4.3.</remarks>
internal readonly record struct GuestFlags(ulong Bits)
{
    private const ulong Trap = 1 << 8, ResumeMask = 1 << 16;

    /// <summary>Without TF, which the host sets for stepping.</summary>
    internal GuestFlags WithoutTrap => new(Bits & ~Trap);
    /// <summary>The value that PUSHF stores: RF is clear (and VM, which 64-bit mode does not have), and so is the TF
    /// that the host sets for stepping.</summary>
    internal GuestFlags Pushed => new(Bits & ~(Trap | ResumeMask));
}

/// <summary>An entry of any level of the page tables in 64-bit mode.</summary>
/// <remarks><code>
///  51              12 11   8  7 6 5   2 1 0
/// +------------------+------+--+---+---+-+-+
/// |  frame or table  |      |PS|   |   |W|P|
/// +------------------+------+--+---+---+-+-+
/// </code>Intel SDM vol. 3, table 4-15 and others.</remarks>
internal readonly record struct GuestPageEntry(ulong Bits)
{
    private const ulong AddressMask = 0xF_FFFF_FFFF_F000;
    private const int IndexBits = 9, PageBits = 12;

    internal bool Present => (Bits & 1) != 0;
    internal bool Writable => (Bits & 2) != 0;
    internal bool Large => (Bits & 0x80) != 0;
    /// <summary>The address of the frame or table.</summary>
    internal ulong Address => Bits & AddressMask;

    /// <summary>The offset of the entry for an address in its table.</summary>
    /// <param name="linear">The linear address.</param>
    /// <param name="level">1 for the table of 4 KiB pages, up to 4.</param>
    internal static ulong OffsetOf(ulong linear, int level) =>
        (linear >> ShiftOf(level) & ((1ul << IndexBits) - 1)) * sizeof(ulong);

    /// <summary>The physical address of a linear one that this entry maps.</summary>
    internal ulong Place(ulong linear, int level)
    {
        ulong within = (1ul << ShiftOf(level)) - 1;
        return Address & ~within | linear & within;
    }

    private static int ShiftOf(int level) => PageBits + (level - 1) * IndexBits;
}

/// <summary>The first half of a gate in the interrupt descriptor table of 64-bit mode.</summary>
/// <remarks><code>
///  63          48 47 46 45 44 43 40 39  35 34 32 31      16 15         0
/// +--------------+--+-----+--+-----+------+-----+----------+------------+
/// | offset 31:16 | P| DPL | 0|type |  0   | IST | selector |offset 15:0 |
/// +--------------+--+-----+--+-----+------+-----+----------+------------+
/// </code>Intel SDM vol. 3, figure 6-8.</remarks>
internal readonly record struct GuestGate(ulong Bits)
{
    private const int SelectorShift = 16, StackTableShift = 32, PresentShift = 47;

    internal bool Present => (Bits >> PresentShift & 1) != 0;
    internal ushort Selector => (ushort)(Bits >> SelectorShift);
    /// <summary>Whether the handler has a stack of its own (IST).</summary>
    internal bool HasStack => (Bits >> StackTableShift & 7) != 0;
}

/// <summary>A segment descriptor.</summary>
/// <remarks>Bit 47 is P (Intel SDM vol. 3, figure 3-8).</remarks>
internal readonly record struct GuestDescriptor(ulong Bits)
{
    private const int PresentShift = 47;

    internal bool Present => (Bits >> PresentShift & 1) != 0;
}

/// <summary>A selector: index, table, privilege level (Intel SDM vol. 3, figure 3-6).</summary>
internal readonly record struct GuestSelector(ushort Bits)
{
    private const int LocalTable = 4, PrivilegeMask = 3;

    internal bool IsLocal => (Bits & LocalTable) != 0;
    internal int Privilege => Bits & PrivilegeMask;
    /// <summary>The offset of its descriptor in the table.</summary>
    internal ulong Offset => Bits & ~7ul;
    /// <summary>The selector in an error code of a software event (EXT clear; Intel SDM vol. 3, 6.13).</summary>
    internal uint ErrorCode => Bits & 0xFFFCu;
}
