using System.Buffers.Binary;
using System.Net.Sockets;
using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux.Tests.Updates;

/// <summary>A peer that may send anything. Whatever it sends, there is one clear error, and no descriptor stays open.</summary>
public sealed class HostileParcelTests : IDisposable
{
    private const int BodyAt = 32;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Connection _connection;
    private readonly EventFdHandle[] _eventFds = [];
    private readonly MemoryFile _memory;
    private readonly byte[] _parcel;

    public HostileParcelTests()
    {
        KvmHost.RequireLinux();
        _connection = Connection.Local();
        _eventFds = [EventFdHandle.Create(), EventFdHandle.Create()];
        _memory = MemoryFile.Create(4096);
        _parcel = ParcelFormat.Write(Parcel());
    }

    [Fact]
    public void What_is_sent_arrives()
    {
        Send(_parcel, Numbers());
        using LiveUpdateReceipt receipt = LiveUpdate.Receive(_connection.New, s_patience);
        Assert.Equal(Parcel().Snapshot.ToArray(), receipt.Snapshot.ToArray());
        Assert.Equal(["cpu 0", "cpu 1"], receipt.States.Keys.Order());
        Assert.Equal([1, 2, 3], receipt.States["cpu 1"]);
        Assert.Equal(["memory"], receipt.Descriptors.Keys);
        Assert.Equal(3, Leaks());
        EventFd first = receipt.EventFdOf(_eventFds[0]);
        Assert.NotEqual(_eventFds[0].EventFd, first);
        _eventFds[0].Write();
        Assert.True(receipt.EventFds[_eventFds[0]].TryRead());
        Assert.False(_eventFds[0].IsReadable);
        Assert.Contains("was not handed over", Assert.Throws<LiveUpdateException>(() => receipt.EventFdOf(new EventFd(9999))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_descriptors_arrive_in_their_order()
    {
        EventFdHandle[] many = [.. Enumerable.Range(0, 500).Select(_ => EventFdHandle.Create())];
        var parcel = new LiveUpdateParcel { Snapshot = new byte[100_000], EventFds = many };
        Task<LiveUpdateOutcome> sends = Task.Run(() => LiveUpdate.HandOver(_connection.Old, parcel, s_patience), TestContext.Current.CancellationToken);
        using (LiveUpdateReceipt receipt = LiveUpdate.Receive(_connection.New, s_patience))
        {
            foreach (EventFdHandle one in many)
            {
                one.Write();
                Assert.True(receipt.EventFds[one].TryRead());
            }
            Assert.True(receipt.TryTake());
            receipt.Confirm();
        }
        Assert.Equal(LiveUpdateAnswer.Taken, (await sends).Answer);
        foreach (EventFdHandle one in many)
            one.Dispose();
    }

    [Theory]
    [InlineData("magic", "its first bytes are not WIRQHAND")]
    [InlineData("version", "speaks version 2; expected 1")]
    [InlineData("long body", "announces 4294967295 bytes; expected 67108864 at most")]
    [InlineData("many eventfds", "announces 16385 eventfds; expected 16384 at most")]
    [InlineData("many descriptors", "announces 16386 descriptors; expected 16384 at most")]
    [InlineData("many states", "but 0 are left")]
    [InlineData("long snapshot", "the snapshot has 2147483647 bytes")]
    [InlineData("negative snapshot", "the snapshot has -1 bytes")]
    [InlineData("eventfd twice", "cannot be one, or comes twice")]
    [InlineData("no eventfd", "cannot be one, or comes twice")]
    [InlineData("long name", "a name has 65535 bytes; expected 1 to 255")]
    [InlineData("bad name", "a name is not UTF-8")]
    [InlineData("byte behind", "sends more bytes than its machine has")]
    public void A_parcel_with_a_wrong_word_is_refused(string what, string message)
    {
        byte[] parcel = what == "byte behind" ? [.. _parcel, 0] : [.. _parcel];
        int snapshot = Parcel().Snapshot.Length, eventFds = BodyAt + sizeof(int) + snapshot, names = eventFds + 2 * sizeof(int);
        switch (what)
        {
            case "magic": parcel[0] = 0; break;
            case "version": parcel[8] = 2; break;
            case "long body": Put(12, -1); break;
            case "many eventfds": Put(16, 16385); break;
            case "many descriptors": Put(20, 16384); break;
            case "many states": Put(24, 1_000_000); break;
            case "long snapshot": Put(BodyAt, int.MaxValue); break;
            case "negative snapshot": Put(BodyAt, -1); break;
            case "eventfd twice": Put(eventFds, _eventFds[1].EventFd.Number); break;
            case "no eventfd": Put(eventFds, -1); break;
            case "long name": parcel[names] = parcel[names + 1] = 0xFF; break;
            case "bad name": parcel[names + 2] = 0xFF; break;
            default: Put(12, parcel.Length - BodyAt); break;
        }
        AssertRefused(() => Send(parcel, Numbers()), message);

        void Put(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(parcel.AsSpan(at), value);
    }

    [Fact]
    public void Missing_descriptors_are_noticed() =>
        AssertRefused(() => Send(_parcel, Numbers()[..2]), "2 descriptors came instead of 3");

    [Fact]
    public void Descriptors_too_many_are_closed() =>
        AssertRefused(() => Send(_parcel, [.. Numbers(), .. Numbers(), .. Numbers()]), "more descriptors came than belong here");

    [Fact]
    public void Descriptors_where_none_belong_are_closed() =>
        AssertRefused(() => Send([], Numbers()), "descriptors came where none belong");

    [Fact]
    public void A_descriptor_that_is_no_eventfd_is_refused() =>
        AssertRefused(() => Send(_parcel, [.. Numbers().Reverse()]), "should be an eventfd is none");

    [Fact]
    public void An_eventfd_that_blocks_its_reader_is_refused()
    {
        int blocking = Libc.EventFd(0, EventFdFlags.CloseOnExec);
        using var handle = EventFdHandle.Adopt(blocking);
        AssertRefused(() => Send(_parcel, [blocking, .. Numbers()[1..]]), "is not non-blocking");
    }

    [Fact]
    public void An_eventfd_that_is_a_semaphore_is_refused()
    {
        const int semaphore = 1;
        using var handle = EventFdHandle.Adopt(Libc.EventFd(0, EventFdFlags.CloseOnExec | EventFdFlags.NonBlocking | semaphore));
        Assert.SkipUnless(File.ReadAllText($"/proc/self/fdinfo/{handle.EventFd.Number}").Contains("eventfd-semaphore", StringComparison.Ordinal),
            "this Linux does not say of an eventfd whether it is a semaphore");
        AssertRefused(() => Send(_parcel, [handle.EventFd.Number, .. Numbers()[1..]]), "is a semaphore");
    }

    [Fact]
    public void A_peer_that_stops_in_the_middle_is_not_awaited_for_ever()
    {
        _connection.Old.Send(_parcel.AsSpan(0, 40));
        LiveUpdateException late = Assert.Throws<LiveUpdateException>(() => LiveUpdate.Receive(_connection.New, TimeSpan.FromMilliseconds(50)));
        Assert.Equal("the other side has done nothing for 0.05 s", late.Message);
    }

    [Fact]
    public void A_peer_that_goes_away_in_the_middle_is_noticed()
    {
        for (int length = 0; length < _parcel.Length; length += 7)
        {
            using Connection connection = Connection.Local();
            connection.Old.Send(_parcel.AsSpan(0, length));
            connection.Old.Dispose();
            Assert.Throws<LiveUpdateException>(() => LiveUpdate.Receive(connection.New, s_patience));
        }
        Assert.Equal(0, Leaks());
    }

    [Fact]
    public void Bytes_that_may_be_anything_make_a_clear_error_or_the_parcel()
    {
        var random = new Random(13);
        int refused = 0;
        for (int round = 0; round < 300; round++)
        {
            using Connection connection = Connection.Local();
            byte[] parcel = [.. _parcel];
            for (int i = random.Next(4); i >= 0; i--)
                parcel[random.Next(random.Next(2) == 0 ? BodyAt : parcel.Length)] = (byte)random.Next(256);
            Send(connection.Old, parcel, Numbers());
            connection.Old.Shutdown(SocketShutdown.Send);
            try
            {
                LiveUpdate.Receive(connection.New, s_patience).Dispose();
            }
            catch (LiveUpdateException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 100, 300);
        Assert.Equal(0, Leaks());
    }

    [Theory]
    [InlineData("", LiveUpdateAnswer.Failed, "has closed the connection")]
    [InlineData("garbage", LiveUpdateAnswer.Failed, "does not keep to the order")]
    [InlineData("T\0\0", LiveUpdateAnswer.Failed, "does not keep to the order")]
    [InlineData("R\u00FF\u00FF", LiveUpdateAnswer.Failed, "does not keep to the order")]
    [InlineData("F\u0003\0why", LiveUpdateAnswer.Failed, "the new side refuses: why")]
    [InlineData("R\0\0F\u0003\0why", LiveUpdateAnswer.Failed, "the new side refuses: why")]
    [InlineData("R\0\0garbage", LiveUpdateAnswer.NotKnown, "does not keep to the order")]
    [InlineData("R\0\0", LiveUpdateAnswer.NotKnown, "has closed the connection")]
    [InlineData("R\0\0T\0\0", LiveUpdateAnswer.Taken, "")]
    public void Whatever_a_new_side_answers_it_is_known_who_may_resume(string answer, LiveUpdateAnswer expected, string reason)
    {
        _connection.New.Send([.. answer.Select(letter => (byte)letter)]);
        _connection.New.Shutdown(SocketShutdown.Send);
        LiveUpdateOutcome outcome = LiveUpdate.HandOver(_connection.Old, Parcel(), s_patience);
        Assert.Equal(expected, outcome.Answer);
        Assert.Contains(reason, outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_side_that_does_not_read_is_not_awaited_for_ever()
    {
        var large = new LiveUpdateParcel { Snapshot = new byte[8 << 20] };
        LiveUpdateOutcome outcome = LiveUpdate.HandOver(_connection.Old, large, TimeSpan.FromMilliseconds(50));
        Assert.Equal(new LiveUpdateOutcome(LiveUpdateAnswer.Failed, "the other side has done nothing for 0.05 s"), outcome);
    }

    [Fact]
    public async Task A_machine_that_was_taken_and_dropped_is_the_old_sides_again()
    {
        Task<LiveUpdateOutcome> sends = Task.Run(() => LiveUpdate.HandOver(_connection.Old, Parcel(), s_patience), TestContext.Current.CancellationToken);
        using (LiveUpdateReceipt receipt = LiveUpdate.Receive(_connection.New, s_patience))
            Assert.True(receipt.TryTake());
        Assert.Equal(LiveUpdateAnswer.Failed, (await sends).Answer);
    }

    [Fact]
    public void Memory_that_can_be_shortened_or_is_shorter_is_not_mapped()
    {
        using var plain = new FileDescriptor(Libc.MemoryFile("plain", MemoryFileFlags.CloseOnExec | MemoryFileFlags.AllowSealing));
        using (plain.Borrow(out int number))
            Assert.Equal(0, Libc.Truncate(number, 4096));
        Assert.Contains("not sealed against shortening", Assert.Throws<KernelException>(() => Mapping.Shared(plain, 4096)).Message, StringComparison.Ordinal);
        Assert.Contains("has 4096 bytes, not 8192", Assert.Throws<KernelException>(() => Mapping.Shared(_memory, 8192)).Message, StringComparison.Ordinal);
        Assert.Contains("not sealed", Assert.Throws<KernelException>(() => Mapping.Shared(_eventFds[0], 4096)).Message, StringComparison.Ordinal);
        using Mapping first = _memory.Map(), second = _memory.Map();
        first.AsSpan()[7] = 9;
        Assert.Equal(9, second.AsSpan()[7]);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _memory.Dispose();
        foreach (EventFdHandle eventFd in _eventFds)
            eventFd.Dispose();
    }

    private LiveUpdateParcel Parcel() => new()
    {
        Snapshot = new byte[] { 4, 5, 6, 7, 8 },
        EventFds = _eventFds,
        Descriptors = new Dictionary<string, FileDescriptor> { ["memory"] = _memory },
        States = new Dictionary<string, ReadOnlyMemory<byte>> { ["cpu 0"] = default, ["cpu 1"] = new byte[] { 1, 2, 3 } },
    };

    private int[] Numbers() => [_eventFds[0].EventFd.Number, _eventFds[1].EventFd.Number, (int)_memory.DangerousGetHandle()];

    private void Send(byte[] bytes, int[] descriptors) => Send(_connection.Old, bytes, descriptors);

    private static void Send(Socket socket, byte[] bytes, int[] descriptors)
    {
        var channel = new UpdateChannel(socket, s_patience);
        channel.Send(bytes);
        channel.Send(descriptors);
    }

    private void AssertRefused(Action sends, string message)
    {
        sends();
        Assert.Contains(message, Assert.Throws<LiveUpdateException>(() => LiveUpdate.Receive(_connection.New, s_patience)).Message, StringComparison.Ordinal);
        Assert.Equal(0, Leaks());
        UpdateWord word = UpdateWord.Receive(new UpdateChannel(_connection.Old, s_patience));
        Assert.Equal(UpdateWord.Failed, word.Letter);
        Assert.Contains(message, word.Text, StringComparison.Ordinal);
    }

    /// <summary>Descriptors of this process for the eventfds and the memory of this test, besides its own.</summary>
    private int Leaks() => Numbers().Sum(number => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(entry =>
        IdentityOf(entry) == IdentityOf($"/proc/self/fd/{number}"))) - Numbers().Length;

    // Eventfds have one inode, and an id each; memory has its inode, whose number a file of another mount may have too.
    private static string? IdentityOf(string entry)
    {
        try
        {
            string info = File.ReadAllText(entry.Replace("/fd/", "/fdinfo/", StringComparison.Ordinal));
            string[] lines = [.. info.Split('\n').Where(line => line.StartsWith("eventfd-id", StringComparison.Ordinal))];
            return lines.Length > 0 ? lines[0] : string.Join(' ', info.Split('\n').Where(line => line.StartsWith("ino:", StringComparison.Ordinal)
                || line.StartsWith("mnt_id:", StringComparison.Ordinal)));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
