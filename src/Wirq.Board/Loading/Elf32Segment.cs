namespace Wirq.Board.Loading;

/// <summary>A part of an image that is loaded.</summary>
/// <param name="HeaderOffset">Offset of its program header in the file.</param>
/// <param name="FileOffset">Offset of its bytes in the file.</param>
/// <param name="FileBytes">The number of bytes from the file.</param>
/// <param name="Address">Physical address of the first byte.</param>
/// <param name="MemoryBytes">The number of bytes in memory; those beyond <paramref name="FileBytes"/> are zero.</param>
internal readonly record struct Elf32Segment(int HeaderOffset, uint FileOffset, uint FileBytes, uint Address, uint MemoryBytes)
{
    /// <summary>The physical address after its last byte.</summary>
    public ulong End => (ulong)Address + MemoryBytes;
}
