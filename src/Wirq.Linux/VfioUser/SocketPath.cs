using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Wirq.Linux.Files;
using Wirq.Linux.Interop;

namespace Wirq.Linux.VfioUser;

/// <summary>The file of a Unix socket that listens. It never takes the place of a file that is something else.</summary>
internal sealed class SocketPath : IDisposable
{
    private readonly FileStatus? _mine;

    private SocketPath(string path, Socket listener) => (Path, Listener, _mine) = (path, listener, FileStatus.Of(path));

    internal string Path { get; }

    internal Socket Listener { get; }

    /// <summary>Listens at a path.</summary>
    /// <exception cref="VfioUserException">It cannot be.</exception>
    internal static SocketPath Listen(string path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        if (bytes.Length is 0 or > UnixAddress.LongestPath || path.Contains('\0', StringComparison.Ordinal))
            throw new VfioUserException($"'{path}' is no path of a socket: 1 to {UnixAddress.LongestPath} bytes");
        if (FileStatus.Of(path) is { } there)
            Clear(path, there);
        else
            DemandPlace(path);
        var address = new UnixAddress { Family = SocketKinds.Unix };
        bytes.CopyTo((Span<byte>)address.Path);
        // A socket that .NET binds removes the file at its end, whosever that is by then.
        using var socket = FileDescriptor.From(Libc.Socket(SocketKinds.Unix, SocketKinds.Stream | SocketKinds.CloseOnExec, 0), "socket");
        using FileDescriptor.Lease lease = socket.Borrow(out int number);
        if (Libc.Bind(number, address, (uint)Unsafe.SizeOf<UnixAddress>()) < 0)
            throw Refused(path);
        if (Libc.Listen(number, 1) < 0)
        {
            VfioUserException refused = Refused(path);
            File.Delete(path);
            throw refused;
        }
        // It asks once whether its descriptor listens.
        var listener = new Socket(new SafeSocketHandle(number, ownsHandle: true));
        socket.SetHandleAsInvalid();
        return new SocketPath(path, listener);
    }

    /// <summary>Of a link to nothing the kernel says that the address is in use, and of a missing folder that a file is missing.</summary>
    private static void DemandPlace(string path)
    {
        if (new FileInfo(path).LinkTarget is { } target)
            throw new VfioUserException($"'{path}' is a link to '{target}', which leads to no file; expected a path at which there is nothing");
        if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new VfioUserException($"'{path}': there is no folder '{folder}'");
    }

    private static VfioUserException Refused(string path) =>
        new($"nothing can listen at '{path}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    private static void Clear(string path, FileStatus there)
    {
        if (!there.IsSocket)
            throw new VfioUserException($"'{path}' is there, and is no socket; it stays as it is");
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Blocking = false;
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException answer) when (answer.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // Whoever made it is gone.
            File.Delete(path);
            return;
        }
        catch (SocketException)
        {
            // A queue that is full is somebody's.
        }
        throw new VfioUserException($"somebody listens at '{path}'");
    }

    /// <summary>Removes the file, if it is still this one's.</summary>
    public void Dispose()
    {
        bool mine = _mine is { } status && FileStatus.Of(Path) == status;
        Listener.Dispose();
        if (mine)
            File.Delete(Path);
    }
}
