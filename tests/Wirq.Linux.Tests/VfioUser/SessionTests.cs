using System.Text;
using System.Text.Json;
using Wirq.Linux.VfioUser;
using Wirq.Vfio;
using static Wirq.Linux.Tests.VfioUser.Message;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>Each command of the protocol against its bytes.</summary>
public sealed class SessionTests : IDisposable
{
    private const int Einval = 22, Enoent = 2, Eexist = 17;
    private readonly SessionBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(null, null)]
    [InlineData("{}", null)]
    [InlineData("""{"capabilities":{"max_msg_fds":8,"max_data_xfer_size":1048576}}""", null)]
    [InlineData("""{"capabilities":{"max_msg_fds":16,"pgsizes":4096,"max_dma_maps":65535,"write_multiple":true,"migration":{"pgsize":4096,"max_bitmap_size":268435456}}}""",
        "max_dma_maps pgsizes write_multiple")]
    public void A_version_is_answered_with_what_both_can_do(string? json, string? besides)
    {
        using var bench = new SessionBench(negotiated: false);
        Reply reply = bench.Holds(Message.Version, VersionBody(json, minor: 0));
        Assert.Equal((0, 0), (BitConverter.ToUInt16(reply.Body), BitConverter.ToUInt16(reply.Body, 2)));
        Assert.Equal(0, reply.Body[^1]);
        using var document = JsonDocument.Parse(Encoding.UTF8.GetString(reply.Body.AsSpan(4..^1)));
        JsonElement offered = document.RootElement.GetProperty("capabilities");
        Assert.Equal(16, offered.GetProperty("max_msg_fds").GetInt32());
        Assert.Equal(65536, offered.GetProperty("max_data_xfer_size").GetInt32());
        Assert.Equal(besides?.Split(' ') ?? [], offered.EnumerateObject().Select(one => one.Name).Except(["max_msg_fds", "max_data_xfer_size"]));
        Assert.True(bench.Session is { IsNegotiated: true, HasEnded: false });
    }

    [Fact]
    public void A_higher_minor_version_is_answered_with_the_one_that_is_known()
    {
        using var bench = new SessionBench(negotiated: false);
        Assert.Equal(1, BitConverter.ToUInt16(bench.Holds(Message.Version, VersionBody(minor: 9)).Body, 2));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("\"")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"capabilities":"23"}""")]
    [InlineData("""{"capabilities":{"max_msg_fds":"foo"}}""")]
    [InlineData("""{"capabilities":{"max_msg_fds":-1}}""")]
    [InlineData("""{"capabilities":{"max_msg_fds":1025}}""")]
    [InlineData("""{"capabilities":{"max_msg_fds":1.5}}""")]
    [InlineData("""{"capabilities":{"max_data_xfer_size":99999999999999999999}}""")]
    [InlineData("""{"capabilities":{"write_multiple":1}}""")]
    [InlineData("""{"capabilities":{"migration":"23"}}""")]
    [InlineData("""{"capabilities":{"migration":{"pgsize":"foo"}}}""")]
    [InlineData("""{"capabilities":{"migration":{"pgsize":4095}}}""")]
    [InlineData("""{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}""")]
    [InlineData("""{"capabilities":{"\ud800":1,"max_msg_fds":"\ud800"}}""")]
    public void Capabilities_that_are_malformed_are_refused(string json)
    {
        using var bench = new SessionBench(negotiated: false);
        bench.Fails(Einval, Message.Version, VersionBody(json));
        Assert.True(bench.Session is { IsNegotiated: false, HasEnded: true });
    }

    [Fact]
    public void Who_does_not_begin_with_a_version_is_refused()
    {
        foreach ((int command, byte[] body) in new (int, byte[])[]
        {
            (Message.Version, []), (Message.Version, VersionBody(major: 999)), (Message.Version, [0, 0, 1]), (GetInfo, Words(16, 0, 0, 0)), (999, VersionBody()),
            // No zero byte at the end.
            (Message.Version, [.. VersionBody(), (byte)'{', (byte)'}']),
            // Longer than any that is right.
            (Message.Version, VersionBody("{\"x\":\"" + new string('y', 20_000) + "\"}")),
        })
        {
            using var bench = new SessionBench(negotiated: false);
            bench.Fails(Einval, command, body);
            Assert.True(bench.Session.HasEnded);
        }
        // And a second version is no command.
        _bench.Fails(Einval, Message.Version, VersionBody());
        Assert.False(_bench.Session.HasEnded);
    }

    [Fact]
    public void The_device_has_nine_regions_and_five_kinds_of_interrupts()
    {
        Assert.Equal([16, 3, 9, 5], _bench.Holds(GetInfo, Words(16, 0, 0, 0)).Words);
        Assert.Equal([16, 3, 9, 5], _bench.Holds(GetInfo, Words(32, 0, 0, 0)).Words);
        _bench.Fails(Einval, GetInfo, Words(8, 0, 0, 0));
        _bench.Fails(Einval, GetInfo, Words(0, 0));
    }

    [Fact]
    public void Regions_have_their_sizes()
    {
        foreach ((int region, int size) in new[] { (0, 4096), (1, 0), (2, 8192), (5, 0), (6, 0), (7, 256), (8, 0) })
            Assert.Equal([32, size == 0 ? 0 : 3, region, 0, size, 0, 0, 0], _bench.Holds(GetRegionInfo, Words(40, 0, region, 0, 0, 0, 0, 0)).Words);
        _bench.Fails(Einval, GetRegionInfo, Words(32, 0, 9, 0, 0, 0, 0, 0));
        _bench.Fails(Einval, GetRegionInfo, Words(8, 0, 1, 0, 0, 0, 0, 0));
        _bench.Fails(Einval, GetRegionInfo, Words(0, 0));
        Assert.Equal([16, 0, 2, 0], _bench.Holds(GetRegionIoFds, Words(16, 0, 2, 0)).Words);
        _bench.Fails(Einval, GetRegionIoFds, Words(16, 1, 2, 0));
        _bench.Fails(Einval, GetRegionIoFds, Words(16, 0, 9, 0));
        _bench.Fails(Einval, GetRegionIoFds, Words(15, 0, 2, 0));
    }

    [Fact]
    public void Interrupts_are_those_of_VFIO()
    {
        foreach ((int index, int flags, int count) in new[] { (0, 7, 1), (1, 9, 4), (2, 1, 40), (4, 9, 1) })
            Assert.Equal([16, flags, index, count], _bench.Holds(GetIrqInfo, Words(32, 0, index, 0)).Words);
        // Errors come from PCI Express only.
        _bench.Fails(Einval, GetIrqInfo, Words(16, 0, 3, 0));
        _bench.Fails(Einval, GetIrqInfo, Words(16, 0, 5, 0));
        _bench.Fails(Einval, GetIrqInfo, Words(8, 0, 0, 0));
        _bench.Fails(Einval, GetIrqInfo, Words(0, 0));
    }

    [Fact]
    public void Registers_are_read_and_written()
    {
        Assert.Equal(AccessBody(0, 8, 4), _bench.Holds(Message.Write, AccessBody(0, 8, 4, 1, 2, 3, 4)).Body);
        Assert.Equal([1, 2, 3, 4], _bench.Registers.Bytes[8..12]);
        Assert.Equal(AccessBody(0, 9, 2, 2, 3), _bench.Holds(Message.Read, AccessBody(0, 9, 2)).Body);
        Assert.Equal(AccessBody(0, 4096, 0), _bench.Holds(Message.Read, AccessBody(0, 4096, 0)).Body);
        Assert.Equal((2, 1), (_bench.Function.Accesses.RegisterReads, _bench.Function.Accesses.RegisterWrites));
        foreach ((int region, ulong offset, int count) in new[]
        {
            (0, 4093ul, 4), (0, 4097ul, 0), (0, ulong.MaxValue, 1), (0, 0ul, -1), (1, 0ul, 1), (9, 0ul, 1), (-1, 0ul, 1), (7, 255ul, 2), (0, 0ul, 65537),
        })
            _bench.Fails(Einval, Message.Read, AccessBody(region, offset, count));
        _bench.Fails(Einval, Message.Read, Words(0));
        // A write brings exactly its bytes.
        _bench.Fails(Einval, Message.Write, AccessBody(0, 0, 4, 1, 2, 3));
        _bench.Fails(Einval, Message.Write, AccessBody(0, 0, 2, 1, 2, 3));
        _bench.Fails(Einval, Message.Write, AccessBody(0, 4096, 1, 1));
        Assert.Equal(1, _bench.Function.Accesses.RegisterWrites);
    }

    [Fact]
    public void Several_writes_are_made_together_or_not_at_all()
    {
        byte[] One(int offset, int count, ulong data) => [.. AccessBody(0, (ulong)offset, count), .. Long(data)];
        Assert.Equal(Long(2), _bench.Holds(WriteMulti, [.. Long(2), .. One(0, 4, 0x11223344), .. One(4, 8, 0x99)]).Body);
        Assert.Equal((0x9911223344ul, 2), (BitConverter.ToUInt64(_bench.Registers.Bytes), _bench.Function.Accesses.RegisterWrites));
        _bench.Fails(Einval, WriteMulti, [.. Long(2), .. One(0, 4, 0), .. One(4096, 1, 0)]);
        _bench.Fails(Einval, WriteMulti, [.. Long(1), .. One(0, 9, 0)]);
        _bench.Fails(Einval, WriteMulti, [.. Long(2), .. One(0, 4, 0)]);
        _bench.Fails(Einval, WriteMulti, [.. Long(ulong.MaxValue), .. One(0, 4, 0)]);
        _bench.Fails(Einval, WriteMulti, [.. Long(1), .. One(0, 4, 0), 0]);
        _bench.Fails(Einval, WriteMulti, Words(1));
        Assert.Equal(2, _bench.Function.Accesses.RegisterWrites);
    }

    [Fact]
    public void Windows_of_DMA_do_not_overlap()
    {
        byte[] Map(ulong address, ulong size, int flags = 3, int argsz = 32) => [.. Words(argsz, flags), .. Long(0), .. Long(address), .. Long(size)];
        byte[] Unmap(ulong address, ulong size, int flags = 0, int argsz = 24) => [.. Words(argsz, flags), .. Long(address), .. Long(size)];

        Assert.Empty(_bench.Holds(MapDma, Map(0x1000, 0x1000)).Body);
        _bench.Holds(MapDma, Map(0x2000, 0x1000));
        _bench.Holds(MapDma, Map(ulong.MaxValue - 0xFFF, 0x1000));
        foreach ((ulong address, ulong size) in new[] { (0x1000ul, 0x1000ul), (0xFFFul, 2ul), (0x1FFFul, 1ul), (0ul, 0x10000ul), (0x2FFFul, 1ul), (ulong.MaxValue, 1ul) })
            _bench.Fails(Eexist, MapDma, Map(address, size));
        _bench.Fails(Einval, MapDma, Map(ulong.MaxValue, 2));
        _bench.Fails(Einval, MapDma, Map(0x8000, 0));
        _bench.Fails(Einval, MapDma, Map(0x8000, 1, flags: 0x10));
        _bench.Fails(Einval, MapDma, Map(0x8000, 1, argsz: 31));
        _bench.Fails(Einval, MapDma, Words(0, 0));
        Assert.Equal(3, _bench.Session.Dma.Count);

        Assert.Equal(Unmap(0x1000, 0x1000), _bench.Holds(UnmapDma, Unmap(0x1000, 0x1000)).Body);
        _bench.Fails(Enoent, UnmapDma, Unmap(0x1000, 0x1000));
        _bench.Fails(Enoent, UnmapDma, Unmap(0x2000, 0x800));
        _bench.Fails(Einval, UnmapDma, Unmap(0x2000, 0x1000, flags: 4));
        _bench.Fails(Einval, UnmapDma, Unmap(0x2000, 0x1000, flags: 1));
        _bench.Fails(Einval, UnmapDma, Unmap(0x2000, 0x1000, flags: 2));
        _bench.Fails(Einval, UnmapDma, Unmap(0x2000, 0x1000, argsz: 8));
        _bench.Fails(Einval, UnmapDma, Words(0, 0));
        _bench.Holds(UnmapDma, Unmap(0, 0, flags: 2));
        Assert.Equal(0, _bench.Session.Dma.Count);
    }

    [Fact]
    public void There_are_so_many_windows_of_DMA_and_no_more()
    {
        for (int i = 0; i <= 4096; i++)
        {
            byte[] map = [.. Words(32, 3), .. Long(0), .. Long((ulong)i << 12), .. Long(0x1000)];
            if (i < 4096)
                _bench.Holds(MapDma, map);
            else
                _bench.Fails(28, MapDma, map);
        }
    }

    [Fact]
    public void A_reset_clears_the_registers_and_the_guests_bit()
    {
        _bench.Holds(Message.Write, AccessBody(0, 0, 1, 9));
        _bench.Holds(Message.Write, AccessBody(7, 4, 2, 0, 4));
        _bench.Function.SetIntx(true);
        Assert.Empty(_bench.Holds(Reset, []).Body);
        Assert.Equal((0, false, 1), ((int)_bench.Registers.Bytes[0], _bench.Function.Asserts, _bench.Function.Accesses.Resets));
        Assert.Equal(0, _bench.Holds(Message.Read, AccessBody(7, 5, 1)).Body[16]);
    }

    [Fact]
    public void Every_other_command_is_answered_with_an_error()
    {
        foreach (int command in new[] { 0, DmaRead, 12, 14, Feature, MigrationRead, 18, 19, 999, 65535 })
            _bench.Fails(Einval, command, new byte[32]);
        Assert.Equal(10, _bench.Function.Accesses.Refused);
    }

    [Fact]
    public void Who_wants_no_reply_gets_none_and_a_reply_is_refused()
    {
        Assert.Equal(0, _bench.AskRaw(Message.Write, AccessBody(0, 0, 1, 5), NoReply, []).Length);
        Assert.Equal(5, _bench.Registers.Bytes[0]);
        Assert.Equal(0, _bench.AskRaw(999, [], NoReply, []).Length);
        // libvfio-user answers a reply that nobody waits for in the same way.
        Assert.Equal((0x21, Einval), (Reply.Of(_bench.AskRaw(SetIrqs, [], 1, [])).Flags, Reply.Of(_bench.AskRaw(SetIrqs, [], 1, [])).Error));
        Assert.Equal(Einval, Reply.Of(_bench.AskRaw(SetIrqs, [], 2, [])).Error);
    }
}
