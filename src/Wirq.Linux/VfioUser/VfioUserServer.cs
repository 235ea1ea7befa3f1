using System.Net.Sockets;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux.VfioUser;

/// <summary>What a step of a server did.</summary>
public enum ServerStep
{
    /// <summary>Nothing, until the time was over or <see cref="VfioUserServer.Wake"/> was called.</summary>
    Nothing,
    /// <summary>A client connected.</summary>
    Connected,
    /// <summary>A message was answered, or a part of one was received or sent.</summary>
    Message,
    /// <summary>The client's eventfd unmasked INTx.</summary>
    Unmasked,
    /// <summary>The client is gone.</summary>
    Disconnected,
}

/// <summary>Serves a PCI function over a Unix socket by the vfio-user protocol, to one client at a time.</summary>
/// <remarks>
/// It has no thread: its owner calls <see cref="Step"/> again and again, and uses the function between the calls. Only
/// <see cref="Wake"/> may be called from another thread. The client may send anything, in pieces of any size: each request is
/// answered, memory is that of one message, and descriptors that are not wanted are closed. While a reply waits for its
/// reader, no further request is read.
/// <para>A second client waits until the first has gone. The function keeps its state for it, and has lost its eventfds.</para>
/// </remarks>
public sealed class VfioUserServer : IDisposable
{
    private readonly PciFunction _function;
    private readonly SocketPath _path;
    private readonly EventFdHandle _wakeUp;
    private readonly IncomingMessage _incoming = new(VfioUserLimits.Message);
    private readonly byte[] _reply = new byte[VfioUserLimits.Message];
    private readonly PollDescriptor[] _polled = new PollDescriptor[3];
    private VfioUserSocket? _client;
    private VfioUserSession _session;
    private int _toSend, _sent;
    private bool _unmasked;

    /// <summary>Listens for clients.</summary>
    /// <param name="path">The socket's file. A socket that nobody listens at any more is replaced, anything else is not.</param>
    /// <param name="function">What is served. The caller disposes of it, after the server.</param>
    /// <exception cref="VfioUserException">Nothing can listen there.</exception>
    public VfioUserServer(string path, PciFunction function)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(function);
        HostPlatform.Require();
        _function = function;
        _session = new VfioUserSession(function);
        _wakeUp = EventFdHandle.Create();
        try
        {
            // Last: a socket's file would stay behind if something failed after it.
            _path = SocketPath.Listen(path);
        }
        catch
        {
            _wakeUp.Dispose();
            throw;
        }
    }

    /// <summary>Whether there is a client.</summary>
    public bool IsConnected => _client is not null;

    /// <summary>Whether the client has begun with a version that is known here.</summary>
    public bool IsNegotiated => _client is not null && _session.IsNegotiated;

    /// <summary>Windows of DMA that the client has opened.</summary>
    public int DmaWindows => _session.Dma.Count;

    /// <summary>Ends the wait of a step. May be called from any thread.</summary>
    public void Wake() => _wakeUp.Write();

    /// <summary>Waits until there is something to do, and does one thing: at most one message is answered.</summary>
    /// <param name="most">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    public ServerStep Step(TimeSpan most)
    {
        bool sends = _sent < _toSend;
        int unmask = _client is null ? -1 : _function.UnmaskEventFd;
        _polled[0] = new PollDescriptor { Number = _wakeUp.EventFd.Number, Wanted = PollFlags.Readable };
        _polled[1] = new PollDescriptor
        {
            Number = _client?.Number ?? (int)_path.Listener.SafeHandle.DangerousGetHandle(),
            Wanted = sends ? PollFlags.Writable : PollFlags.Readable,
        };
        _polled[2] = new PollDescriptor { Number = unmask, Wanted = PollFlags.Readable };
        int wait = most == Timeout.InfiniteTimeSpan ? -1 : Readiness.Milliseconds(most);
        if (Libc.Poll(ref _polled[0], (nuint)_polled.Length, wait) < 0 && Marshal.GetLastPInvokeError() != Errno.Interrupted)
            throw HostError.Last("poll");
        if (_polled[0].Found != 0)
            _wakeUp.TryRead();
        // What the guest finished comes before what it asks next. Yet a client whose trigger is its own unmask eventfd is to
        // be heard too.
        bool unmasks = (_polled[2].Found & PollFlags.Readable) != 0 && !(_unmasked && _polled[1].Found != 0);
        _unmasked = unmasks;
        if (unmasks)
        {
            _function.UnmaskByEventFd();
            return ServerStep.Unmasked;
        }
        if (_polled[1].Found == 0)
            return ServerStep.Nothing;
        if (_client is not { } client)
            return Accept();
        return sends ? Send(client) : Receive(client);
    }

    /// <summary>Lets the client go.</summary>
    public void Disconnect()
    {
        if (_client is null)
            return;
        _incoming.Abandon();
        _client.Dispose();
        (_client, _toSend, _sent) = (null, 0, 0);
        _function.Leave();
    }

    /// <summary>Lets the client go, listens no longer, and removes the socket's file.</summary>
    public void Dispose()
    {
        Disconnect();
        _path.Dispose();
        _wakeUp.Dispose();
    }

    private ServerStep Accept()
    {
        try
        {
            _client = new VfioUserSocket(_path.Listener.Accept());
        }
        catch (SocketException)
        {
            // It has gone again, or this process has no descriptor left for it.
            return ServerStep.Nothing;
        }
        _session = new VfioUserSession(_function);
        _function.Come();
        return ServerStep.Connected;
    }

    private ServerStep Receive(VfioUserSocket client)
    {
        if (_incoming.Receive(client) == TransferEnd.Gone)
        {
            Disconnect();
            return ServerStep.Disconnected;
        }
        if (!_incoming.IsWhole)
            return ServerStep.Message;
        Answer();
        _incoming.Next();
        return _toSend > 0 ? Send(client) : EndIfOver();
    }

    private void Answer()
    {
        VfioUserHeader header = _incoming.Header;
        _toSend = _incoming.HasBadLength || _incoming.HasTooManyDescriptors ? _session.Fail(header, Errno.Invalid, _reply)
            : _session.Take(header, _incoming.Body, CollectionsMarshal.AsSpan(_incoming.Descriptors), _reply);
        _sent = 0;
    }

    private ServerStep Send(VfioUserSocket client)
    {
        if (client.Send(_reply.AsSpan(_sent.._toSend), [], out int sent) == TransferEnd.Gone)
        {
            Disconnect();
            return ServerStep.Disconnected;
        }
        _sent += sent;
        if (_sent < _toSend)
            return ServerStep.Message;
        (_sent, _toSend) = (0, 0);
        return EndIfOver();
    }

    private ServerStep EndIfOver()
    {
        if (!_session.HasEnded)
            return ServerStep.Message;
        Disconnect();
        return ServerStep.Disconnected;
    }
}
