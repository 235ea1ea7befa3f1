using Wirq.Linux.Interop;

namespace Wirq.Linux.Files;

/// <summary>The identity and kind of the file that a path leads to. Links are followed.</summary>
internal readonly record struct FileStatus
{
    private readonly ulong _inode;
    private readonly uint _deviceMajor, _deviceMinor;
    private readonly ushort _kind;

    private FileStatus(in FileStatusBytes bytes)
    {
        (_inode, _deviceMajor, _deviceMinor) = (bytes.Inode, bytes.DeviceMajor, bytes.DeviceMinor);
        _kind = (ushort)(bytes.Mode & StatusFlags.KindMask);
    }

    /// <summary>Whether it is a regular file, which keeps what is written: not a folder, device, pipe or
    /// socket.</summary>
    internal bool IsRegular => _kind == StatusFlags.Regular;

    /// <summary>Whether it is a folder.</summary>
    internal bool IsFolder => _kind == StatusFlags.Folder;

    /// <summary>Whether it is a Unix socket.</summary>
    internal bool IsSocket => _kind == StatusFlags.Socket;

    /// <summary>Reads the status.</summary>
    /// <returns>Null if there is no file, or this user may not see it.</returns>
    internal static FileStatus? Of(string path) =>
        Libc.Status(StatusFlags.HereFolder, path, flags: 0, StatusFlags.Kind | StatusFlags.Inode, out FileStatusBytes bytes) == 0
            ? new FileStatus(bytes) : null;
}
