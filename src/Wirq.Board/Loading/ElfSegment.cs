namespace Wirq.Board.Loading;

/// <summary>A part of an image that is loaded.</summary>
/// <param name="HeaderOffset">Offset of its program header in the file.</param>
/// <param name="FileOffset">Offset of its bytes in the file.</param>
/// <param name="FileBytes">The number of bytes from the file.</param>
/// <param name="Address">Physical address of the first byte.</param>
/// <param name="MemoryBytes">The number of bytes in memory; those beyond <paramref name="FileBytes"/> are zero.</param>
internal readonly record struct ElfSegment(int HeaderOffset, ulong FileOffset, ulong FileBytes, ulong Address, ulong MemoryBytes)
{
    /// <summary>The physical address after its last byte.</summary>
    public ulong End => Address + MemoryBytes;

    /// <summary>Whether all its bytes are in a file of this length.</summary>
    internal bool IsWithin(int length) => FileBytes <= (ulong)length && FileOffset <= (ulong)length - FileBytes;
}
