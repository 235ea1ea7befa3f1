using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>A mapping of memory, unmapped once.</summary>
/// <remarks>A span of it must not be used after <see cref="SafeHandle.Dispose()"/>; a holder of spans must keep the
/// mapping alive.</remarks>
public sealed class Mapping : SafeHandle
{
    private const nint Failed = -1;

    private Mapping(nint address, nuint length) : base(Failed, ownsHandle: true)
    {
        Length = length;
        SetHandle(address);
    }

    /// <summary>Bytes in it.</summary>
    public nuint Length { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == Failed;

    /// <summary>Maps zeroed private memory, for use as guest memory.</summary>
    /// <param name="length">Bytes; a multiple of the page size, 4096.</param>
    /// <exception cref="Routing.KernelException">The host has no memory left.</exception>
    public static Mapping Anonymous(nuint length)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        nint address = Libc.Map(0, length, MapFlags.Read | MapFlags.Write,
            MapFlags.Private | MapFlags.Anonymous | MapFlags.NoReserve, -1, 0);
        return address == Failed ? throw HostError.Last("mmap") : new(address, length);
    }

    /// <summary>Maps a file in memory that another process may map too, for use as guest memory. The mapping stays when the
    /// descriptor is closed.</summary>
    /// <param name="file">A <see cref="MemoryFile"/> of this process, or one that came from another. A file that its other
    /// owner can still shorten is refused: an access behind its end would end the process.</param>
    /// <param name="length">Bytes, from its beginning; a multiple of the page size, 4096.</param>
    /// <exception cref="Routing.KernelException">The file is shorter, or not sealed against shortening, or the host has no
    /// memory left.</exception>
    public static Mapping Shared(FileDescriptor file, nuint length)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfZero(length);
        using (file.Borrow(out int number))
        {
            int seals = Libc.Control(number, ControlCommands.GetSeals, argument: 0);
            if (seals < 0 || (seals & MemoryFileFlags.SealShrink) == 0)
                throw HostError.Of("mmap", Errno.NotPermitted, advice: "the file is not sealed against shortening; hand over a MemoryFile");
            long size = Libc.Seek(number, 0, MemoryFileFlags.End);
            if (size < 0 || (ulong)size < length)
                throw HostError.Of("mmap", Errno.Invalid, advice: $"the file has {size} bytes, not {length}; hand over the whole memory");
        }
        return Of(file, length);
    }

    /// <summary>Maps the object of a descriptor.</summary>
    internal static Mapping Of(FileDescriptor descriptor, nuint length)
    {
        using FileDescriptor.Lease lease = descriptor.Borrow(out int number);
        nint address = Libc.Map(0, length, MapFlags.Read | MapFlags.Write, MapFlags.Shared, number, 0);
        return address == Failed ? throw HostError.Last("mmap") : new(address, length);
    }

    /// <summary>Its bytes.</summary>
    /// <exception cref="ObjectDisposedException">It is unmapped.</exception>
    /// <exception cref="OverflowException">It is longer than a span.</exception>
    public Span<byte> AsSpan() => AsSpan(0, checked((int)Length));

    /// <summary>Some of its bytes.</summary>
    /// <param name="offset">Offset of the first byte.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all in the mapping.</exception>
    /// <exception cref="ObjectDisposedException">It is unmapped.</exception>
    public unsafe Span<byte> AsSpan(nuint offset, int length)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (offset > Length || (nuint)length > Length - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{length} bytes do not lie in {Length}");
        // SAFETY: the bytes are in the mapping, as checked above, and it is mapped.
        return new Span<byte>((byte*)handle + offset, length);
    }

    /// <summary>Its address in this process.</summary>
    internal nint Address => handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        int previous = Marshal.GetLastPInvokeError();
        bool unmapped = Libc.Unmap(handle, Length) == 0;
        Marshal.SetLastPInvokeError(previous);
        return unmapped;
    }
}
