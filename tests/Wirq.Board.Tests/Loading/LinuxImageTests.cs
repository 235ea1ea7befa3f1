using System.Text;
using Wirq.Board.Loading;
using Wirq.Board.Memory;
using Wirq.Board.Tests.Machine;
using Wirq.Linux;
using Wirq.Linux.Tests;
using static Wirq.Board.Tests.Loading.MemoryWords;

namespace Wirq.Board.Tests.Loading;

/// <summary>Linux's <c>bzImage</c>.</summary>
public sealed class LinuxImageTests
{
    private readonly SampleKernel _sample = new();

    [Fact]
    public void It_is_recognised_by_its_content() => Assert.IsType<LinuxImage>(BoardImage.Parse("any", _sample.Bytes));

    [Theory]
    [InlineData(0x1FE, 0, "the boot flag")]
    [InlineData(0x206, 0x20B, "2.12")]
    [InlineData(0x211, 0, "bzImage")]
    [InlineData(0x236, 2, "64 bits")]
    [InlineData(0x1F1, 0x02, "with its entry at 0x200")]
    [InlineData(0x260, 0, "as many as the kernel")]
    [InlineData(0x201, 0x10, "ends at 0x264 or later")]
    public void What_the_board_cannot_start_is_named_with_its_offset_and_what_was_expected(int at, ushort value, string expected)
    {
        if (at is 0x1F1 or 0x201 or 0x211)
            _sample.Bytes[at] = (byte)value;
        else
            _sample.Half(at, value);
        ImageException thrown = Assert.Throws<ImageException>(() => BoardImage.Parse("bad", _sample.Bytes));
        Assert.Equal(("bad", (long)at), (thrown.File, thrown.Offset));
        Assert.Contains(expected, thrown.Message);
    }

    [Fact]
    public void No_file_however_broken_does_more_than_be_refused()
    {
        KvmHost.RequireLinux();
        BrokenImages.Read(seed: 18_01, random =>
        {
            byte[] bytes = [.. new SampleKernel().Bytes.AsSpan(0, random.Next(4) == 0 ? random.Next(0x800) : 0x800)];
            for (int change = random.Next(6); change > 0 && bytes.Length > 0x1F1; change--)
                bytes[random.Next(0x1F1, Math.Min(bytes.Length, 0x264))] = (byte)random.Next(256);
            return bytes;
        }, bytes => BoardImage.Parse("broken", bytes));
    }

    [Fact]
    public void The_CPU_finds_what_the_protocol_says()
    {
        using KvmSystem system = KvmHost.Require();
        using KvmVm vm = system.CreateVm();
        using var memory = new BoardMemory(8 << 20);
        KvmVcpu vcpu = vm.CreateVcpu(0);
        BoardImage.Parse("/a/kernel", _sample.Bytes).Start(memory, vcpu, "console=ttyS0", "disk"u8, rsdp: 0xE0000);
        Assert.Equal((SampleKernel.Address + 0x200ul, 2ul), (vcpu.Registers.Rip, vcpu.Registers.Rflags));
        KvmSystemRegisters registers = vcpu.SystemRegisters;
        Assert.Equal((0x80000011ul, 0x20ul, 0x500ul), (registers.Cr0, registers.Cr4, registers.Efer));
        Assert.Equal((0x10, 1, 0x18), (registers.Cs.Selector, registers.Cs.LongMode, registers.Ds.Selector));
        ulong page = vcpu.Registers.Rsi;
        Assert.Equal(_sample.Bytes.AsSpan(0x1F1, 0x1F), memory.AsSpan(page + 0x1F1, 0x1F));
        Assert.Equal((0xE0000u, 2, 0xFF), (Word(memory, page + 0x70), memory.AsSpan(page + 0x1E8, 1)[0], memory.AsSpan(page + 0x210, 1)[0]));
        Assert.Equal((0x100000u, 0x700000u, 1u), (Word(memory, page + 0x2D0 + 20), Word(memory, page + 0x2D0 + 28), Word(memory, page + 0x2D0 + 36)));
        Assert.Equal("console=ttyS0\0", Encoding.ASCII.GetString(memory.AsSpan(Word(memory, page + 0x228), 14)));
        Assert.Equal("disk"u8, memory.AsSpan(Word(memory, page + 0x218), (int)Word(memory, page + 0x21C)));
        Assert.True(Word(memory, page + 0x218) >= 0x100000, "a disk below 1 MiB takes the room of other CPUs' start");
    }

    [Fact]
    public void It_runs_in_64_bit_mode_with_memory_one_to_one()
    {
        // mov rax, 3 << 32; mov edx, 0xF4; shr rax, 32; out dx, al. In 32-bit code the prefix is a DEC, and al is not 3.
        byte[] code = [0x48, 0xB8, 0, 0, 0, 0, 3, 0, 0, 0, 0xBA, 0xF4, 0, 0, 0, 0x48, 0xC1, 0xE8, 0x20, 0xEE];
        Assert.Equal(7, PcRun.Of(new SampleKernel(code).Bytes).End.Code);
    }

    [Fact]
    public void A_board_that_is_too_small_is_told_so_and_nothing_is_written()
    {
        using KvmSystem system = KvmHost.Require();
        using KvmVm vm = system.CreateVm();
        using var memory = new BoardMemory(2 << 20);
        KvmVcpu vcpu = vm.CreateVcpu(0);
        ImageException thrown = Assert.Throws<ImageException>(() => BoardImage.Parse("big", _sample.Bytes).Start(memory, vcpu));
        Assert.Contains("more memory", thrown.Message);
        Assert.False(memory.AsSpan(0, 2 << 20).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void A_command_line_that_is_longer_than_the_kernel_takes_is_refused()
    {
        using KvmSystem system = KvmHost.Require();
        using KvmVm vm = system.CreateVm();
        using var memory = new BoardMemory(8 << 20);
        BoardImage image = BoardImage.Parse("kernel", _sample.Bytes);
        image.Start(memory, vm.CreateVcpu(0), new string('a', 63));
        Assert.Contains("at most 63 bytes", Assert.Throws<ImageException>(() => image.Start(memory, vm.Vcpus[0], new string('a', 64))).Message);
    }
}
