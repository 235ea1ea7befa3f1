using System.Net.Sockets;
using System.Runtime.InteropServices;
using Wirq.Linux.VfioUser;
using static Wirq.Linux.Tests.VfioUser.Message;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>Our client against servers that answer anything.</summary>
public sealed class ClientTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"wirq-{Guid.NewGuid():n}.sock");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public ClientTests()
    {
        KvmHost.RequireLinux();
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen(1);
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Answers each message by what is said; after the last answer, not at all.</summary>
    private Task Serve(params Func<byte[], byte[]>[] answers) => Task.Run(() =>
    {
        using Socket socket = _listener.Accept();
        foreach (Func<byte[], byte[]> answer in answers)
        {
            var head = new byte[16];
            if (socket.Receive(head) != 16)
                return;
            var body = new byte[MemoryMarshal.Read<int>(head.AsSpan(4)) - 16];
            if (body.Length > 0)
                socket.Receive(body);
            if (answer(head) is { Length: > 0 } bytes)
                socket.Send(bytes);
        }
        // Until the client leaves.
        socket.Receive(new byte[16]);
    });

    private static byte[] Reply(byte[] head, params byte[] body) =>
        [.. head[..4], .. Words(16 + body.Length, 1, 0), .. body];

    private static byte[] Version(byte[] head) => Reply(head, VersionBody("""{"capabilities":{"max_msg_fds":8}}"""));

    private static byte[] Info(byte[] head) => Reply(head, Words(16, 3, 9, 5));

    private string Fails(params Func<byte[], byte[]>[] answers)
    {
        Task serving = Serve(answers);
        string message = Assert.Throws<VfioUserException>(() =>
        {
            using VfioUserClient client = VfioUserClient.Connect(_path, TimeSpan.FromMilliseconds(300));
            client.Read32(0, 0);
        }).Message;
        Assert.True(serving.Wait(TimeSpan.FromSeconds(30)));
        return message;
    }

    [Fact]
    public void A_server_that_cannot_be_right_is_left()
    {
        Assert.Contains("speaks version 7.1", Fails(head => Reply(head, VersionBody(major: 7))), StringComparison.Ordinal);
        Assert.Contains("capabilities are malformed", Fails(head => Reply(head, VersionBody("{"))), StringComparison.Ordinal);
        Assert.Contains("2 bytes instead of 4", Fails(head => Reply(head, 0, 0)), StringComparison.Ordinal);
        Assert.Contains("101 regions", Fails(Version, head => Reply(head, Words(16, 3, 101, 5))), StringComparison.Ordinal);
        Assert.Contains("51 kinds", Fails(Version, head => Reply(head, Words(16, 3, 9, 51))), StringComparison.Ordinal);
        Assert.Contains("12 bytes instead of 16", Fails(Version, head => Reply(head, Words(16, 3, 9))), StringComparison.Ordinal);
        Assert.Contains("it answered", Fails(Version, head => Reply([1, 2, .. head[2..]])), StringComparison.Ordinal);
        Assert.Contains("it answered", Fails(Version, head => Reply([.. head[..2], 9, 0, .. head[4..]])), StringComparison.Ordinal);
        Assert.Contains("a message of 5 bytes", Fails(head => [.. head[..4], .. Words(5, 1, 0)]), StringComparison.Ordinal);
        Assert.Contains("flags 0x2", Fails(head => [.. head[..4], .. Words(16, 2, 0)]), StringComparison.Ordinal);
        Assert.Contains("a message of 4294967295 bytes", Fails(head => [.. head[..4], .. Words(-1, 1, 0)]), StringComparison.Ordinal);
        Assert.Contains("18 bytes came for a read of 4", Fails(Version, Info, head => Reply(head, AccessBody(0, 0, 4, 1, 2))), StringComparison.Ordinal);
        Assert.Contains("has not answered", Fails(Version, _ => []), StringComparison.Ordinal);
        Assert.Contains("errno 22", Fails(Version, head => [.. head[..4], .. Words(16, 0x21, 22)]), StringComparison.Ordinal);
        // The number is no number of an error.
        Assert.Contains("errno 22", Fails(Version, head => [.. head[..4], .. Words(16, 0x21, -5)]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_of_the_server_is_refused_and_the_answer_still_comes()
    {
        byte[] asked = [];
        Task serving = Serve(Version, Info, head => [.. Of(11, [.. Long(0x1000), .. Long(8)], id: 99), .. Reply(head, AccessBody(0, 0, 4, 1, 2, 3, 4))],
            head => { asked = head; return []; });
        using VfioUserClient client = VfioUserClient.Connect(_path);
        Assert.Equal(8, client.MostDescriptors);
        Assert.Equal(0x04030201u, client.Read32(0, 0));
        client.Dispose();
        await serving.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal((99, 11, 0x21, 22), (MemoryMarshal.Read<ushort>(asked), MemoryMarshal.Read<ushort>(asked.AsSpan(2)),
            MemoryMarshal.Read<int>(asked.AsSpan(8)), MemoryMarshal.Read<int>(asked.AsSpan(12))));
    }

    [Fact]
    public async Task After_the_end_of_a_connection_every_call_says_so()
    {
        Task serving = Serve(Version, Info, head => []);
        using VfioUserClient client = VfioUserClient.Connect(_path, TimeSpan.FromMilliseconds(200));
        Assert.Throws<VfioUserException>(() => client.Reset());
        Assert.Contains("has not answered for 0.2 s", Assert.Throws<VfioUserException>(() => client.Read32(0, 0)).Message, StringComparison.Ordinal);
        client.Dispose();
        await serving.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Contains("nobody can be reached at", Assert.Throws<VfioUserException>(() => VfioUserClient.Connect("/no/such.sock")).Message, StringComparison.Ordinal);
    }
}
