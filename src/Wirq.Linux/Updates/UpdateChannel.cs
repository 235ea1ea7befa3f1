using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>Bytes and descriptors over a connected Unix socket (unix(7)), with a deadline.</summary>
/// <remarks>Descriptors travel with one byte each time. A receiver that does not expect any gives the kernel no room for them,
/// so the kernel closes them.</remarks>
internal sealed unsafe class UpdateChannel
{
    // The kernel passes at most 253 with one message (SCM_MAX_FD).
    private const int MostAtOnce = 200;
    private const byte Mark = (byte)'D';

    private readonly Socket _socket;
    private readonly TimeSpan _patience;
    private long _start;

    internal UpdateChannel(Socket socket, TimeSpan patience)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentOutOfRangeException.ThrowIfLessThan(patience, TimeSpan.Zero);
        HostPlatform.Require();
        if (socket.AddressFamily != AddressFamily.Unix || socket.SocketType != SocketType.Stream)
            throw new ArgumentException("descriptors travel over a Unix stream socket only", nameof(socket));
        (_socket, _patience) = (socket, patience);
        Restart();
    }

    /// <summary>The whole time is there again.</summary>
    internal void Restart() => _start = Stopwatch.GetTimestamp();

    internal void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[Transfer(bytes, [])..];
    }

    internal void Send(ReadOnlySpan<int> descriptors)
    {
        for (; !descriptors.IsEmpty; descriptors = descriptors[Math.Min(MostAtOnce, descriptors.Length)..])
            Transfer([Mark], descriptors[..Math.Min(MostAtOnce, descriptors.Length)]);
    }

    internal void Receive(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[Transfer(bytes, [], null)..];
    }

    /// <summary>Receives descriptors.</summary>
    /// <param name="count">How many.</param>
    /// <param name="got">Called at once with each that came, even if too many came.</param>
    internal void Receive(int count, Action<int> got)
    {
        Span<byte> mark = stackalloc byte[1];
        for (int left = count; left > 0;)
        {
            int came = 0;
            var numbers = new int[Math.Min(MostAtOnce, left)];
            Transfer(mark, numbers, number =>
            {
                came++;
                got(number);
            });
            if (mark[0] != Mark || came != numbers.Length)
                throw new LiveUpdateException($"{came} descriptors came instead of {numbers.Length}; if the other side is right, raise RLIMIT_NOFILE");
            left -= came;
        }
    }

    private int Transfer(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> descriptors)
    {
        int room = PassedDescriptors.Room(descriptors.Length);
        Span<byte> control = stackalloc byte[room];
        PassedDescriptors.Write(control, descriptors);
        // SAFETY: both spans are pinned for the call, and the lengths that are passed are theirs.
        fixed (byte* first = bytes, firstControl = control)
        {
            var vector = new IoVector { Address = (nint)first, Length = (nuint)bytes.Length };
            var message = new MessageHeader { Vectors = (nint)(&vector), VectorCount = 1, Control = (nint)firstControl, ControlLength = (nuint)room };
            return Call("sendmsg", PollFlags.Writable, number => Libc.SendMessage(number, message, MessageFlags.DoNotWait | MessageFlags.NoSignal));
        }
    }

    private int Transfer(Span<byte> bytes, ReadOnlySpan<int> expected, Action<int>? got)
    {
        int room = PassedDescriptors.Room(expected.Length);
        Span<byte> control = stackalloc byte[room];
        int flags;
        nuint used;
        int done;
        // SAFETY: as above.
        fixed (byte* first = bytes, firstControl = control)
        {
            var vector = new IoVector { Address = (nint)first, Length = (nuint)bytes.Length };
            var message = new MessageHeader { Vectors = (nint)(&vector), VectorCount = 1, Control = (nint)firstControl, ControlLength = (nuint)room };
            MessageHeader* received = &message;
            done = Call("recvmsg", PollFlags.Readable, number =>
                Libc.ReceiveMessage(number, ref *received, MessageFlags.DoNotWait | MessageFlags.CloseOnExec));
            (flags, used) = (message.Flags, message.ControlLength);
        }
        PassedDescriptors.Read(control[..(int)Math.Min(used, (nuint)room)], got);
        if (done == 0)
            throw new LiveUpdateException("the other side has closed the connection");
        if ((flags & MessageFlags.ControlTruncated) != 0)
            throw new LiveUpdateException(got is null ? "descriptors came where none belong"
                : "more descriptors came than belong here, or than this process may have; in the second case raise RLIMIT_NOFILE");
        return done;
    }

    /// <summary>Repeats a call that does not wait, until it has done something or the deadline has passed.</summary>
    private int Call(string name, short readiness, Func<int, nint> call)
    {
        bool held = false;
        _socket.SafeHandle.DangerousAddRef(ref held);
        try
        {
            int number = (int)_socket.SafeHandle.DangerousGetHandle();
            while (true)
            {
                nint done = call(number);
                if (done >= 0)
                    return (int)done;
                if (Marshal.GetLastPInvokeError() is var errno && errno is not (Errno.Again or Errno.Interrupted))
                    throw new LiveUpdateException($"{name} failed with {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}): the other side is gone, or the socket is no connection");
                if (errno == Errno.Again)
                    Await(number, readiness);
            }
        }
        finally
        {
            _socket.SafeHandle.DangerousRelease();
        }
    }

    private void Await(int number, short readiness)
    {
        TimeSpan left = _patience - Stopwatch.GetElapsedTime(_start);
        if (left <= TimeSpan.Zero)
            throw new LiveUpdateException($"the other side has done nothing for {_patience.TotalSeconds:0.###} s");
        var polled = new PollDescriptor { Number = number, Wanted = readiness };
        // The call itself finds out what else is the matter.
        Libc.Poll(ref polled, 1, (int)Math.Ceiling(Math.Min(left.TotalMilliseconds, int.MaxValue)));
    }
}
