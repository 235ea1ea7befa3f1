using System.Net.Sockets;
using Wirq.Linux.VfioUser;
using static Wirq.Linux.Tests.VfioUser.Message;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>A client that sends any bytes.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly VfioUserSocket _socket;
    private readonly Socket _raw;
    private readonly IncomingMessage _incoming = new(VfioUserLimits.Message);

    internal RawClient(Socket socket, bool negotiates = true)
    {
        (_raw, _socket) = (socket, new VfioUserSocket(socket));
        socket.ReceiveTimeout = 30_000;
        if (negotiates)
            Assert.Equal(0, Ask(Message.Version, VersionBody()).Error);
    }

    internal Reply Ask(int command, byte[] body, params int[] descriptors) => AskRaw(Of(command, body), descriptors);

    internal Reply AskRaw(byte[] message, params int[] descriptors)
    {
        Send(message, descriptors);
        return Receive()!.Value;
    }

    internal bool Send(ReadOnlySpan<byte> bytes, params int[] descriptors)
    {
        while (!bytes.IsEmpty)
        {
            TransferEnd end = _socket.Send(bytes, descriptors, out int sent);
            if (end == TransferEnd.Gone)
                return false;
            if (sent > 0)
                descriptors = [];
            else
                _raw.Poll(TimeSpan.FromMilliseconds(10), SelectMode.SelectWrite);
            bytes = bytes[sent..];
        }
        return true;
    }

    /// <summary>The next reply; null if the server has gone.</summary>
    internal Reply? Receive()
    {
        _incoming.Next();
        while (!_incoming.IsWhole)
        {
            Assert.True(_raw.Poll(TimeSpan.FromSeconds(30), SelectMode.SelectRead), "no answer comes");
            if (_incoming.Receive(_socket) == TransferEnd.Gone)
                return null;
        }
        return Reply.Of([.. Header(), .. _incoming.Body]);
    }

    /// <summary>Whether there is something to receive now.</summary>
    internal bool HasReply => _raw.Poll(0, SelectMode.SelectRead);

    private byte[] Header()
    {
        var bytes = new byte[VfioUserHeader.Size];
        _incoming.Header.Write(bytes);
        return bytes;
    }

    public void Dispose()
    {
        _incoming.Abandon();
        _socket.Dispose();
    }
}
