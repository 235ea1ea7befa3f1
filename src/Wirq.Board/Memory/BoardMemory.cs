using Wirq.Linux;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Board.Memory;

/// <summary>The RAM of a guest: from address 0 up to 3 GiB, and the rest from 4 GiB on. The addresses between them are
/// for devices.</summary>
/// <remarks>The guest can write it during a read here, so two reads of one address may return different values. It must
/// not be used after <see cref="Dispose"/>; a holder of a span must keep this object alive.</remarks>
public sealed class BoardMemory : IGuestMemory, IDisposable
{
    /// <summary>The beginning of the hole for devices.</summary>
    public const ulong HoleStart = 0xC0000000;
    /// <summary>The end of the hole, where RAM continues.</summary>
    public const ulong HoleEnd = 0x1_0000_0000;
    /// <summary><see cref="Bytes"/> is a multiple of this: 1 MiB.</summary>
    public const ulong Granule = 1 << 20;
    /// <summary>The smallest size, in bytes: 2 MiB, so that there is RAM above 1 MiB.</summary>
    public const ulong MinBytes = 2 * Granule;
    /// <summary>The largest size, in bytes: 64 GiB.</summary>
    public const ulong MaxBytes = 64 * 1024 * Granule;

    private readonly MemoryRange[] _ranges;

    /// <summary>Maps zeroed memory. The host commits a page when it is first written.</summary>
    /// <param name="bytes">The size: a multiple of <see cref="Granule"/>, <see cref="MinBytes"/> to
    /// <see cref="MaxBytes"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is too small, too large or not a multiple.</exception>
    /// <exception cref="KernelException">The host has no memory left.</exception>
    public BoardMemory(ulong bytes)
    {
        if (bytes is < MinBytes or > MaxBytes || bytes % Granule != 0)
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "a board has 2 to 65536 MiB of memory, and whole MiB");
        Bytes = bytes;
        ulong low = Math.Min(bytes, HoleStart);
        var first = new MemoryRange(0, Mapping.Anonymous((nuint)low));
        try
        {
            _ranges = bytes == low ? [first] : [first, new(HoleEnd, Mapping.Anonymous((nuint)(bytes - low)))];
        }
        catch (KernelException)
        {
            first.Memory.Dispose();
            throw;
        }
    }

    /// <summary>Takes over memory that another process may map too (<see cref="Mapping.Shared"/>).</summary>
    /// <param name="memory">The memory from address 0 on; <see cref="MinBytes"/> to <see cref="HoleStart"/> bytes, whole
    /// MiB.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is too small, too large or not a multiple.</exception>
    public BoardMemory(Mapping memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (memory.Length is < (nuint)MinBytes or > (nuint)HoleStart || memory.Length % (nuint)Granule != 0)
            throw new ArgumentOutOfRangeException(nameof(memory), memory.Length, "a board in one piece has 2 to 3072 MiB of memory, and whole MiB");
        Bytes = memory.Length;
        _ranges = [new(0, memory)];
    }

    /// <summary>The total size, in bytes.</summary>
    public ulong Bytes { get; }

    /// <summary>The size of the part below the hole, in bytes.</summary>
    public ulong LowBytes => _ranges[0].Length;

    /// <summary>The size of the part from 4 GiB on, in bytes.</summary>
    public ulong HighBytes => Bytes - LowBytes;

    /// <summary>Its parts, in ascending order of addresses: one for each slot of
    /// <see cref="KvmVm.MapMemory"/>.</summary>
    public IReadOnlyList<MemoryRange> Ranges => _ranges;

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (!TryAsSpan(address, destination.Length, out Span<byte> bytes))
            return false;
        bytes.CopyTo(destination);
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!TryAsSpan(address, source.Length, out Span<byte> bytes))
            return false;
        source.CopyTo(bytes);
        return true;
    }

    /// <summary>Bytes of the guest, in place.</summary>
    /// <param name="address">Physical address of the first byte.</param>
    /// <param name="length">The number of bytes.</param>
    /// <param name="bytes">The bytes, if the result is true.</param>
    /// <returns>Whether all of them are in memory.</returns>
    public bool TryAsSpan(ulong address, int length, out Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        foreach (MemoryRange range in _ranges)
        {
            if (!range.Contains(address, (ulong)length))
                continue;
            bytes = range.Memory.AsSpan((nuint)(address - range.Address), length);
            return true;
        }
        bytes = default;
        return length == 0;
    }

    /// <summary>Bytes of the guest, in place, for a caller that knows that they are in memory.</summary>
    /// <param name="address">Physical address of the first byte.</param>
    /// <param name="length">The number of bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all in memory.</exception>
    public Span<byte> AsSpan(ulong address, int length) => TryAsSpan(address, length, out Span<byte> bytes)
        ? bytes
        : throw new ArgumentOutOfRangeException(nameof(address), address, $"{length} bytes from 0x{address:x} do not lie in memory");

    /// <summary>Whether all bytes of a range are in memory.</summary>
    /// <param name="address">Physical address of the first byte.</param>
    /// <param name="length">The number of bytes.</param>
    public bool Contains(ulong address, ulong length)
    {
        foreach (MemoryRange range in _ranges)
        {
            if (range.Contains(address, length))
                return true;
        }
        return false;
    }

    /// <summary>Fills bytes with zeros. The range may be larger than a span.</summary>
    /// <param name="address">Physical address of the first byte.</param>
    /// <param name="length">The number of bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not all in memory.</exception>
    public void Clear(ulong address, ulong length)
    {
        while (length > 0)
        {
            int part = (int)Math.Min(length, Granule);
            AsSpan(address, part).Clear();
            address += (ulong)part;
            length -= (ulong)part;
        }
    }

    /// <summary>Unmaps it. A virtual machine into which it is mapped keeps it until that machine is disposed.</summary>
    public void Dispose()
    {
        foreach (MemoryRange range in _ranges)
            range.Memory.Dispose();
    }
}
