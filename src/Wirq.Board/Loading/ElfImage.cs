using System.Buffers.Binary;
using Wirq.Board.Memory;

namespace Wirq.Board.Loading;

/// <summary>An ELF executable for the i386 or for x86-64: its segments, their addresses, its entry, and its notes.</summary>
/// <remarks>
/// <para>System V ABI, chapters 4 and 5: the ELF header and program headers. Segments are loaded at their physical
/// addresses (<c>p_paddr</c>). Sections and symbols are ignored. A file that is not linked to fixed addresses,
/// or is for another machine, is refused.</para>
/// <para>The file is not trusted: every value is checked, and an error is an <see cref="ImageException"/>.</para>
/// </remarks>
internal sealed class ElfImage
{
    private const int ClassAt = 4, DataAt = 5, TypeAt = 16, MachineAt = 18;
    private const uint Magic = 0x464C457F;
    private const byte LittleEndian = 1;
    private const ushort Executable = 2, Machine386 = 3, MachineX64 = 62;
    private const uint LoadType = 1, NoteType = 4;

    private readonly byte[] _bytes;

    private ElfImage(string file, byte[] bytes, bool is64, ulong entry, IReadOnlyList<ElfSegment> segments, IReadOnlyList<ElfSegment> notes)
    {
        File = file;
        _bytes = bytes;
        Is64 = is64;
        Entry = entry;
        Segments = segments;
        Notes = notes;
    }

    /// <summary>The path of the file, for messages.</summary>
    public string File { get; }

    /// <summary>Whether it is a file of 64 bits. The CPU still enters it in the mode of its boot protocol.</summary>
    public bool Is64 { get; }

    /// <summary>Physical address of the first instruction.</summary>
    public ulong Entry { get; }

    /// <summary>The segments that are loaded, in ascending order of addresses; they do not overlap.</summary>
    public IReadOnlyList<ElfSegment> Segments { get; }

    /// <summary>The parts of the file that contain notes.</summary>
    public IReadOnlyList<ElfSegment> Notes { get; }

    /// <summary>The bytes of the file.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads an image.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageException">The file cannot be read, or is not an image.</exception>
    public static ElfImage Open(string path) => Parse(path, ImageFile.Read(path));

    /// <summary>Reads an image from memory.</summary>
    /// <param name="file">The name of the file in messages.</param>
    /// <param name="bytes">The file; the caller must not change it afterwards.</param>
    /// <exception cref="ImageException">It is not an image.</exception>
    public static ElfImage Parse(string file, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ElfLayout layout = Recognize(file, bytes);
        int count = Half(bytes, layout.CountAt), size = Half(bytes, layout.EntryBytesAt);
        ulong first = layout.Number(bytes, layout.ProgramHeadersAt);
        if (count > 0 && size < layout.ProgramHeaderBytes)
            throw new ImageException(file, layout.EntryBytesAt,
                $"expected program headers of {layout.ProgramHeaderBytes} bytes or more, found {size}");
        if (first > (ulong)bytes.Length || (ulong)count * (ulong)size > (ulong)bytes.Length - first)
            throw new ImageException(file, layout.ProgramHeadersAt,
                $"expected {count} program headers at 0x{first:x} within the file's 0x{bytes.Length:x} bytes");
        var segments = new List<ElfSegment>();
        var notes = new List<ElfSegment>();
        for (int i = 0; i < count; i++)
        {
            int at = (int)first + i * size;
            uint type = Word(bytes, at);
            ElfSegment part = SegmentOf(layout, bytes, at);
            if (type == LoadType && part.MemoryBytes != 0)
                segments.Add(Checked(file, bytes, layout, part));
            // Notes are not needed to load an image, so those that are not in the file are no error.
            else if (type == NoteType && part.IsWithin(bytes.Length))
                notes.Add(part);
        }
        segments.Sort((a, b) => a.Address.CompareTo(b.Address));
        for (int i = 1; i < segments.Count; i++)
        {
            if (segments[i].Address < segments[i - 1].End)
                throw new ImageException(file, segments[i].HeaderOffset, $"expected segments that do not overlap: the one at "
                    + $"0x{segments[i].Address:x} begins before 0x{segments[i - 1].End:x}, the end of the one before");
        }
        ulong entry = layout.Number(bytes, ElfLayout.EntryAt);
        return segments.Exists(segment => entry >= segment.Address && entry < segment.End)
            ? new(file, bytes, layout.Is64, entry, segments, notes)
            : throw new ImageException(file, ElfLayout.EntryAt, $"expected an entry point that is loaded; nothing is loaded at 0x{entry:x}");
    }

    /// <summary>Writes all segments into memory.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <exception cref="ImageException">A segment is not within memory; then nothing was written.</exception>
    public void Load(BoardMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        foreach (ElfSegment segment in Segments)
        {
            if (!memory.Contains(segment.Address, segment.MemoryBytes))
                throw new ImageException(File, segment.HeaderOffset, $"expected a segment in the board's memory, "
                    + $"{memory.LowBytes / BoardMemory.Granule} MiB from address 0; this one is 0x{segment.Address:x} to "
                    + $"0x{segment.End:x}: give the board more memory");
        }
        foreach (ElfSegment segment in Segments)
        {
            Bytes.Slice((int)segment.FileOffset, (int)segment.FileBytes).CopyTo(memory.AsSpan(segment.Address, (int)segment.FileBytes));
            memory.Clear(segment.Address + segment.FileBytes, segment.MemoryBytes - segment.FileBytes);
        }
    }

    private static ElfLayout Recognize(string file, byte[] bytes)
    {
        if (bytes.Length < new ElfLayout(Is64: false).HeaderBytes)
            throw Short(file, bytes, new ElfLayout(Is64: false));
        Expect(file, 0, "the magic number of ELF", Word(bytes, 0), Magic);
        if (bytes[ClassAt] != ElfLayout.Class64)
            Expect(file, ClassAt, "class 1, 32 bits, or 2, 64 bits", bytes[ClassAt], ElfLayout.Class32);
        var layout = new ElfLayout(bytes[ClassAt] == ElfLayout.Class64);
        if (bytes.Length < layout.HeaderBytes)
            throw Short(file, bytes, layout);
        Expect(file, DataAt, "data 1, little-endian", bytes[DataAt], LittleEndian);
        Expect(file, TypeAt, "type 2, executable", Half(bytes, TypeAt), Executable);
        // The 64-bit images of Xen's test framework are 32-bit files for x86-64.
        if (Half(bytes, MachineAt) != MachineX64)
            Expect(file, MachineAt, "machine 3, i386, or 62, x86-64", Half(bytes, MachineAt), Machine386);
        return layout;
    }

    private static ElfSegment Checked(string file, byte[] bytes, ElfLayout layout, ElfSegment segment)
    {
        if (segment.FileBytes > segment.MemoryBytes)
            throw new ImageException(file, segment.HeaderOffset + layout.FileBytesAt, $"expected a segment with at most "
                + $"0x{segment.MemoryBytes:x} bytes in the file, as many as in memory; it has 0x{segment.FileBytes:x}");
        if (!segment.IsWithin(bytes.Length))
            throw new ImageException(file, segment.HeaderOffset + layout.OffsetAt, $"expected 0x{segment.FileBytes:x} bytes at "
                + $"0x{segment.FileOffset:x}; the file ends at 0x{bytes.Length:x}");
        return segment.MemoryBytes <= ulong.MaxValue - segment.Address ? segment
            : throw new ImageException(file, segment.HeaderOffset + layout.MemoryBytesAt, $"expected a segment that ends below 2^64; "
                + $"this one has 0x{segment.MemoryBytes:x} bytes at 0x{segment.Address:x}");
    }

    private static ElfSegment SegmentOf(ElfLayout layout, byte[] bytes, int at)
    {
        ReadOnlySpan<byte> header = bytes.AsSpan(at, layout.ProgramHeaderBytes);
        return new(at, FileOffset: layout.Number(header, layout.OffsetAt), FileBytes: layout.Number(header, layout.FileBytesAt),
            Address: layout.Number(header, layout.AddressAt), MemoryBytes: layout.Number(header, layout.MemoryBytesAt));
    }

    private static ImageException Short(string file, byte[] bytes, ElfLayout layout) =>
        new(file, 0, $"expected an ELF header of {layout.HeaderBytes} bytes; the file has {bytes.Length}");

    private static void Expect(string file, int offset, string what, uint found, uint expected)
    {
        if (found != expected)
            throw new ImageException(file, offset, $"expected {what} (0x{expected:x}), found 0x{found:x}");
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ushort Half(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
}
