using System.Net.Sockets;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux.VfioUser;

/// <summary>How a transfer over a socket ended.</summary>
internal enum TransferEnd
{
    /// <summary>Some bytes went.</summary>
    Some,
    /// <summary>Nothing can go now.</summary>
    Wait,
    /// <summary>The other side is gone.</summary>
    Gone,
}

/// <summary>A connected Unix stream socket that passes bytes and descriptors, and never waits.</summary>
internal sealed class VfioUserSocket : IDisposable
{
    private readonly Socket _socket;

    internal VfioUserSocket(Socket socket) => _socket = socket;

    /// <summary>Its descriptor, for poll. The caller does not dispose of this object meanwhile.</summary>
    internal int Number => (int)_socket.SafeHandle.DangerousGetHandle();

    public void Dispose() => _socket.Dispose();

    /// <summary>Sends what goes now. Descriptors go with the first byte.</summary>
    internal TransferEnd Send(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> descriptors, out int sent) =>
        End(PassedDescriptors.Send(Number, bytes, descriptors), out sent);

    /// <summary>Receives what is there, at most as many bytes as there is room for.</summary>
    /// <param name="bytes">Where they go; not empty.</param>
    /// <param name="descriptors">Gets each descriptor that came: the receiver closes it.</param>
    /// <param name="received">How many bytes came.</param>
    /// <param name="truncated">Whether more descriptors came than there was room for. The kernel has closed the others.</param>
    internal TransferEnd Receive(Span<byte> bytes, List<int> descriptors, out int received, out bool truncated)
    {
        TransferEnd end = End(PassedDescriptors.Receive(Number, bytes, VfioUserLimits.Descriptors, descriptors.Add, out truncated), out received);
        // No byte where there is room for some is the end.
        return end == TransferEnd.Some && received == 0 ? TransferEnd.Gone : end;
    }

    private static TransferEnd End(nint result, out int count)
    {
        count = (int)Math.Max(0, result);
        return result >= 0 ? TransferEnd.Some
            : Marshal.GetLastPInvokeError() is Errno.Again or Errno.Interrupted ? TransferEnd.Wait : TransferEnd.Gone;
    }
}
