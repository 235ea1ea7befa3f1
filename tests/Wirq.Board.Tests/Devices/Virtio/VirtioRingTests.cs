using Wirq.Board.Devices.Virtio;
using Wirq.Board.Memory;
using Wirq.Linux.Tests;
using static Wirq.Board.Tests.Devices.Virtio.SampleDriver;

namespace Wirq.Board.Tests.Devices.Virtio;

public sealed class VirtioRingTests : IDisposable
{
    private const int Size = 8;

    private readonly BoardMemory _memory;
    private readonly SampleDriver _driver;
    private readonly VirtioRing _ring;
    private readonly VirtioBuffers _buffers;

    public VirtioRingTests()
    {
        KvmHost.RequireLinux();
        _memory = new BoardMemory(2 << 20);
        _driver = new SampleDriver(_memory, Size);
        _ring = new VirtioRing(_memory) { Size = Size, Descriptors = Descriptors, Available = Available, Used = Used, Enabled = true };
        _buffers = new VirtioBuffers(_memory);
    }

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void A_chain_has_what_is_read_and_then_what_is_written()
    {
        "hello"u8.CopyTo(_memory.AsSpan(Data, 5));
        _driver.Descriptor(3, Data, 2, Next, 5);
        _driver.Descriptor(5, Data + 2, 3, Next, 1);
        _driver.Descriptor(1, Data + 0x100, 1, Next | Writable, 0);
        _driver.Descriptor(0, Data + 0x200, 4, Writable);
        _driver.Offer(3);
        Assert.True(_ring.TryTake(_buffers, out ushort head));
        Assert.Equal((3, 5u, 5u), (head, _buffers.Readable, _buffers.Writable));
        byte[] read = new byte[5];
        Assert.True(_buffers.TryRead(read));
        Assert.Equal("hello"u8, read);
        Assert.False(_buffers.TryRead(new byte[1]));
        Assert.True(_buffers.TryWrite("abc"u8));
        Assert.False(_buffers.TryWrite("xyz"u8));
        Assert.Equal("a"u8, _memory.AsSpan(Data + 0x100, 1));
        Assert.Equal("bc\0\0"u8, _memory.AsSpan(Data + 0x200, 4));
        Assert.True(_ring.Give(head, 3));
        Assert.Equal((1, (3u, 3u)), (_driver.Given, _driver.Element(0)));
        Assert.False(_ring.TryTake(_buffers, out _));
        Assert.False(_ring.Broken);
    }

    [Fact]
    public void Rings_go_round_and_a_driver_may_want_no_interrupt()
    {
        _driver.Write(Available, 1);
        for (int i = 0; i < 3 * Size; i++)
        {
            _driver.Descriptor(i % Size, Data, 1, Writable);
            _driver.Offer((ushort)(i % Size));
            Assert.True(_ring.TryTake(_buffers, out ushort head));
            Assert.False(_ring.Give(head, (uint)i));
            Assert.Equal((i + 1, ((uint)(i % Size), (uint)i)), ((int)_driver.Given, _driver.Element(i)));
        }
    }

    [Fact]
    public void A_table_of_descriptors_is_a_chain()
    {
        _driver.Descriptor(0, Indirect, 32, IndirectTable);
        _driver.Descriptor(0, Data, 4, Next, 1, Indirect);
        _driver.Descriptor(1, Data, 6, Writable, 0, Indirect);
        _driver.Offer(0);
        Assert.True(_ring.TryTake(_buffers, out _));
        Assert.Equal((4u, 6u), (_buffers.Readable, _buffers.Writable));
    }

    public static TheoryData<string, int> Lies => new(new (string, int)[]
    {
        ("a loop", 0), ("a loop in a table", 1), ("a table in a table", 2), ("a table that goes on", 3), ("a table of half descriptors", 4),
        ("an empty table", 5), ("a descriptor that does not exist", 6), ("an entry of a table that does not exist", 7), ("a buffer outside the memory", 8),
        ("a buffer that wraps", 9), ("a read after a write", 10), ("more bytes than a request may have", 11), ("a head that does not exist", 12),
        ("more requests than descriptors", 13), ("a table outside the memory", 14),
    });

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_ring_that_lies_is_broken_until_it_is_reset(string lie, int number)
    {
        Assert.NotEmpty(lie);
        ushort head = 0;
        _driver.Descriptor(0, Indirect, 32, IndirectTable);
        switch (number)
        {
            case 0: _driver.Descriptor(0, Data, 1, Next, 0); break;
            case 1: _driver.Descriptor(0, Data, 1, Next, 0, Indirect); break;
            case 2:
                _driver.Descriptor(0, Indirect + 0x100, 16, IndirectTable, 0, Indirect);
                _driver.Descriptor(0, Data, 1, 0, 0, Indirect + 0x100);
                break;
            case 3: _driver.Descriptor(0, Indirect, 32, IndirectTable | Next, 1); break;
            case 4: _driver.Descriptor(0, Indirect, 24, IndirectTable); break;
            case 5: _driver.Descriptor(0, Indirect, 0, IndirectTable); break;
            case 6: _driver.Descriptor(0, Data, 1, Next, Size); break;
            case 7: _driver.Descriptor(0, Data, 1, Next, 2, Indirect); break;
            case 8: _driver.Descriptor(0, 2 << 20, 1, 0); break;
            case 9: _driver.Descriptor(0, ulong.MaxValue, 2, 0); break;
            case 10:
                _driver.Descriptor(0, Data, 1, Writable | Next, 1);
                _driver.Descriptor(1, Data, 1, 0);
                break;
            case 11:
                for (int i = 0; i < Size; i++)
                    _driver.Descriptor(i, 0, 1 << 20, (ushort)(i < Size - 1 ? Next : 0), (ushort)(i + 1));
                break;
            case 12: head = Size; break;
            case 13: _driver.Write(Available + 2, Size + 1); break;
            case 14: _driver.Descriptor(0, ulong.MaxValue - 15, 32, IndirectTable); break;
        }
        if (number != 13)
            _driver.Offer(head);
        Assert.False(_ring.TryTake(_buffers, out _));
        Assert.True(_ring.Broken, lie);
        _driver.Descriptor(0, Data, 1, 0);
        _driver.Offer(0);
        Assert.False(_ring.TryTake(_buffers, out _));
        _ring.Reset();
        Assert.False(_ring.Broken);
    }

    [Fact]
    public void No_ring_however_hostile_does_more_than_break()
    {
        const int seed = 18_05;
        int rounds = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 1_000_000 : 50_000, served = 0;
        var random = new Random(seed);
        var disk = new VirtioDisk(new byte[64 * VirtioDisk.Sector]);
        var entropy = new VirtioEntropy();
        ulong[] addresses = [Data, Data + 0x800, Indirect, Descriptors, Available, Used, 0, (2 << 20) - 4, 2 << 20, ulong.MaxValue - 8];
        uint[] lengths = [0, 1, 16, 32, 48, 128, 512, 513, 4096, 1 << 20, uint.MaxValue];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < Size; i++)
            {
                _driver.Descriptor(i, addresses[random.Next(addresses.Length)], lengths[random.Next(lengths.Length)], (ushort)random.Next(8), (ushort)random.Next(Size + 1));
                _driver.Descriptor(i, addresses[random.Next(4)], lengths[random.Next(8)], (ushort)random.Next(4), (ushort)random.Next(Size), Indirect);
            }
            _driver.Write(Available + 2, (ushort)random.Next(4));
            _driver.Write(Available + 4, (ushort)random.Next(Size + 1));
            _memory.AsSpan(Data, 16)[0] = (byte)random.Next(10);
            _memory.AsSpan(Data, 16)[8] = (byte)random.Next(70);
            _ring.Reset();
            (_ring.Size, _ring.Descriptors, _ring.Available, _ring.Used, _ring.Enabled) =
                (Size, Descriptors, random.Next(50) == 0 ? 2 << 20 : Available, random.Next(50) == 0 ? ulong.MaxValue : Used, true);
            try
            {
                int taken = 0;
                while (_ring.TryTake(_buffers, out ushort head))
                {
                    // One doorbell is for as many requests as there are descriptors; an answer that the device writes into the
                    // ring itself may look like some more.
                    Assert.True(++taken <= 2 * Size, $"seed {seed}, round {round}: {taken} requests of one doorbell");
                    IVirtioDevice device = random.Next(2) == 0 ? disk : entropy;
                    uint room = _buffers.Writable, written = device.Serve(_buffers);
                    Assert.True(written <= room, $"seed {seed}, round {round}: {written} bytes in {room}");
                    _ring.Give(head, written);
                    served++;
                }
            }
            catch (Exception other) when (other is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, round {round}: {other}");
            }
        }
        Assert.True(served > rounds / 50, $"only {served} of {rounds} rings had a request that was served");
    }
}
