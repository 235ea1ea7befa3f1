using System.Net.Sockets;

namespace Wirq.Linux.Tests.Updates;

/// <summary>The two ends of a connection over a Unix socket.</summary>
internal sealed class Connection : IDisposable
{
    private readonly string _path;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <param name="path">Where the old end waits; null for a path of its own.</param>
    internal Connection(string? path = null)
    {
        _path = path ?? Path.Combine(Path.GetTempPath(), $"wirq-{Guid.NewGuid():n}.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen(1);
    }

    internal string Address => _path;
    internal Socket Old { get; private set; } = null!;
    internal Socket New { get; private set; } = null!;

    /// <summary>Both ends in this process.</summary>
    internal static Connection Local()
    {
        var connection = new Connection();
        connection.New = Connect(connection.Address);
        connection.Accept();
        return connection;
    }

    internal static Socket Connect(string address)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(address));
        return socket;
    }

    internal void Accept()
    {
        Assert.True(_listener.Poll(TimeSpan.FromSeconds(60), SelectMode.SelectRead), "nobody connects");
        Old = _listener.Accept();
    }

    public void Dispose()
    {
        _listener.Dispose();
        Old?.Dispose();
        New?.Dispose();
        File.Delete(_path);
    }
}
