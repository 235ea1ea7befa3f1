using System.Buffers.Binary;

namespace Wirq.Board.Loading;

/// <summary>The header by which an image requests a start by Multiboot.</summary>
/// <remarks><code>
/// +0 magic 0x1BADB002    +4 flags (15:0 must be understood, 31:16 may be ignored)    +8 checksum: the sum of all is 0
/// flags   0 modules on page boundaries   1 memory information   2 video mode   16 load addresses follow
/// </code>Multiboot Specification 0.6.96, 3.1: within the first 8192 bytes, on a multiple of 4.</remarks>
/// <param name="Offset">Bytes from the file's beginning.</param>
/// <param name="Flags">The requests of the image.</param>
internal readonly record struct MultibootHeader(int Offset, uint Flags)
{
    /// <summary>The header is within this many bytes of the file.</summary>
    public const int SearchedBytes = 8192;

    private const uint Magic = 0x1BADB002;
    private const int Bytes = 12;
    private const uint MustBeUnderstood = 0xFFFF, Understood = 0b11, AddressesBit = 1 << 16;

    /// <summary>Mandatory flags that the board does not support.</summary>
    public uint Unknown => Flags & MustBeUnderstood & ~Understood;

    /// <summary>Whether the image must be loaded at the addresses in the header, and not by ELF.</summary>
    public bool HasAddresses => (Flags & AddressesBit) != 0;

    /// <summary>Looks for the header.</summary>
    /// <param name="image">The file.</param>
    /// <returns>The first one with a good checksum; null for none.</returns>
    public static MultibootHeader? Find(ReadOnlySpan<byte> image)
    {
        ReadOnlySpan<byte> searched = image[..Math.Min(image.Length, SearchedBytes)];
        for (int at = 0; at + Bytes <= searched.Length; at += sizeof(uint))
        {
            uint magic = BinaryPrimitives.ReadUInt32LittleEndian(searched[at..]);
            uint flags = BinaryPrimitives.ReadUInt32LittleEndian(searched[(at + 4)..]);
            uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(searched[(at + 8)..]);
            if (magic == Magic && unchecked(magic + flags + checksum) == 0)
                return new(at, flags);
        }
        return null;
    }
}
