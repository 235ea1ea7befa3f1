namespace Wirq.Remapping.VtD;

/// <summary>The registers, in the order of <see cref="VtdRegisters.Rows"/>. The four registers of an event are
/// consecutive.</summary>
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
/// <param name="Register">The register.</param>
/// <param name="Offset">Offset in the page.</param>
/// <param name="Size">Bytes, 4 or 8.</param>
/// <param name="Writable">Bits that can be written and read back.</param>
/// <param name="ClearedByOne">Bits that a 1 clears.</param>
/// <param name="Reset">Value after reset; capabilities are computed.</param>
/// <param name="Extended">The writable bits that exist only with ECAP_REG.EIM.</param>
/// <param name="IsAddress">Whether the writable bits above the address width do not exist.</param>
internal readonly record struct VtdRegisterRow(VtdRegister Register, uint Offset, int Size, ulong Writable = 0,
    ulong ClearedByOne = 0, ulong Reset = 0, ulong Extended = 0, bool IsAddress = false)
{
    /// <summary>The bits that are writable in a unit with these options.</summary>
    internal ulong WritableIn(VtdOptions options) => Writable & ~(options.ExtendedInterruptMode ? 0 : Extended)
        & (IsAddress ? VtdCapabilities.AddressMask(options) : ulong.MaxValue);
}

/// <summary>The registers that exist, as data (VT-d specification, 11.4).</summary>
internal static class VtdRegisters
{
    private const ulong All32 = uint.MaxValue, Data16 = 0xFFFF, Aligned4 = 0xFFFFFFFC;
    private const ulong RootAddress = ~0x3FFul;
    private const uint Slot = 4;

    /// <summary>One row for each register.</summary>
    internal static readonly VtdRegisterRow[] Rows =
    [
        new(VtdRegister.Version, VtdOffset.Version, 4, Reset: VtdCapabilities.Version),
        new(VtdRegister.Capability, VtdOffset.Capability, 8),
        new(VtdRegister.ExtendedCapability, VtdOffset.ExtendedCapability, 8),
        new(VtdRegister.GlobalCommand, VtdOffset.GlobalCommand, 4),
        new(VtdRegister.GlobalStatus, VtdOffset.GlobalStatus, 4),
        new(VtdRegister.RootTable, VtdOffset.RootTable, 8, RootAddress, IsAddress: true),
        new(VtdRegister.ContextCommand, VtdOffset.ContextCommand, 8, CacheCommand.ContextCommand),
        new(VtdRegister.FaultStatus, VtdOffset.FaultStatus, 4, ClearedByOne: FaultStatus.ClearedByOne),
        new(VtdRegister.FaultControl, VtdOffset.FaultControl, 4, EventControl.Mask, Reset: EventControl.Mask),
        new(VtdRegister.FaultData, VtdOffset.FaultData, 4, Data16),
        new(VtdRegister.FaultAddress, VtdOffset.FaultAddress, 4, Aligned4),
        new(VtdRegister.FaultUpperAddress, VtdOffset.FaultUpperAddress, 4, All32, Extended: All32),
        new(VtdRegister.QueueHead, VtdOffset.QueueHead, 8),
        new(VtdRegister.QueueTail, VtdOffset.QueueTail, 8, QueueAddress.Offset),
        new(VtdRegister.QueueAddress, VtdOffset.QueueAddress, 8, QueueAddress.Address | QueueAddress.Size, IsAddress: true),
        new(VtdRegister.CompletionStatus, VtdOffset.CompletionStatus, 4, ClearedByOne: 1),
        new(VtdRegister.CompletionControl, VtdOffset.CompletionControl, 4, EventControl.Mask, Reset: EventControl.Mask),
        new(VtdRegister.CompletionData, VtdOffset.CompletionData, 4, Data16),
        new(VtdRegister.CompletionAddress, VtdOffset.CompletionAddress, 4, Aligned4),
        new(VtdRegister.CompletionUpperAddress, VtdOffset.CompletionUpperAddress, 4, All32, Extended: All32),
        new(VtdRegister.QueueErrorRecord, VtdOffset.QueueErrorRecord, 8),
        new(VtdRegister.TableAddress, VtdOffset.TableAddress, 8, TableAddress.Address | TableAddress.Extended | TableAddress.Size,
            Extended: TableAddress.Extended, IsAddress: true),
        new(VtdRegister.InvalidateAddress, VtdUnit.IotlbOffset, 8),
        new(VtdRegister.Iotlb, VtdUnit.IotlbOffset + 8, 8, CacheCommand.Iotlb),
    ];

    private static readonly sbyte[] s_slots = BuildSlots();

    /// <summary>The register at an offset, aligned to 4; false if there is none.</summary>
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
