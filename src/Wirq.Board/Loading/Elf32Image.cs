using System.Buffers.Binary;
using Wirq.Board.Memory;

namespace Wirq.Board.Loading;

/// <summary>A 32-bit ELF executable for the i386 or for x86-64: its segments, their addresses, its entry, and its
/// notes.</summary>
/// <remarks>
/// <para>System V ABI, chapters 4 and 5: the ELF header and program headers. Segments are loaded at their physical
/// addresses (<c>p_paddr</c>). Sections and symbols are ignored. A file that is not linked to fixed addresses,
/// or is for another machine, is refused.</para>
/// <para>The file is not trusted: every value is checked, and an error is an <see cref="ImageException"/>.</para>
/// </remarks>
internal sealed class Elf32Image
{
    private const int HeaderBytes = 52, ProgramHeaderBytes = 32;
    private const int ClassAt = 4, DataAt = 5, TypeAt = 16, MachineAt = 18, EntryAt = 24, ProgramHeadersAt = 28,
        EntryBytesAt = 42, CountAt = 44;
    private const uint Magic = 0x464C457F;
    private const byte Class32 = 1, LittleEndian = 1;
    private const ushort Executable = 2, Machine386 = 3, MachineX64 = 62;
    private const uint LoadType = 1, NoteType = 4;

    private readonly byte[] _bytes;

    private Elf32Image(string file, byte[] bytes, uint entry, IReadOnlyList<Elf32Segment> segments, IReadOnlyList<Elf32Segment> notes)
    {
        File = file;
        _bytes = bytes;
        Entry = entry;
        Segments = segments;
        Notes = notes;
    }

    /// <summary>The path of the file, for messages.</summary>
    public string File { get; }

    /// <summary>Physical address of the first instruction.</summary>
    public uint Entry { get; }

    /// <summary>The segments that are loaded, in ascending order of addresses; they do not overlap.</summary>
    public IReadOnlyList<Elf32Segment> Segments { get; }

    /// <summary>The parts of the file that contain notes.</summary>
    public IReadOnlyList<Elf32Segment> Notes { get; }

    /// <summary>The bytes of the file.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads an image.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageException">The file cannot be read, or is not an image.</exception>
    public static Elf32Image Open(string path) => Parse(path, ImageFile.Read(path));

    /// <summary>Reads an image from memory.</summary>
    /// <param name="file">The name of the file in messages.</param>
    /// <param name="bytes">The file; the caller must not change it afterwards.</param>
    /// <exception cref="ImageException">It is not an image.</exception>
    public static Elf32Image Parse(string file, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (bytes.Length < HeaderBytes)
            throw new ImageException(file, 0, $"expected an ELF header of {HeaderBytes} bytes; the file has {bytes.Length}");
        Expect(file, 0, "the magic number of ELF", Word(bytes, 0), Magic);
        Expect(file, ClassAt, "class 1, 32 bits", bytes[ClassAt], Class32);
        Expect(file, DataAt, "data 1, little-endian", bytes[DataAt], LittleEndian);
        Expect(file, TypeAt, "type 2, executable", Half(bytes, TypeAt), Executable);
        // The 64-bit images of Xen's test framework are 32-bit files for x86-64.
        if (Half(bytes, MachineAt) != MachineX64)
            Expect(file, MachineAt, "machine 3, i386, or 62, x86-64", Half(bytes, MachineAt), Machine386);
        int count = Half(bytes, CountAt), size = Half(bytes, EntryBytesAt);
        uint first = Word(bytes, ProgramHeadersAt);
        if (count > 0 && size < ProgramHeaderBytes)
            throw new ImageException(file, EntryBytesAt, $"expected program headers of {ProgramHeaderBytes} bytes or more, found {size}");
        if (first + (ulong)count * (ulong)size > (ulong)bytes.Length)
            throw new ImageException(file, ProgramHeadersAt,
                $"expected {count} program headers at 0x{first:x} within the file's 0x{bytes.Length:x} bytes");
        var segments = new List<Elf32Segment>();
        var notes = new List<Elf32Segment>();
        for (int i = 0; i < count; i++)
        {
            int at = (int)first + i * size;
            if (ReadSegment(file, bytes, at) is { } segment)
                segments.Add(segment);
            else if (ReadNotes(bytes, at) is { } note)
                notes.Add(note);
        }
        segments.Sort((a, b) => a.Address.CompareTo(b.Address));
        for (int i = 1; i < segments.Count; i++)
        {
            if (segments[i].Address < segments[i - 1].End)
                throw new ImageException(file, segments[i].HeaderOffset, $"expected segments that do not overlap: the one at "
                    + $"0x{segments[i].Address:x} begins before 0x{segments[i - 1].End:x}, the end of the one before");
        }
        uint entry = Word(bytes, EntryAt);
        return segments.Exists(segment => entry >= segment.Address && entry < segment.End)
            ? new(file, bytes, entry, segments, notes)
            : throw new ImageException(file, EntryAt, $"expected an entry point that is loaded; nothing is loaded at 0x{entry:x}");
    }

    /// <summary>Writes all segments into memory.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <exception cref="ImageException">A segment is not within memory; then nothing was written.</exception>
    public void Load(BoardMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        foreach (Elf32Segment segment in Segments)
        {
            if (!memory.Contains(segment.Address, segment.MemoryBytes))
                throw new ImageException(File, segment.HeaderOffset, $"expected a segment in the board's memory, "
                    + $"{memory.LowBytes / BoardMemory.Granule} MiB from address 0; this one is 0x{segment.Address:x} to "
                    + $"0x{segment.End:x}: give the board more memory");
        }
        foreach (Elf32Segment segment in Segments)
        {
            Bytes.Slice((int)segment.FileOffset, (int)segment.FileBytes).CopyTo(memory.AsSpan(segment.Address, (int)segment.FileBytes));
            memory.Clear(segment.Address + (ulong)segment.FileBytes, segment.MemoryBytes - segment.FileBytes);
        }
    }

    private static Elf32Segment? ReadSegment(string file, byte[] bytes, int at)
    {
        ReadOnlySpan<byte> header = bytes.AsSpan(at, ProgramHeaderBytes);
        Elf32Segment segment = SegmentOf(header, at);
        if (Word(header, 0) != LoadType || segment.MemoryBytes == 0)
            return null;
        if (segment.FileBytes > segment.MemoryBytes)
            throw new ImageException(file, at + 16, $"expected a segment with at most 0x{segment.MemoryBytes:x} bytes in the file, "
                + $"as many as in memory; it has 0x{segment.FileBytes:x}");
        if ((ulong)segment.FileOffset + segment.FileBytes > (ulong)bytes.Length)
            throw new ImageException(file, at + 4, $"expected 0x{segment.FileBytes:x} bytes at 0x{segment.FileOffset:x}; the file "
                + $"ends at 0x{bytes.Length:x}");
        return segment;
    }

    /// <summary>Notes are not needed to load an image, so those that are not in the file are no error.</summary>
    private static Elf32Segment? ReadNotes(byte[] bytes, int at)
    {
        ReadOnlySpan<byte> header = bytes.AsSpan(at, ProgramHeaderBytes);
        Elf32Segment notes = SegmentOf(header, at);
        return Word(header, 0) == NoteType && (ulong)notes.FileOffset + notes.FileBytes <= (ulong)bytes.Length ? notes : null;
    }

    private static Elf32Segment SegmentOf(ReadOnlySpan<byte> header, int at) => new(at, FileOffset: Word(header, 4),
        FileBytes: Word(header, 16), Address: Word(header, 12), MemoryBytes: Word(header, 20));

    private static void Expect(string file, int offset, string what, uint found, uint expected)
    {
        if (found != expected)
            throw new ImageException(file, offset, $"expected {what} (0x{expected:x}), found 0x{found:x}");
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ushort Half(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
}
