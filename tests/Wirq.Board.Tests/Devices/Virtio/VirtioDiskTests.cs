using System.Buffers.Binary;
using Wirq.Board.Devices.Virtio;
using Wirq.Board.Memory;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Devices.Virtio;

public sealed class VirtioDiskTests : IDisposable
{
    private const ulong Header = 0x1000, Data = 0x2000, Answer = 0x8000;

    private readonly BoardMemory _memory;
    private readonly VirtioBuffers _buffers;
    // Three sectors and a byte: the fourth is filled up.
    private readonly VirtioDisk _disk = new([.. Enumerable.Range(0, 3 * 512 + 1).Select(i => (byte)(i / 512 + 1))]);

    public VirtioDiskTests()
    {
        KvmHost.RequireLinux();
        _memory = new BoardMemory(2 << 20);
        _buffers = new VirtioBuffers(_memory);
    }

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Its_configuration_counts_whole_sectors() =>
        Assert.Equal([4, 0, 0, 0, 0, 0, 0, 0], Enumerable.Range(0, 8).Select(i => (int)_disk.ReadConfiguration(i)));

    [Fact]
    public void It_reads()
    {
        Assert.Equal((1025u, 0), Serve(type: 0, sector: 2, bytes: 1024, writable: true));
        Assert.Equal((3, 3, 4, 0), (_memory.AsSpan(Data, 1)[0], _memory.AsSpan(Data + 511, 1)[0], _memory.AsSpan(Data + 512, 1)[0], _memory.AsSpan(Data + 513, 1)[0]));
    }

    [Fact]
    public void It_writes()
    {
        _memory.AsSpan(Data, 512).Fill(0x77);
        Assert.Equal((1u, 0), Serve(type: 1, sector: 1, bytes: 512, writable: false));
        Assert.Equal([1, 0x77, 0x77, 3], new[] { _disk.Content[511], _disk.Content[512], _disk.Content[1023], _disk.Content[1024] });
    }

    [Theory]
    [InlineData(0, 3, 1024, 1)]
    [InlineData(0, 4, 512, 1)]
    [InlineData(0, ulong.MaxValue, 512, 1)]
    [InlineData(0, 0, 100, 1)]
    [InlineData(0, 0, 0, 1)]
    [InlineData(8, 0, 19, 1)]
    [InlineData(7, 0, 512, 2)]
    public void What_it_cannot_do_fails_and_changes_nothing(uint type, ulong sector, uint bytes, byte answer)
    {
        _memory.AsSpan(Data, 2048).Fill(0xEE);
        byte[] before = _disk.Content.ToArray();
        Assert.Equal((1u, answer), Serve(type, sector, bytes, writable: true));
        Assert.False(_memory.AsSpan(Data, 2048).ContainsAnyExcept((byte)0xEE));
        Assert.Equal(before, _disk.Content);
    }

    [Fact]
    public void A_request_without_a_header_fails_and_one_without_an_answer_is_dropped()
    {
        _buffers.Clear();
        _buffers.TryAdd(Answer, 1, writable: true);
        Assert.Equal((1u, 1), (_disk.Serve(_buffers), _memory.AsSpan(Answer, 1)[0]));
        _buffers.Clear();
        _buffers.TryAdd(Header, 16, writable: false);
        Assert.Equal(0u, _disk.Serve(_buffers));
    }

    private (uint Written, byte Answer) Serve(uint type, ulong sector, uint bytes, bool writable)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_memory.AsSpan(Header, 4), type);
        BinaryPrimitives.WriteUInt64LittleEndian(_memory.AsSpan(Header + 8, 8), sector);
        _memory.AsSpan(Answer, 1)[0] = 0xFF;
        _buffers.Clear();
        // The header in two parts: a driver may cut anywhere (virtio 1.2, 2.7.4.1).
        Assert.True(_buffers.TryAdd(Header, 5, writable: false) && _buffers.TryAdd(Header + 5, 11, writable: false));
        Assert.True(_buffers.TryAdd(Data, bytes, writable) && _buffers.TryAdd(Answer, 1, writable: true));
        uint written = _disk.Serve(_buffers);
        return (written, _memory.AsSpan(Answer, 1)[0]);
    }
}
