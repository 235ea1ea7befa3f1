using Wirq.Board.Memory;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Memory;

public sealed class BoardMemoryTests
{
    private const ulong MiB = 1 << 20;

    public BoardMemoryTests() => KvmHost.RequireLinux();

    [Fact]
    public void What_is_beyond_three_gibibytes_goes_on_at_four()
    {
        using var memory = new BoardMemory(3 * 1024 * MiB + 2 * MiB);
        Assert.Equal([(0ul, 0xC0000000ul), (0x1_0000_0000, 0x1_0020_0000)], memory.Ranges.Select(range => (range.Address, range.End)));
        Assert.Equal((0xC0000000, 2 * MiB), (memory.LowBytes, memory.HighBytes));
        Assert.True(memory.TryWrite(0x1_001F_FFFF, [0x5A]));
        Assert.Equal(0x5A, memory.AsSpan(0x1_001F_FFFF, 1)[0]);
    }

    [Theory]
    [InlineData(2 * MiB, 0)]
    [InlineData(2 * MiB - 1, 2)]
    [InlineData(0xC0000000, 1)]
    [InlineData(ulong.MaxValue, 1)]
    [InlineData(ulong.MaxValue - 1, 4)]
    public void An_access_with_a_byte_outside_is_refused_whole(ulong address, int length)
    {
        using var memory = new BoardMemory(2 * MiB);
        byte[] bytes = [1, 1, 1, 1];
        Assert.Equal(length == 0, memory.TryRead(address, bytes.AsSpan(0, length)));
        Assert.Equal(length == 0, memory.TryWrite(address, bytes.AsSpan(0, length)));
        Assert.Equal([1, 1, 1, 1], bytes);
        Assert.Equal(0, memory.AsSpan(2 * MiB - 1, 1)[0]);
        if (length > 0)
            Assert.Throws<ArgumentOutOfRangeException>(() => memory.AsSpan(address, length).Length);
    }

    [Fact]
    public void An_access_across_the_hole_is_refused()
    {
        using var memory = new BoardMemory(3 * 1024 * MiB + 2 * MiB);
        Assert.False(memory.TryRead(0xBFFFFFFF, new byte[2]));
        Assert.False(memory.TryRead(0xFFFFFFFF, new byte[2]));
        Assert.True(memory.TryRead(0x1_0000_0000, new byte[2]));
        Assert.False(memory.Contains(0, 4 * 1024 * MiB));
    }

    [Fact]
    public void Clearing_reaches_exactly_what_was_named()
    {
        using var memory = new BoardMemory(4 * MiB);
        memory.AsSpan(0, (int)(4 * MiB)).Fill(0xFF);
        memory.Clear(1, 3 * MiB);
        Assert.Equal((byte)0xFF, memory.AsSpan(0, 1)[0]);
        Assert.False(memory.AsSpan(1, (int)(3 * MiB)).ContainsAnyExcept((byte)0));
        Assert.Equal((byte)0xFF, memory.AsSpan(3 * MiB + 1, 1)[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(MiB)]
    [InlineData(2 * MiB + 4096)]
    [InlineData(64 * 1024 * MiB + MiB)]
    public void A_size_that_no_board_has_is_refused(ulong bytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new BoardMemory(bytes));
}
