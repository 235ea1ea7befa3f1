using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>Bytes and descriptors over a connected Unix socket (unix(7)), with a deadline.</summary>
/// <remarks>Descriptors travel with one byte each time. A receiver that does not expect any gives the kernel no room for them,
/// so the kernel closes them.</remarks>
internal sealed class UpdateChannel
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
            bytes = bytes[Transfer(bytes, 0, null)..];
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
            int expected = Math.Min(MostAtOnce, left);
            Transfer(mark, expected, number =>
            {
                came++;
                got(number);
            });
            if (mark[0] != Mark || came != expected)
                throw new LiveUpdateException($"{came} descriptors came instead of {expected}; if the other side is right, raise RLIMIT_NOFILE");
            left -= came;
        }
    }

    private int Transfer(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> descriptors)
    {
        using FileDescriptor.Lease lease = FileDescriptor.Borrow(_socket.SafeHandle, out int number);
        nint done;
        while ((done = PassedDescriptors.Send(number, bytes, descriptors)) < 0)
            Repeat("sendmsg", number, PollFlags.Writable);
        return (int)done;
    }

    private int Transfer(Span<byte> bytes, int expected, Action<int>? got)
    {
        using FileDescriptor.Lease lease = FileDescriptor.Borrow(_socket.SafeHandle, out int number);
        nint done;
        bool truncated;
        while ((done = PassedDescriptors.Receive(number, bytes, expected, got, out truncated)) < 0)
            Repeat("recvmsg", number, PollFlags.Readable);
        if (done == 0)
            throw new LiveUpdateException("the other side has closed the connection");
        if (truncated)
            throw new LiveUpdateException(got is null ? "descriptors came where none belong"
                : "more descriptors came than belong here, or than this process may have; in the second case raise RLIMIT_NOFILE");
        return (int)done;
    }

    /// <summary>Waits until a call that does not wait may be repeated. Throws if it has failed, or the deadline has passed.</summary>
    private void Repeat(string name, int number, short readiness)
    {
        int errno = Marshal.GetLastPInvokeError();
        if (errno is not (Errno.Again or Errno.Interrupted))
            throw new LiveUpdateException($"{name} failed with {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}): the other side is gone, or the socket is no connection");
        if (errno == Errno.Again)
            Await(number, readiness);
    }

    private void Await(int number, short readiness)
    {
        TimeSpan left = _patience - Stopwatch.GetElapsedTime(_start);
        if (left <= TimeSpan.Zero)
            throw new LiveUpdateException($"the other side has done nothing for {_patience.TotalSeconds:0.###} s");
        Readiness.Await(number, readiness, left);
    }
}
