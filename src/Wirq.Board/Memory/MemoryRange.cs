using Wirq.Linux;

namespace Wirq.Board.Memory;

/// <summary>RAM that is one piece, for the guest and for the host.</summary>
/// <param name="Address">Where the guest sees it.</param>
/// <param name="Memory">Where it lies.</param>
public readonly record struct MemoryRange(ulong Address, Mapping Memory)
{
    /// <summary>Bytes.</summary>
    public ulong Length => Memory.Length;

    /// <summary>The address behind its last byte.</summary>
    public ulong End => Address + Length;

    internal bool Contains(ulong address, ulong length) =>
        address >= Address && address <= End && length <= End - address;
}
