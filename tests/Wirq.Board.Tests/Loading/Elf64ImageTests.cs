using System.Buffers.Binary;
using System.Text;
using Wirq.Board.Loading;
using Wirq.Board.Memory;
using Wirq.Linux;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Loading;

/// <summary>ELF files of 64 bits: Linux's <c>vmlinux</c> is one, and starts by PVH.</summary>
public sealed class Elf64ImageTests
{
    private const int ProgramHeaders = 64, NotesAt = 0x140, CodeAt = 0x180, Length = 0x200;

    private readonly byte[] _bytes = new byte[Length];

    public Elf64ImageTests()
    {
        new byte[] { 0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(_bytes, 0);
        Word(16, 2 | 62u << 16);
        Long(24, 0x200000);
        Long(32, ProgramHeaders);
        Word(54, 56 | 2u << 16);
        Segment(0, type: 1, CodeAt, 0x200000, fileBytes: 0x40, memoryBytes: 0x1000);
        Segment(1, type: 4, NotesAt, 0x200040, fileBytes: 44, memoryBytes: 44);
        Note(NotesAt, 6, "linux\0");
        Note(NotesAt + 24, 18, "\0\0 \0");
        _bytes[CodeAt] = 0xF4;
    }

    [Fact]
    public void Its_segments_are_loaded_and_its_note_names_the_entry()
    {
        KvmHost.RequireLinux();
        using var memory = new BoardMemory(4 << 20);
        memory.AsSpan(0x200000, 0x1000).Fill(0xEE);
        ElfImage image = ElfImage.Parse("vmlinux", _bytes);
        image.Load(memory);
        Assert.Equal((true, 0x200000ul, 0x200000u), (image.Is64, image.Entry, PvhNote.EntryOf(image)));
        Assert.Equal(_bytes.AsSpan(CodeAt, 0x40), memory.AsSpan(0x200000, 0x40));
        Assert.False(memory.AsSpan(0x200040, 0xFC0).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Linux_gets_its_command_line_without_the_name_of_the_file_and_where_ACPI_is()
    {
        using KvmSystem system = KvmHost.Require();
        using KvmVm vm = system.CreateVm();
        using var memory = new BoardMemory(4 << 20);
        KvmVcpu vcpu = vm.CreateVcpu(0);
        BoardImage.Parse("/a/vmlinux", _bytes).Start(memory, vcpu, "quiet", rsdp: 0xE0000);
        ulong info = vcpu.Registers.Rbx;
        uint line = MemoryWords.Word(memory, info + 24);
        Assert.Equal("quiet\0", Encoding.ASCII.GetString(memory.AsSpan(line, 6)));
        Assert.Equal(0xE0000u, MemoryWords.Word(memory, info + 32));
    }

    [Theory]
    [InlineData(32, 0xFFFFFFFFFFFFFFF0, "program headers")]
    [InlineData(ProgramHeaders + 8, 0xFFFFFFFFFFFFFFF0, "ends at")]
    [InlineData(ProgramHeaders + 32, 0xFFFFFFFFFFFFFFF0, "as many as in memory")]
    [InlineData(ProgramHeaders + 24, 0xFFFFFFFFFFFFF001, "ends below 2^64")]
    [InlineData(24, 0x300000, "nothing is loaded")]
    public void Numbers_of_64_bits_do_not_wrap(int at, ulong value, string expected)
    {
        Long(at, value);
        Assert.Contains(expected, Assert.Throws<ImageException>(() => ElfImage.Parse("bad", _bytes)).Message);
    }

    [Fact]
    public void A_header_that_is_cut_off_is_refused()
    {
        for (int length = 0; length < 64; length++)
            Assert.Throws<ImageException>(() => ElfImage.Parse("cut", _bytes[..length]));
    }

    [Fact]
    public void With_a_Multiboot_header_it_is_refused()
    {
        Word(0x1C0, 0x1BADB002);
        Word(0x1C8, unchecked(0u - 0x1BADB002));
        Assert.Contains("class 1", Assert.Throws<ImageException>(() => BoardImage.Parse("both", _bytes)).Message);
    }

    private void Segment(int number, uint type, ulong offset, ulong address, ulong fileBytes, ulong memoryBytes)
    {
        int at = ProgramHeaders + number * 56;
        Word(at, type);
        Long(at + 8, offset);
        Long(at + 24, address);
        Long(at + 32, fileBytes);
        Long(at + 40, memoryBytes);
    }

    private void Note(int at, uint type, string value)
    {
        Word(at, 4);
        Word(at + 4, (uint)value.Length);
        Word(at + 8, type);
        "Xen\0"u8.CopyTo(_bytes.AsSpan(at + 12));
        Encoding.ASCII.GetBytes(value).CopyTo(_bytes.AsSpan(at + 16));
    }

    private void Word(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(at), value);

    private void Long(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(at), value);
}
