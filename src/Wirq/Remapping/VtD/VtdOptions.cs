using Wirq.State;

namespace Wirq.Remapping.VtD;

/// <summary>How a VT-d remapping unit is built.</summary>
public sealed partial record VtdOptions : IRemapperOptions
{
    /// <summary>The most fault recording registers that fit into the page of the registers.</summary>
    public const int MaxFaultRecords = (int)((VtdUnit.PageSize - VtdUnit.FaultRecordOffset) / FaultRecord.Size);
    private const int MinAddressWidth = 32;

    /// <summary>Whose behaviour it shows.</summary>
    public Profile Profile { get; init; }
    /// <summary>Physical address of its registers; as for <see cref="IoApicOptions.Address"/>.</summary>
    public ulong Address { get; init; } = 0xFED90000;
    /// <summary>Whether extended interrupt mode, with destinations of 32 bits, is offered (ECAP_REG.EIM).</summary>
    public bool ExtendedInterruptMode { get; init; } = true;
    /// <summary>Fault recording registers (CAP_REG.NFR), 1 to <see cref="MaxFaultRecords"/>.</summary>
    public int FaultRecords { get; init; } = 4;
    /// <summary>Width of physical addresses in bits, 32 to 52: the host address width of the manual. Address bits of
    /// registers above it do not exist.</summary>
    public int AddressWidth { get; init; } = 48;

    /// <summary>The requesters whose messages it remaps: its device scope (VT-d specification, 8.3.1). Null, as with
    /// INCLUDE_PCI_ALL, for all requesters that are in no other unit's scope.</summary>
    public IReadOnlyList<RequesterRange>? Scope { get; init; }

    IReadOnlyList<RegisterPages> IRemapperOptions.Registers => [new(Address)];

    /// <summary>With extended interrupt mode, bits 31:8 of the destination are in bits 31:8 of the upper address (VT-d
    /// specification, 11.4, FEUADDR_REG and IEUADDR_REG).</summary>
    MsiFormat IRemapperOptions.OwnFormat => ExtendedInterruptMode ? MsiFormat.KvmHighAddress : MsiFormat.Compatibility;

    IRemapper IRemapperOptions.Build(StateArena arena, int unit) => new VtdUnit(this, arena, unit);

    /// <summary>Throws if no unit can be built from these options.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    public void Validate() => Validate(OptionCheck.Whole, LocalApicOptions.MaxPhysicalAddressBits);

    internal void Validate(OptionCheck check, int physicalAddressBits)
    {
        check.Defined(Profile);
        check.Page(Address, physicalAddressBits);
        check.Range(FaultRecords, 1, MaxFaultRecords);
        check.Range(AddressWidth, MinAddressWidth, LocalApicOptions.MaxPhysicalAddressBits);
    }
}
