using Wirq.Linux;

namespace Wirq.Board.Memory;

/// <summary>RAM that is contiguous for the guest and for the host.</summary>
/// <param name="Address">Guest-physical address.</param>
/// <param name="Memory">The memory in this process.</param>
public readonly record struct MemoryRange(ulong Address, Mapping Memory)
{
    /// <summary>Bytes.</summary>
    public ulong Length => Memory.Length;

    /// <summary>The address after its last byte.</summary>
    public ulong End => Address + Length;

    internal bool Contains(ulong address, ulong length) =>
        address >= Address && address <= End && length <= End - address;
}
