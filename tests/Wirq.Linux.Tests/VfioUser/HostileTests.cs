using System.Runtime.InteropServices;
using Wirq.Linux.Interop;
using Wirq.Linux.VfioUser;
using Wirq.Vfio;
using static Wirq.Linux.Tests.VfioUser.Message;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>Clients that send anything, in pieces of any size, slowly, or too fast.</summary>
public sealed class HostileTests
{
    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";

    /// <summary>Each is right when it is sent alone.</summary>
    private static readonly (int Command, byte[] Body, int Descriptors)[] s_seeds =
    [
        (MapDma, [.. Words(32, 3), .. Long(0), .. Long(0x4000), .. Long(0x1000)], 1),
        (UnmapDma, [.. Words(24, 0), .. Long(0x4000), .. Long(0x1000)], 0),
        (GetInfo, Words(16, 0, 0, 0), 0),
        (GetRegionInfo, Words(32, 0, 7, 0, 0, 0, 0, 0), 0),
        (GetRegionIoFds, Words(16, 0, 0, 0), 0),
        (GetIrqInfo, Words(16, 0, 2, 0), 0),
        (SetIrqs, IrqBody(VfioIrqIndex.Intx, VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionTrigger), 1),
        (SetIrqs, IrqBody(VfioIrqIndex.Intx, VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionUnmask), 1),
        (SetIrqs, IrqBody(VfioIrqIndex.Intx, VfioIrqSetBits.DataNone | VfioIrqSetBits.ActionUnmask), 0),
        (SetIrqs, IrqBody(VfioIrqIndex.Intx, VfioIrqSetBits.DataNone | VfioIrqSetBits.ActionTrigger, 0, 0), 0),
        (SetIrqs, IrqBody(VfioIrqIndex.Msix, VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionTrigger, 2, 3), 3),
        (SetIrqs, IrqBody(VfioIrqIndex.Msix, VfioIrqSetBits.DataNone | VfioIrqSetBits.ActionTrigger, 0, 0), 0),
        (Message.Read, AccessBody(7, 0, 64), 0),
        (Message.Write, AccessBody(7, 4, 2, 0, 4), 0),
        (Message.Write, AccessBody(0, 16, 4, 1, 2, 3, 4), 0),
        (WriteMulti, [.. Long(1), .. AccessBody(0, 8, 4), .. Long(5)], 0),
        (Reset, [], 0),
    ];

    [Fact]
    public void Mutated_messages_each_get_an_answer_and_leave_nothing_behind()
    {
        int messages = s_long ? 1_000_000 : 8_000, seed = s_long ? Environment.TickCount : 20_251;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}, {messages} messages");
        var random = new Random(seed);
        using var served = new ServedFunction(new() { MsiVectors = 4, MsixVectors = 40 });
        using var eventFd = EventFdHandle.Create();
        int before = ServedFunction.OpenDescriptors;
        long memory = 0;
        var client = new RawClient(served.ConnectRaw());
        for (int i = 0; i < messages; i++)
        {
            (byte[] message, int[] descriptors) = Mutated(random, eventFd.EventFd.Number);
            Assert.True(client.Send(message, descriptors), $"message {i}: the server has gone");
            bool wants = (BitConverter.ToUInt32(message, 8) & NoReply) == 0;
            if (wants)
            {
                Reply reply = client.Receive() ?? throw new InvalidOperationException($"message {i}: the server has gone");
                Assert.Equal((BitConverter.ToUInt16(message), BitConverter.ToUInt16(message, 2)), ((ushort)reply.Id, (ushort)reply.Command));
            }
            if (random.Next(200) == 0)
                served.Do(function => function.SetIntx(random.Next(2) == 0));
            if (random.Next(2000) == 0)
            {
                client.Dispose();
                served.Until((server, _) => !server.IsConnected, "the client has gone");
                ServedFunction.HasDescriptors(before);
                client = new RawClient(served.ConnectRaw());
            }
            if (i == messages / 2)
                memory = Heap();
        }
        Assert.InRange(Heap(), 0, memory + (4 << 20));
        client.Dispose();
        served.Until((server, _) => !server.IsConnected, "the client has gone");
        ServedFunction.HasDescriptors(before);
        // It still serves.
        using VfioUserClient right = served.Connect();
        Assert.Equal(9, right.Regions);
        Assert.InRange(served.Function.Accesses.Refused, messages / 10, messages);
    }

    private static long Heap()
    {
        GC.Collect();
        return GC.GetGCMemoryInfo().HeapSizeBytes;
    }

    private static (byte[] Message, int[] Descriptors) Mutated(Random random, int eventFd)
    {
        (int command, byte[] body, int descriptors) = s_seeds[random.Next(s_seeds.Length)];
        body = [.. body];
        for (int change = random.Next(3); change > 0 && body.Length > 0; change--)
        {
            int at = random.Next(body.Length);
            body[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)(body[at] ^ 1 << random.Next(8)), _ => byte.MaxValue };
        }
        if (random.Next(8) == 0)
            body = body[..random.Next(body.Length + 1)];
        if (random.Next(8) == 0)
            body = [.. body, .. new byte[random.Next(100)]];
        if (random.Next(16) == 0)
            command = random.Next(20);
        int flags = random.Next(16) switch { 0 => NoReply, 1 => random.Next(64), _ => 0 };
        int count = random.Next(8) == 0 ? random.Next(20) : descriptors;
        return (Of(command, body, random.Next(65536), flags), [.. Enumerable.Repeat(eventFd, count)]);
    }

    [Fact]
    public void Random_bytes_end_in_nothing_but_answers()
    {
        int rounds = s_long ? 20_000 : 150;
        var random = new Random(77);
        using var served = new ServedFunction();
        using var eventFd = EventFdHandle.Create();
        int before = ServedFunction.OpenDescriptors;
        for (int round = 0; round < rounds; round++)
        {
            using var client = new RawClient(served.ConnectRaw(), negotiates: random.Next(2) == 0);
            var bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
            // Short lengths often, so that more than one header is read.
            for (int at = 4; at + 4 <= bytes.Length && random.Next(4) != 0; at += 40)
                BitConverter.TryWriteBytes(bytes.AsSpan(at), random.Next(60));
            client.Send(bytes, [.. Enumerable.Repeat(eventFd.EventFd.Number, random.Next(3))]);
        }
        served.Until((server, _) => !server.IsConnected, "the last client has gone");
        ServedFunction.HasDescriptors(before);
        using VfioUserClient right = served.Connect();
        Assert.Equal(5, right.IrqIndexes);
    }

    [Fact]
    public void A_message_may_come_byte_by_byte()
    {
        using var served = new ServedFunction();
        using var client = new RawClient(served.ConnectRaw(), negotiates: false);
        using EventFdHandle one = EventFdHandle.Create(), two = EventFdHandle.Create();
        byte[] set = Of(SetIrqs, IrqBody(VfioIrqIndex.Msix, VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionTrigger, 0, 2));
        foreach ((byte[] message, int[] descriptors) in new (byte[], int[])[]
            { (Of(Message.Version, VersionBody("{}")), []), (set, [one.EventFd.Number, two.EventFd.Number]) })
        {
            for (int i = 0; i < message.Length; i++)
                Assert.True(client.Send(message.AsSpan(i, 1), i == 0 ? descriptors : []));
            Assert.Equal(0, client.Receive()!.Value.Error);
        }
        served.Do(function => Assert.True(function.Send(0) && function.Send(1) && !function.Send(2)));
        Assert.True(one.TryRead() && two.TryRead());
    }

    [Fact]
    public void Descriptors_belong_to_the_message_with_which_they_came()
    {
        using var served = new ServedFunction();
        using var client = new RawClient(served.ConnectRaw());
        using EventFdHandle one = EventFdHandle.Create(), two = EventFdHandle.Create();
        // All of it is there before the server reads the first.
        served.Do(function =>
        {
            client.Send(Of(GetInfo, Words(16, 0, 0, 0), id: 1));
            client.Send(Of(SetIrqs, IrqBody(VfioIrqIndex.Msix, VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionTrigger, 0, 1), id: 2), one.EventFd.Number);
            client.Send(Of(MapDma, [.. Words(32, 3), .. Long(0), .. Long(0), .. Long(0x1000)], id: 3));
            client.Send(Of(SetIrqs, IrqBody(VfioIrqIndex.Msix, VfioIrqSetBits.DataEventFd | VfioIrqSetBits.ActionTrigger, 1, 1), id: 4), two.EventFd.Number);
        });
        for (int id = 1; id <= 4; id++)
            Assert.Equal((id, 0), (client.Receive()!.Value.Id, 0));
        served.Do(function => Assert.True(function.Send(0)));
        Assert.Equal((true, false), (one.TryRead(), two.TryRead()));
        served.Do(function => Assert.True(function.Send(1)));
        Assert.Equal((false, true), (one.TryRead(), two.TryRead()));
    }

    [Fact]
    public void Descriptors_that_come_with_a_skipped_message_are_none_of_the_next()
    {
        using var served = new ServedFunction();
        using var client = new RawClient(served.ConnectRaw());
        using var eventFd = EventFdHandle.Create();
        int[] tooMany = [.. Enumerable.Repeat(eventFd.EventFd.Number, VfioUserLimits.Descriptors + 1)];
        const int Rest = 100;
        Assert.True(client.Send(Of(GetInfo, [], size: VfioUserLimits.Message + Rest)));
        Assert.Equal(22, client.Receive()!.Value.Error);
        Assert.True(client.Send(new byte[VfioUserLimits.Message + Rest - 16], tooMany));
        Assert.True(client.Send(Of(GetInfo, Words(16, 0, 0, 0))));
        Assert.Equal(0, client.Receive()!.Value.Error);
    }

    [Fact]
    public async Task Who_asks_and_does_not_read_is_not_read_either()
    {
        using var served = new ServedFunction(new() { MsixVectors = 2048 });
        using var client = new RawClient(served.ConnectRaw());
        byte[] wanted = Of(Message.Read, AccessBody(2, 0, 65536));
        const int Asked = 2_000;
        Task asking = Task.Run(() =>
        {
            for (int i = 0; i < Asked; i++)
                client.Send(wanted);
        }, TestContext.Current.CancellationToken);
        // Answers of 64 KiB fill the socket, and then questions do.
        long reads = -1;
        for (long now = 0; now != reads || now == 0; now = served.Do((_, function) => function.Accesses.TableReads))
        {
            reads = now;
            Thread.Sleep(20);
        }
        Assert.InRange(reads, 1, Asked / 2);
        Assert.False(asking.IsCompleted);
        for (int i = 0; i < Asked; i++)
            Assert.Equal(65536 + 16, client.Receive()!.Value.Body.Length);
        await asking;
        Assert.Equal(Asked, served.Function.Accesses.TableReads);
    }

    [Fact]
    public void An_eventfd_that_is_full_or_blocks_stops_nobody()
    {
        using var served = new ServedFunction();
        using VfioUserClient client = served.Connect();
        using var blocking = new FileDescriptor(HostCalls.Check(Libc.EventFd(0, 0), "eventfd"));
        using FileDescriptor.Lease lease = blocking.Borrow(out int number);
        Assert.Equal(8, Libc.Write(number, ulong.MaxValue - 1, 8));
        client.SetTriggers(VfioIrqIndex.Msix, 0, new Routing.EventFd(number));
        served.Do(function => Assert.True(function.Send(0)));
        Assert.Equal(0u, client.Read32(0, 0));
    }

    [Fact]
    public void Messages_in_a_session_alone_are_taken_by_the_hundred_thousand()
    {
        int messages = s_long ? 3_000_000 : 100_000, seed = s_long ? Environment.TickCount : 4711;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var bench = new SessionBench();
        var reply = new byte[VfioUserLimits.Message];
        for (int i = 0; i < messages; i++)
        {
            (byte[] message, _) = Mutated(random, -1);
            int length = bench.Session.Take(VfioUserHeader.Read(message), message.AsSpan(16), [], reply);
            bool wants = (BitConverter.ToUInt32(message, 8) & NoReply) == 0;
            Assert.Equal(wants, length != 0);
            if (length != 0)
                Assert.Equal(length, MemoryMarshal.Read<int>(reply.AsSpan(4)));
            if (i % 64 == 0)
                bench.Function.SetIntx((i & 64) == 0);
        }
    }
}
