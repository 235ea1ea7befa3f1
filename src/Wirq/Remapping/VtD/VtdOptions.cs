namespace Wirq.Remapping;

/// <summary>How a VT-d remapping unit is built.</summary>
public sealed record VtdOptions
{
    /// <summary>The most fault recording registers that fit into the page of the registers.</summary>
    public const int MaxFaultRecords = (int)((VtdUnit.PageSize - VtdUnit.FaultRecordOffset) / FaultRecord.Size);

    /// <summary>Whose behaviour it shows.</summary>
    public Profile Profile { get; init; }
    /// <summary>Physical address of its registers, a multiple of 0x1000.</summary>
    public ulong Address { get; init; } = 0xFED90000;
    /// <summary>Whether extended interrupt mode, with destinations of 32 bits, is offered (ECAP_REG.EIM).</summary>
    public bool ExtendedInterruptMode { get; init; } = true;
    /// <summary>Fault recording registers (CAP_REG.NFR), 1 to <see cref="MaxFaultRecords"/>.</summary>
    public int FaultRecords { get; init; } = 4;
    /// <summary>Width of physical addresses in bits, 32 to 52: the host address width of the manual. Address bits of
    /// registers above it do not exist.</summary>
    public int AddressWidth { get; init; } = 48;

    /// <summary>How the messages of the unit's own events name their destination: with extended interrupt mode, its bits
    /// 31:8 stand in bits 31:8 of the upper address (VT-d specification, 11.4, FEUADDR_REG and IEUADDR_REG).</summary>
    internal MsiFormat OwnFormat => ExtendedInterruptMode ? MsiFormat.KvmHighAddress : MsiFormat.Compatibility;

    internal VtdOptions Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(FaultRecords, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FaultRecords, MaxFaultRecords);
        ArgumentOutOfRangeException.ThrowIfLessThan(AddressWidth, 32);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AddressWidth, 52);
        if (Address % VtdUnit.PageSize != 0)
            throw new ArgumentOutOfRangeException(nameof(Address), Address, "the registers stand at a multiple of 0x1000");
        return this;
    }
}
