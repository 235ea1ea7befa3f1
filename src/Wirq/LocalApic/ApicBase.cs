namespace Wirq;

/// <summary>The mode of a local APIC, by IA32_APIC_BASE (Intel SDM vol. 3, 11.12.1, table 11-5).</summary>
public enum ApicMode : byte
{
    /// <summary>Hardware-disabled: the CPU works like one without a local APIC.</summary>
    Disabled,
    /// <summary>EXTD without EN: invalid, never reached.</summary>
    Invalid,
    /// <summary>Registers in a page of memory, 8-bit ids.</summary>
    XApic,
    /// <summary>Registers in MSRs, 32-bit ids.</summary>
    X2Apic,
}

/// <summary>IA32_APIC_BASE, <see cref="ApicMsr.Base"/>.</summary>
/// <remarks><code>
///  63    MAXPHYADDR         12  11   10    9    8   7     0
/// +--------+------------------+----+------+---+-----+-------+
/// |   0    | page of the APIC | EN | EXTD | 0 | BSP |   0   |
/// +--------+------------------+----+------+---+-----+-------+
/// </code>Intel SDM vol. 3, 11.4.4 and 11.12.1. BSP is writable.</remarks>
public readonly record struct ApicBase(ulong Bits)
{
    private const int ModeShift = 10, PageBits = 12;
    private const ulong ExtendedBit = 1 << 10, EnableBit = 1 << 11, BspBit = 1 << 8;
    private const ulong ReservedLow = 0x2FF;

    /// <summary>Physical address of the register page after a reset.</summary>
    public const ulong DefaultPage = 0xFEE00000;

    /// <summary>The value after a reset: xAPIC mode at <see cref="DefaultPage"/>.</summary>
    public static ApicBase Reset(bool bootstrap) => new(DefaultPage | EnableBit | (bootstrap ? BspBit : 0));

    /// <summary>The mode.</summary>
    public ApicMode Mode => (ApicMode)(Bits >> ModeShift & 3);
    /// <summary>EN: not hardware-disabled.</summary>
    public bool Enabled => (Bits & EnableBit) != 0;
    /// <summary>Whether this is the bootstrap processor.</summary>
    public bool Bootstrap => (Bits & BspBit) != 0;
    /// <summary>Physical address of the register page.</summary>
    public ulong Page => Bits >> PageBits << PageBits;

    /// <summary>Whether <paramref name="address"/> lies in the register page.</summary>
    public bool Covers(ulong address, out uint offset)
    {
        offset = (uint)(address - Page);
        return (address ^ Bits) >> PageBits == 0;
    }

    /// <summary>Whether a WRMSR of <paramref name="next"/> is legal: no reserved bit, and a transition that table 11-5
    /// and 11.12.5 of the Intel SDM vol. 3 allow.</summary>
    /// <param name="next">What is written.</param>
    /// <param name="physicalBits">MAXPHYADDR.</param>
    /// <param name="x2Apic">Whether x2APIC mode exists; where it does not, EXTD is reserved.</param>
    public bool Allows(ApicBase next, int physicalBits, bool x2Apic)
    {
        ulong reserved = ReservedLow & ~BspBit | ulong.MaxValue << physicalBits | (x2Apic ? 0 : ExtendedBit);
        return (next.Bits & reserved) == 0 && (Mode, next.Mode) is not (
            (_, ApicMode.Invalid) or (ApicMode.X2Apic, ApicMode.XApic) or (ApicMode.Disabled, ApicMode.X2Apic));
    }

    /// <summary>This word with the valid bits taken from <paramref name="value"/> and the rest dropped: the page below
    /// 4 GiB and EN; BSP stays.</summary>
    public ApicBase Tolerate(ulong value) => new(value & (0xFFFFF000 | EnableBit) | Bits & BspBit);

    /// <summary>This word with EN clear.</summary>
    public ApicBase WithoutEnable => new(Bits & ~EnableBit);

    /// <inheritdoc/>
    public override string ToString() => $"{Mode} at 0x{Page:x}{(Bootstrap ? " BSP" : "")}";
}
