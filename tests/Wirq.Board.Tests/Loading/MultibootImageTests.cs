using System.Buffers.Binary;
using System.Text;
using Wirq.Board.Loading;
using Wirq.Board.Memory;
using Wirq.Linux;
using Wirq.Linux.Tests;
using static Wirq.Board.Tests.Loading.MemoryWords;

namespace Wirq.Board.Tests.Loading;

public sealed class MultibootImageTests
{
    private readonly SampleImage _sample = new();

    public MultibootImageTests() => KvmHost.RequireLinux();

    [Fact]
    public void An_image_finds_its_command_line_its_module_and_its_memory()
    {
        using var memory = new BoardMemory(16 << 20);
        MultibootEntry entry = Parse("/some where/a test.flat").Load(memory, "one two", "A=1\n"u8);
        Assert.Equal(0x40000Cu, entry.Eip);
        Assert.Equal(0b10_0100_1101u, Word(memory, entry.Ebx));
        Assert.Equal([640u, 15 * 1024u], new[] { Word(memory, entry.Ebx + 4), Word(memory, entry.Ebx + 8) });
        Assert.Equal("a_test.flat one two", Text(memory, Word(memory, entry.Ebx + 16)));
        Assert.Equal(1u, Word(memory, entry.Ebx + 20));
        uint module = Word(memory, entry.Ebx + 24), start = Word(memory, module), end = Word(memory, module + 4);
        Assert.Equal("A=1\n", Encoding.UTF8.GetString(memory.AsSpan(start, (int)(end - start))));
        // It is the page behind the image.
        Assert.Equal(0x405000u, start);
        Assert.Equal("", Text(memory, Word(memory, module + 8)));
        Assert.Equal("wirq", Text(memory, Word(memory, entry.Ebx + 64)));
        Assert.Equal([(0ul, 0xA0000ul), (0x100000, 15 << 20)], Map(memory, entry.Ebx));
    }

    [Fact]
    public void Memory_above_the_hole_stands_in_the_map_only()
    {
        using var memory = new BoardMemory(4ul << 30);
        uint information = Parse().Load(memory).Ebx;
        Assert.Equal(3 * 1024 * 1024 - 1024u, Word(memory, information + 8));
        Assert.Equal((0x1_0000_0000ul, 1ul << 30), Map(memory, information)[^1]);
        Assert.Equal(0u, Word(memory, information + 20));
    }

    [Fact]
    public void What_the_image_is_told_lies_beside_what_it_loads()
    {
        using var memory = new BoardMemory(8 << 20);
        // All of conventional memory is taken, and the end of RAM; 0x1000 bytes of a module fit between.
        _sample.Segment(0, SampleImage.HeaderAt, 0x1000, 0x80, 0x9F000);
        _sample.Segment(1, 0x180, 0x7FE000, 0, 0x2000);
        _sample.Word(24, 0x1000);
        uint information = Parse().Load(memory, null, new byte[0x1000]).Ebx;
        Assert.Equal(0x7FD000u, information);
        Assert.Equal(0x7FC000u, Word(memory, Word(memory, information + 24)));
    }

    [Fact]
    public void Where_nothing_is_free_that_is_said()
    {
        using var memory = new BoardMemory(2 << 20);
        _sample.Segment(0, SampleImage.HeaderAt, 0, 0x80, 0x100000);
        _sample.Segment(1, 0x180, 0x100000, 0, 0x100000);
        _sample.Word(24, 0);
        Assert.Contains("give it more", Assert.Throws<ImageException>(() => Parse().Load(memory)).Message);
    }

    [Fact]
    public void A_command_line_without_end_is_refused()
    {
        using var memory = new BoardMemory(8 << 20);
        MultibootImage image = Parse();
        Assert.Contains("4095", Assert.Throws<ImageException>(() => image.Load(memory, new string('x', 5000))).Message);
    }

    [Theory]
    [InlineData(8, 1u)]
    [InlineData(0, 0u)]
    public void A_header_whose_sum_is_not_zero_is_no_header(int at, uint value)
    {
        _sample.Word(SampleImage.HeaderAt + at, value);
        Assert.Contains("Multiboot header", Assert.Throws<ImageException>(() => Parse()).Message);
    }

    [Theory]
    [InlineData(1u << 2)]
    [InlineData(1u << 15)]
    [InlineData(1u << 16)]
    public void A_flag_that_is_not_understood_is_refused_where_it_stands(uint flags)
    {
        SetFlags(flags);
        Assert.Equal(SampleImage.HeaderAt + 4, Assert.Throws<ImageException>(() => Parse()).Offset);
        SetFlags(0xFFFE0003);
        Assert.Equal(new MultibootHeader(SampleImage.HeaderAt, 0xFFFE0003), Parse().Header);
    }

    [Fact]
    public void A_header_beyond_eight_kibibytes_is_not_looked_for()
    {
        byte[] file = new byte[0x3000];
        _sample.Bytes.AsSpan(SampleImage.HeaderAt, 12).CopyTo(file.AsSpan(8192 - 12));
        Assert.Equal(8192 - 12, MultibootHeader.Find(file)!.Value.Offset);
        file.AsSpan().Clear();
        _sample.Bytes.AsSpan(SampleImage.HeaderAt, 12).CopyTo(file.AsSpan(8192 - 8));
        Assert.Null(MultibootHeader.Find(file));
    }

    [Fact]
    public void A_cpu_enters_with_flat_segments_and_the_magic_number() => KvmHost.Run(system =>
    {
        // mov dx, 0xF4; out dx, eax; xchg eax, ebx; out dx, eax; hlt
        var sample = new SampleImage(0x400000, 0x66, 0xBA, 0xF4, 0x00, 0xEF, 0x93, 0xEF, 0xF4);
        using var memory = new BoardMemory(8 << 20);
        using KvmVm vm = system.CreateVm();
        for (int slot = 0; slot < memory.Ranges.Count; slot++)
            vm.MapMemory(slot, memory.Ranges[slot].Address, memory.Ranges[slot].Memory);
        KvmVcpu vcpu = vm.CreateVcpu(0);
        MultibootEntry entry = MultibootImage.Parse("sample", sample.Bytes).Load(memory);
        entry.Apply(vcpu);
        Assert.Equal([MultibootEntry.Eax, entry.Ebx], new[] { NextOut(vcpu), NextOut(vcpu) });
    });

    [Fact]
    public void Images_of_kvm_unit_tests_load()
    {
        string? folder = Environment.GetEnvironmentVariable("WIRQ_KVM_UNIT_TESTS");
        Assert.SkipUnless(Directory.Exists(folder), "needs the images of kvm-unit-tests: set WIRQ_KVM_UNIT_TESTS to their folder");
        Assert.All(Directory.EnumerateFiles(folder!, "*.flat"), file =>
        {
            using var memory = new BoardMemory(64 << 20);
            Assert.InRange(MultibootImage.Open(file).Load(memory, "x").Ebx, 0x1000u, 0xA0000u);
        });
    }

    private static uint NextOut(KvmVcpu vcpu)
    {
        Assert.Equal(KvmExitReason.Port, vcpu.Run());
        KvmPortExit port = vcpu.Exit.Port;
        Assert.Equal((0xF4, 4, true), ((int)port.Port, port.Size, port.IsWrite));
        return port[0];
    }

    private MultibootImage Parse(string file = "sample") => MultibootImage.Parse(file, _sample.Bytes);

    private void SetFlags(uint flags)
    {
        _sample.Word(SampleImage.HeaderAt + 4, flags);
        _sample.Word(SampleImage.HeaderAt + 8, unchecked(0u - 0x1BADB002 - flags));
    }

    private static string Text(BoardMemory memory, uint at)
    {
        ReadOnlySpan<byte> bytes = memory.AsSpan(at, 64);
        return Encoding.UTF8.GetString(bytes[..bytes.IndexOf((byte)0)]);
    }

    private static (ulong Address, ulong Length)[] Map(BoardMemory memory, uint information)
    {
        var found = new List<(ulong, ulong)>();
        uint end = Word(memory, information + 48) + Word(memory, information + 44);
        for (uint at = Word(memory, information + 48); at < end; at += Word(memory, at) + 4)
        {
            Assert.Equal(1u, Word(memory, at + 20));
            found.Add((BinaryPrimitives.ReadUInt64LittleEndian(memory.AsSpan(at + 4, 8)),
                BinaryPrimitives.ReadUInt64LittleEndian(memory.AsSpan(at + 12, 8))));
        }
        return [.. found];
    }
}
