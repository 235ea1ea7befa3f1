using System.Net.Sockets;
using System.Text;
using Wirq.Linux.Files;

namespace Wirq.Linux.VfioUser;

/// <summary>The file of a Unix socket that listens. It never takes the place of a file that is something else.</summary>
internal sealed class SocketPath : IDisposable
{
    // sun_path of unix(7), with its last byte.
    private const int Longest = 107;

    private readonly FileStatus? _mine;

    private SocketPath(string path, Socket listener) => (Path, Listener, _mine) = (path, listener, FileStatus.Of(path));

    internal string Path { get; }

    internal Socket Listener { get; }

    /// <summary>Listens at a path.</summary>
    /// <exception cref="VfioUserException">It cannot be.</exception>
    internal static SocketPath Listen(string path)
    {
        if (path.Length == 0 || Encoding.UTF8.GetByteCount(path) > Longest || path.Contains('\0', StringComparison.Ordinal))
            throw new VfioUserException($"'{path}' is no path of a socket: 1 to {Longest} bytes");
        if (FileStatus.Of(path) is { } there)
            Clear(path, there);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(1);
            return new SocketPath(path, listener);
        }
        catch (SocketException refused)
        {
            listener.Dispose();
            throw new VfioUserException($"nothing can listen at '{path}': {refused.Message}", refused);
        }
    }

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
