using Wirq.Board.Loading;
using Wirq.Board.Memory;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Loading;

public sealed class ElfImageTests
{
    private readonly SampleImage _sample = new();

    [Fact]
    public void Segments_go_to_their_physical_addresses_and_what_the_file_lacks_is_zero()
    {
        KvmHost.RequireLinux();
        using var memory = new BoardMemory(8 << 20);
        memory.AsSpan(0, 8 << 20).Fill(0xEE);
        _sample.Word(SampleImage.ProgramHeaders + 8, 0xC0400000);
        ElfImage image = ElfImage.Parse("sample", _sample.Bytes);
        image.Load(memory);
        Assert.Equal(0x40000Cu, image.Entry);
        Assert.Equal(_sample.Bytes.AsSpan(SampleImage.HeaderAt, 0x80), memory.AsSpan(0x400000, 0x80));
        Assert.False(memory.AsSpan(0x400080, 0xF80).ContainsAnyExcept((byte)0));
        Assert.False(memory.AsSpan(0x402000, 0x3000).ContainsAnyExcept((byte)0));
        Assert.Equal([0xEE, 0xEE, 0xEE], new[] { memory.AsSpan(0x3FFFFF, 1)[0], memory.AsSpan(0x401000, 1)[0], memory.AsSpan(0x405000, 1)[0] });
    }

    [Theory]
    [InlineData(0, 0, "magic number")]
    [InlineData(4, 3, "32 bits")]
    [InlineData(5, 2, "little-endian")]
    [InlineData(16, 3, "executable")]
    [InlineData(18, 40, "i386")]
    [InlineData(42, 31, "program headers")]
    [InlineData(28, 0xF0, "program headers")]
    [InlineData(24, 0, "entry point")]
    public void A_header_that_is_none_is_named_with_its_offset_and_what_was_expected(int at, byte value, string expected)
    {
        _sample.Bytes[at] = value;
        if (at is 24 or 28)
            _sample.Word(at, at == 24 ? 0 : 0xFFFFFFF0);
        ImageException thrown = Assert.Throws<ImageException>(() => ElfImage.Parse("bad.flat", _sample.Bytes));
        Assert.Equal(("bad.flat", (long)at), (thrown.File, thrown.Offset));
        Assert.StartsWith($"bad.flat: at offset 0x{at:x}: expected ", thrown.Message);
        Assert.Contains(expected, thrown.Message);
    }

    [Theory]
    [InlineData(0x180, 0x81, 0x1000, 4, "ends at")]
    [InlineData(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 4, "ends at")]
    [InlineData(0x100, 0x80, 0x7F, 16, "as many as in memory")]
    [InlineData(0x100, 0x80, 0x2001, 32, "overlap")]
    public void A_segment_that_lies_is_refused(uint offset, uint fileBytes, uint memoryBytes, int at, string expected)
    {
        _sample.Segment(0, offset, 0x400000, fileBytes, memoryBytes);
        ImageException thrown = Assert.Throws<ImageException>(() => ElfImage.Parse("bad", _sample.Bytes));
        Assert.Equal(SampleImage.ProgramHeaders + at, thrown.Offset);
        Assert.Contains(expected, thrown.Message);
    }

    [Theory]
    [InlineData(0x7FF000u, 0x2000u)]
    [InlineData(0xBFFFF000u, 0x1000u)]
    [InlineData(0xFFFFF000u, 0x2000u)]
    public void A_segment_outside_the_memory_is_refused_and_nothing_is_written(uint address, uint bytes)
    {
        KvmHost.RequireLinux();
        using var memory = new BoardMemory(8 << 20);
        _sample.Segment(1, 0x180, address, 0, bytes);
        ElfImage image = ElfImage.Parse("bad", _sample.Bytes);
        ImageException thrown = Assert.Throws<ImageException>(() => image.Load(memory));
        Assert.Contains("more memory", thrown.Message);
        Assert.Equal(0, memory.AsSpan(0x400000, 1)[0]);
    }

    [Fact]
    public void No_file_however_broken_does_more_than_be_refused() => BrokenImages.Read(seed: 20_11, random =>
    {
        byte[] bytes = [.. new SampleImage().Bytes.AsSpan(0, random.Next(0x201))];
        for (int change = random.Next(4); change >= 0 && bytes.Length > 0; change--)
            bytes[random.Next(Math.Min(bytes.Length, 0x80))] = (byte)random.Next(256);
        return bytes;
    }, bytes =>
    {
        ElfImage image = ElfImage.Parse("broken", bytes);
        Assert.All(image.Segments, segment => Assert.True(segment.FileOffset + (ulong)segment.FileBytes <= (ulong)bytes.Length));
    });

    [Fact]
    public void A_file_that_is_not_there_is_an_image_exception_too() =>
        Assert.Contains("can be read", Assert.Throws<ImageException>(() => ElfImage.Open("/no/such/file.flat")).Message);
}
