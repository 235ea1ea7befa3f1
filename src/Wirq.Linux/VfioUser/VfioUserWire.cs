using System.Diagnostics;
using System.Net.Sockets;
using Wirq.Linux.Interop;

namespace Wirq.Linux.VfioUser;

/// <summary>The client's side of a connection: sends a command, and waits for its reply.</summary>
internal sealed class VfioUserWire : IDisposable
{
    private readonly VfioUserSocket _socket;
    private readonly TimeSpan _patience;
    private readonly IncomingMessage _incoming = new(VfioUserLimits.Message);
    private ushort _id;
    private string? _broken;

    internal VfioUserWire(Socket socket, TimeSpan patience) => (_socket, _patience) = (new VfioUserSocket(socket), patience);

    public void Dispose()
    {
        _broken ??= "it was closed here";
        _incoming.Abandon();
        _socket.Dispose();
    }

    /// <summary>Ends the connection, which cannot be trusted any more.</summary>
    internal VfioUserException Break(string why)
    {
        _broken ??= why;
        return new VfioUserException($"the connection to the server has ended: {_broken}");
    }

    /// <returns>The body of the reply.</returns>
    internal byte[] Call(VfioUserCommand command, ReadOnlySpan<byte> body, ReadOnlySpan<int> descriptors)
    {
        if (_broken is { } why)
            throw Break(why);
        long start = Stopwatch.GetTimestamp();
        var header = new VfioUserHeader(++_id, command, VfioUserHeader.Size + body.Length);
        Send(header, body, descriptors, start);
        VfioUserHeader reply = Receive(start);
        if (reply.Id != header.Id || reply.Command != command)
            throw Break($"it answered {reply.Command} {reply.Id}, and was asked for {command} {header.Id}");
        byte[] answer = _incoming.Body.ToArray();
        _incoming.Next();
        if (!reply.HasFailed)
            return answer;
        // The number may be absent, or anything.
        int error = reply.Error is > 0 and < 4096 ? (int)reply.Error : Errno.Invalid;
        throw new VfioUserException($"the server refuses {command}: {System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(error)} (errno {error})", error);
    }

    private void Send(in VfioUserHeader header, ReadOnlySpan<byte> body, ReadOnlySpan<int> descriptors, long start)
    {
        var message = new byte[VfioUserHeader.Size + body.Length];
        header.Write(message);
        body.CopyTo(message.AsSpan(VfioUserHeader.Size));
        for (int sent = 0; sent < message.Length;)
        {
            switch (_socket.Send(message.AsSpan(sent), sent == 0 ? descriptors : [], out int count))
            {
                case TransferEnd.Gone:
                    throw Break("the server has closed it");
                case TransferEnd.Wait:
                    Await(PollFlags.Writable, start);
                    break;
            }
            sent += count;
        }
    }

    private VfioUserHeader Receive(long start)
    {
        while (true)
        {
            switch (_incoming.Receive(_socket))
            {
                case TransferEnd.Gone:
                    throw Break("the server has closed it");
                case TransferEnd.Wait:
                    Await(PollFlags.Readable, start);
                    continue;
            }
            if (!_incoming.IsWhole)
                continue;
            VfioUserHeader header = _incoming.Header;
            if (_incoming.HasBadLength || header is { IsReply: false, IsCommand: false })
                throw Break($"a message of {header.Length} bytes, with flags 0x{(uint)header.Flags:x}, came");
            if (header.IsReply)
                return header;
            // The function asks for memory. There is none here.
            _incoming.Next();
            if (header.WantsReply)
                Send(header.Fail(Errno.Invalid), [], [], start);
        }
    }

    private void Await(short readiness, long start)
    {
        TimeSpan left = _patience - Stopwatch.GetElapsedTime(start);
        if (left <= TimeSpan.Zero)
            throw Break($"the server has not answered for {_patience.TotalSeconds:0.###} s");
        Readiness.Await(_socket.Number, readiness, left);
    }
}
