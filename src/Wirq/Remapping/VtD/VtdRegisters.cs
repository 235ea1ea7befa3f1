namespace Wirq.Remapping.VtD;

/// <summary>The registers, in the order of <see cref="VtdRegisters.Rows"/>. The four of an event stand
/// together.</summary>
internal enum VtdRegister : byte
{
    Version,
    Capability,
    ExtendedCapability,
    GlobalCommand,
    GlobalStatus,
    RootTable,
    ContextCommand,
    FaultStatus,
    FaultControl,
    FaultData,
    FaultAddress,
    FaultUpperAddress,
    QueueHead,
    QueueTail,
    QueueAddress,
    CompletionStatus,
    CompletionControl,
    CompletionData,
    CompletionAddress,
    CompletionUpperAddress,
    QueueErrorRecord,
    TableAddress,
    InvalidateAddress,
    Iotlb,
}

/// <summary>How a register behaves.</summary>
/// <param name="Register">Which it is.</param>
/// <param name="Offset">Offset in the page.</param>
/// <param name="Size">Bytes, 4 or 8.</param>
/// <param name="Writable">Bits that take what is written and read back.</param>
/// <param name="ClearedByOne">Bits that a 1 clears.</param>
/// <param name="Reset">Value after reset; capabilities are computed.</param>
/// <param name="Extended">Those of the writable bits that exist only with ECAP_REG.EIM.</param>
/// <param name="IsAddress">Whether the writable bits above the address width do not exist.</param>
internal readonly record struct VtdRegisterRow(VtdRegister Register, uint Offset, int Size, ulong Writable = 0,
    ulong ClearedByOne = 0, ulong Reset = 0, ulong Extended = 0, bool IsAddress = false)
{
    /// <summary>The bits that are writable in a unit built so.</summary>
    internal ulong WritableIn(VtdOptions options) => Writable & ~(options.ExtendedInterruptMode ? 0 : Extended)
        & (IsAddress ? VtdCapabilities.AddressMask(options) : ulong.MaxValue);
}

/// <summary>Which registers there are, as data (VT-d specification, 11.4).</summary>
internal static class VtdRegisters
{
    private const ulong All32 = uint.MaxValue, Data16 = 0xFFFF, Aligned4 = 0xFFFFFFFC;
    private const ulong RootAddress = ~0x3FFul;
    private const uint Slot = 4;

    /// <summary>One row for each register.</summary>
    internal static readonly VtdRegisterRow[] Rows =
    [
        new(VtdRegister.Version, 0x00, 4, Reset: VtdCapabilities.Version),
        new(VtdRegister.Capability, 0x08, 8),
        new(VtdRegister.ExtendedCapability, 0x10, 8),
        new(VtdRegister.GlobalCommand, 0x18, 4),
        new(VtdRegister.GlobalStatus, 0x1C, 4),
        new(VtdRegister.RootTable, 0x20, 8, RootAddress, IsAddress: true),
        new(VtdRegister.ContextCommand, 0x28, 8, CacheCommand.ContextCommand),
        new(VtdRegister.FaultStatus, 0x34, 4, ClearedByOne: FaultStatus.ClearedByOne),
        new(VtdRegister.FaultControl, 0x38, 4, EventControl.Mask, Reset: EventControl.Mask),
        new(VtdRegister.FaultData, 0x3C, 4, Data16),
        new(VtdRegister.FaultAddress, 0x40, 4, Aligned4),
        new(VtdRegister.FaultUpperAddress, 0x44, 4, All32, Extended: All32),
        new(VtdRegister.QueueHead, 0x80, 8),
        new(VtdRegister.QueueTail, 0x88, 8, QueueAddress.Offset),
        new(VtdRegister.QueueAddress, 0x90, 8, QueueAddress.Address | QueueAddress.Size, IsAddress: true),
        new(VtdRegister.CompletionStatus, 0x9C, 4, ClearedByOne: 1),
        new(VtdRegister.CompletionControl, 0xA0, 4, EventControl.Mask, Reset: EventControl.Mask),
        new(VtdRegister.CompletionData, 0xA4, 4, Data16),
        new(VtdRegister.CompletionAddress, 0xA8, 4, Aligned4),
        new(VtdRegister.CompletionUpperAddress, 0xAC, 4, All32, Extended: All32),
        new(VtdRegister.QueueErrorRecord, 0xB0, 8),
        new(VtdRegister.TableAddress, 0xB8, 8, TableAddress.Address | TableAddress.Extended | TableAddress.Size,
            Extended: TableAddress.Extended, IsAddress: true),
        new(VtdRegister.InvalidateAddress, VtdUnit.IotlbOffset, 8),
        new(VtdRegister.Iotlb, VtdUnit.IotlbOffset + 8, 8, CacheCommand.Iotlb),
    ];

    private static readonly sbyte[] s_slots = BuildSlots();

    /// <summary>The register that holds an offset, aligned to 4; false where there is none.</summary>
    internal static bool TryFind(uint offset, out VtdRegister register)
    {
        uint slot = offset / Slot;
        int found = slot < s_slots.Length ? s_slots[slot] : -1;
        register = (VtdRegister)found;
        return found >= 0;
    }

    private static sbyte[] BuildSlots()
    {
        var slots = new sbyte[(VtdUnit.IotlbOffset + 16) / Slot];
        slots.AsSpan().Fill(-1);
        foreach (VtdRegisterRow row in Rows)
        {
            for (uint at = row.Offset; at < row.Offset + row.Size; at += Slot)
                slots[at / Slot] = (sbyte)row.Register;
        }
        return slots;
    }
}
