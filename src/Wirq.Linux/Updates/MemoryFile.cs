using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>Zeroed memory behind a descriptor (memfd_create(2)), which can be handed to another process: guest memory that
/// outlives a live update. Nobody can change its length.</summary>
public sealed class MemoryFile : FileDescriptor
{
    private MemoryFile(int number, nuint length) : base(number) => Length = length;

    /// <summary>Bytes in it.</summary>
    public nuint Length { get; }

    /// <summary>Creates it. The host commits a page when it is first written.</summary>
    /// <param name="length">Bytes; a multiple of the page size, 4096.</param>
    /// <exception cref="KernelException">The process, or the host, has no descriptor or no memory left.</exception>
    public static MemoryFile Create(nuint length)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        HostPlatform.Require();
        int number = Libc.MemoryFile("wirq guest memory", MemoryFileFlags.CloseOnExec | MemoryFileFlags.AllowSealing);
        if (number < 0)
            throw HostError.Last("memfd_create");
        var file = new MemoryFile(number, length);
        try
        {
            if (Libc.Truncate(number, checked((long)length)) < 0)
                throw HostError.Last("ftruncate");
            if (Libc.Control(number, ControlCommands.AddSeals, MemoryFileFlags.SealShrink | MemoryFileFlags.SealGrow | MemoryFileFlags.SealSeals) < 0)
                throw HostError.Last("fcntl");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Maps all of it.</summary>
    /// <exception cref="KernelException">The host has no memory left.</exception>
    public Mapping Map() => Mapping.Shared(this, Length);
}
