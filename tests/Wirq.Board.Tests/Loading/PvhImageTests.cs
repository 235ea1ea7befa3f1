using System.Text;
using Wirq.Board.Loading;
using Wirq.Board.Memory;
using Wirq.Linux;
using Wirq.Linux.Tests;
using static Wirq.Board.Tests.Loading.MemoryWords;

namespace Wirq.Board.Tests.Loading;

/// <summary>Images that start by Xen's PVH boot protocol.</summary>
public sealed class PvhImageTests
{
    private const int NotesAt = 0x140;

    private readonly SampleImage _sample = new(0x100000, 0xF4);

    public PvhImageTests()
    {
        // Without its Multiboot header, and with a note of another owner before the one that counts.
        _sample.Word(SampleImage.HeaderAt, 0);
        _sample.Half(44, 3);
        _sample.Segment(2, NotesAt, 0x100040, fileBytes: 40, memoryBytes: 40);
        _sample.Word(SampleImage.ProgramHeaders + 2 * 32, 4);
        Note(NotesAt, 3, 4, 18, "GNU\0", 0x1111);
        Note(NotesAt + 20, 4, 4, 18, "Xen\0", 0x100020);
    }

    [Fact]
    public void Its_note_names_the_entry() =>
        Assert.Equal(0x100020u, PvhNote.EntryOf(ElfImage.Parse("sample", _sample.Bytes)));

    [Theory]
    // Another type, a value too short, lengths that go beyond the notes.
    [InlineData(8, 6)]
    [InlineData(4, 0)]
    [InlineData(4, 0xFFFFFFFF)]
    [InlineData(0, 0xFFFFFFFF)]
    public void A_note_that_is_none_names_none(int field, uint value)
    {
        _sample.Word(NotesAt + 20 + field, value);
        Assert.Null(PvhNote.EntryOf(ElfImage.Parse("sample", _sample.Bytes)));
        Assert.Throws<ImageException>(() => BoardImage.Parse("sample", _sample.Bytes));
    }

    [Fact]
    public void Notes_outside_of_the_file_are_no_error()
    {
        _sample.Word(SampleImage.ProgramHeaders + 2 * 32 + 4, 0xFFFFFFF0);
        Assert.Null(PvhNote.EntryOf(ElfImage.Parse("sample", _sample.Bytes)));
    }

    [Fact]
    public void A_Multiboot_header_comes_first()
    {
        _sample.Word(SampleImage.HeaderAt, 0x1BADB002);
        Assert.IsType<MultibootImage>(BoardImage.Parse("sample", _sample.Bytes));
    }

    [Fact]
    public void A_file_for_x86_64_is_accepted()
    {
        _sample.Half(18, 62);
        Assert.IsType<PvhImage>(BoardImage.Parse("sample", _sample.Bytes));
    }

    [Fact]
    public void The_CPU_finds_what_the_image_is_told()
    {
        using KvmSystem system = KvmHost.Require();
        using KvmVm vm = system.CreateVm();
        using var memory = new BoardMemory(4 << 20);
        KvmVcpu vcpu = vm.CreateVcpu(0);
        BoardImage.Parse("/a/sample", _sample.Bytes).Start(memory, vcpu, "one two", "module"u8);
        Assert.Equal((0x100020ul, 2ul), (vcpu.Registers.Rip, vcpu.Registers.Rflags));
        ulong info = vcpu.Registers.Rbx;
        Assert.Equal((0x336EC578u, 1u, 1u), (Word(memory, info), Word(memory, info + 4), Word(memory, info + 12)));
        uint module = Word(memory, info + 16), line = Word(memory, info + 24), map = Word(memory, info + 40);
        Assert.Equal("module"u8, memory.AsSpan(Word(memory, module), (int)Word(memory, module + 8)));
        Assert.Equal("sample one two\0", Encoding.ASCII.GetString(memory.AsSpan(line, 15)));
        Assert.Equal((0xA0000u, 1u, 0x100000u, 0x300000u, 1u),
            (Word(memory, map + 8), Word(memory, map + 16), Word(memory, map + 24), Word(memory, map + 32), Word(memory, map + 40)));
        Assert.Equal(2u, Word(memory, info + 48));
        Assert.Equal((0x67u, 0xB), (vcpu.SystemRegisters.Tr.Limit, vcpu.SystemRegisters.Tr.Type));
    }

    private void Note(int at, uint name, uint value, uint type, string owner, uint word)
    {
        _sample.Word(at, name);
        _sample.Word(at + 4, value);
        _sample.Word(at + 8, type);
        Encoding.ASCII.GetBytes(owner).CopyTo(_sample.Bytes.AsSpan(at + 12));
        _sample.Word(at + 16, word);
    }
}
