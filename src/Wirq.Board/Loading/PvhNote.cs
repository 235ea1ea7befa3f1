using System.Buffers.Binary;

namespace Wirq.Board.Loading;

/// <summary>Notes of Xen's boot protocols: the one by which an image requests a start by PVH, and the one that names the
/// image's kernel.</summary>
/// <remarks><code>
/// +0 bytes of the name, 4    +4 bytes of the value    +8 type    +12 "Xen\0"    +16 value
/// type 18: physical address of the entry    type 6: the name of the kernel, with a zero at its end
/// </code>Xen, public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY and XEN_ELFNOTE_GUEST_OS. Name and value are padded to a multiple of
/// 4. Linux has the notes too, and no other host than Xen need be there.</remarks>
internal static class PvhNote
{
    private const int HeaderBytes = 12, Alignment = 4;
    private const uint EntryType = 18, GuestType = 6;

    /// <summary>The entry that an image names.</summary>
    /// <returns>A physical address, which may be anything; null if the image has no such note.</returns>
    internal static uint? EntryOf(ElfImage elf)
    {
        ReadOnlySpan<byte> value = Find(elf, EntryType, sizeof(uint));
        return value.IsEmpty ? null : BinaryPrimitives.ReadUInt32LittleEndian(value);
    }

    /// <summary>Whether an image says that it is Linux.</summary>
    internal static bool IsLinux(ElfImage elf) => Find(elf, GuestType, 1).TrimEnd((byte)0).SequenceEqual("linux"u8);

    /// <summary>The value of the first note of a type; empty if there is none.</summary>
    private static ReadOnlySpan<byte> Find(ElfImage elf, uint type, int fewest)
    {
        foreach (ElfSegment notes in elf.Notes)
        {
            ReadOnlySpan<byte> value = Find(elf.Bytes.Slice((int)notes.FileOffset, (int)notes.FileBytes), type, fewest);
            if (!value.IsEmpty)
                return value;
        }
        return [];
    }

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> notes, uint type, int fewest)
    {
        while (notes.Length >= HeaderBytes)
        {
            ulong name = Padded(Word(notes, 0)), value = Padded(Word(notes, 4));
            ulong size = HeaderBytes + name + value;
            if (size > (ulong)notes.Length)
                return [];
            if (Word(notes, 8) == type && value >= (ulong)fewest && notes.Slice(HeaderBytes, (int)name).SequenceEqual("Xen\0"u8))
                return notes.Slice(HeaderBytes + (int)name, (int)value);
            notes = notes[(int)size..];
        }
        return [];
    }

    private static ulong Padded(uint length) => ((ulong)length + Alignment - 1) / Alignment * Alignment;

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
