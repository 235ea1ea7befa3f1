namespace Wirq.Board.Firmware;

/// <summary>What a guest is told about the machine. Each number is the one from which the machine was built, so that the
/// tables cannot say another one.</summary>
/// <param name="ApicIds">The ids of the local APICs, that of the bootstrap processor first.</param>
/// <param name="IoApics">The I/OAPICs.</param>
/// <param name="IsaGsis">The GSI of each of the 16 ISA interrupts.</param>
/// <param name="HasIntrAtPinZero">Whether INTR of the 8259s is also wired to pin 0 of the first I/OAPIC.</param>
/// <param name="AddressBits">Physical address bits of the CPUs.</param>
/// <param name="RemappingUnit">Physical address of the registers of the VT-d unit, the only kind of unit that a board has; null for
/// none.</param>
internal sealed record PcDescription(IReadOnlyList<uint> ApicIds, IReadOnlyList<IoApicOptions> IoApics, IReadOnlyList<int> IsaGsis,
    bool HasIntrAtPinZero, int AddressBits, ulong? RemappingUnit)
{
    internal const int IsaIrqs = 16, CascadeIrq = 2;

    /// <summary>The description of a machine.</summary>
    internal static PcDescription Of(FabricOptions options, GsiMap gsis) => new(
        options.LocalApics.Ids ?? [.. Enumerable.Range(0, options.LocalApics.Count).Select(id => (uint)id)],
        options.IoApics, [.. Enumerable.Range(0, IsaIrqs).Select(gsis.OfIsaIrq)], options.IntrAtPinZero,
        options.LocalApics.PhysicalAddressBits, options.AllRemappers.SingleOrDefault()?.Registers[0].Address);

    /// <summary>Whether an APIC id can be written into a field of 8 bits: 255 addresses all of them (Intel SDM vol. 3,
    /// 11.6.2.1).</summary>
    internal static bool IsNarrow(uint id) => id < byte.MaxValue;
}
