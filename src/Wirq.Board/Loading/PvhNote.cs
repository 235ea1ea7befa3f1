using System.Buffers.Binary;

namespace Wirq.Board.Loading;

/// <summary>The note by which an image requests a start by Xen's PVH boot protocol.</summary>
/// <remarks><code>
/// +0 bytes of the name, 4    +4 bytes of the value    +8 type 18    +12 "Xen\0"    +16 physical address of the entry
/// </code>Xen, public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY. Name and value are padded to a multiple of 4. Linux has the note
/// too, and no other host than Xen need be there.</remarks>
internal static class PvhNote
{
    private const int HeaderBytes = 12, Alignment = 4;
    private const uint EntryType = 18;

    /// <summary>The entry that an image names.</summary>
    /// <returns>A physical address, which may be anything; null if the image has no such note.</returns>
    internal static uint? EntryOf(Elf32Image elf)
    {
        foreach (Elf32Segment notes in elf.Notes)
        {
            if (EntryOf(elf.Bytes.Slice((int)notes.FileOffset, (int)notes.FileBytes)) is { } entry)
                return entry;
        }
        return null;
    }

    private static uint? EntryOf(ReadOnlySpan<byte> notes)
    {
        while (notes.Length >= HeaderBytes)
        {
            ulong name = Padded(Word(notes, 0)), value = Padded(Word(notes, 4));
            ulong size = HeaderBytes + name + value;
            if (size > (ulong)notes.Length)
                return null;
            if (Word(notes, 8) == EntryType && value >= sizeof(uint) && notes.Slice(HeaderBytes, (int)name).SequenceEqual("Xen\0"u8))
                return Word(notes, HeaderBytes + (int)name);
            notes = notes[(int)size..];
        }
        return null;
    }

    private static ulong Padded(uint length) => ((ulong)length + Alignment - 1) / Alignment * Alignment;

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
