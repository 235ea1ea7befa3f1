using System.Runtime.CompilerServices;

namespace Wirq.Linux.Interop;

/// <summary>The request number of an ioctl, computed as the kernel's macros do.</summary>
/// <remarks><code>
///  31 30 29       16 15     8 7      0
/// +-----+-----------+--------+--------+
/// | dir |   size    |  type  | number |
/// +-----+-----------+--------+--------+
/// </code>dir: 1 the caller writes, 2 the caller reads, 3 both; size: of what is passed, in bytes. Linux
/// include/uapi/asm-generic/ioctl.h.</remarks>
internal readonly record struct Ioctl(uint Bits)
{
    private const int TypeShift = 8, SizeShift = 16, DirectionShift = 30;
    private const uint SizeMask = 0x3FFF, Writes = 1, Reads = 2;

    private Ioctl(uint direction, byte type, byte number, int size)
        : this(direction << DirectionShift | (uint)size << SizeShift | (uint)type << TypeShift | number) { }

    /// <summary>Passes nothing, or a plain number (<c>_IO</c>).</summary>
    internal static Ioctl Plain(byte type, byte number) => new(0, type, number, 0);
    /// <summary>Fills a <typeparamref name="T"/> (<c>_IOR</c>).</summary>
    internal static Ioctl Read<T>(byte type, byte number) where T : unmanaged =>
        new(Reads, type, number, Unsafe.SizeOf<T>());
    /// <summary>Takes a <typeparamref name="T"/> (<c>_IOW</c>).</summary>
    internal static Ioctl Write<T>(byte type, byte number) where T : unmanaged =>
        new(Writes, type, number, Unsafe.SizeOf<T>());
    /// <summary>Takes a <typeparamref name="T"/> and fills it (<c>_IOWR</c>).</summary>
    internal static Ioctl ReadWrite<T>(byte type, byte number) where T : unmanaged =>
        new(Reads | Writes, type, number, Unsafe.SizeOf<T>());

    /// <summary>Bytes of what is passed.</summary>
    internal int Size => (int)(Bits >> SizeShift & SizeMask);
}
