using Wirq.Board.Memory;

namespace Wirq.Board.Devices.Virtio;

/// <summary>The buffers of one request: those that the device reads, then those that it writes. Both are read and written once,
/// from the first byte on.</summary>
/// <param name="memory">The guest's memory.</param>
internal sealed class VirtioBuffers(BoardMemory memory)
{
    /// <summary>The most buffers of a request.</summary>
    internal const int Most = 256;
    /// <summary>The most bytes of a request: a request must not keep the device busy for long.</summary>
    internal const uint MostBytes = 4 << 20;

    private readonly (ulong Address, uint Bytes)[] _buffers = new (ulong, uint)[Most];
    private int _count;
    private Cursor _reader, _writer;

    /// <summary>Bytes that the device may still read.</summary>
    internal uint Readable { get; private set; }

    /// <summary>Bytes that the device may still write.</summary>
    internal uint Writable { get; private set; }

    internal void Clear()
    {
        _count = 0;
        (Readable, Writable) = (0, 0);
        (_reader, _writer) = (default, default);
    }

    /// <summary>Adds a buffer.</summary>
    /// <returns>False if it is not in memory, if there are too many buffers or bytes, or if a buffer that is read comes after one
    /// that is written (virtio 1.2, 2.7.4.2).</returns>
    internal bool TryAdd(ulong address, uint bytes, bool writable)
    {
        if (_count == Most || bytes > MostBytes - Readable - Writable || !memory.Contains(address, bytes) || !writable && Writable > 0)
            return false;
        _buffers[_count++] = (address, bytes);
        if (writable)
            Writable += bytes;
        else
        {
            Readable += bytes;
            _writer = new Cursor(_count, 0);
        }
        return true;
    }

    /// <summary>Reads the next bytes.</summary>
    /// <returns>False if there are not as many; then none was read.</returns>
    internal bool TryRead(Span<byte> destination)
    {
        if ((uint)destination.Length > Readable)
            return false;
        Readable -= (uint)destination.Length;
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<byte> part = Next(ref _reader, destination.Length);
            part.CopyTo(destination);
            destination = destination[part.Length..];
        }
        return true;
    }

    /// <summary>Writes the next bytes.</summary>
    /// <returns>False if there is no room for all; then none was written.</returns>
    internal bool TryWrite(ReadOnlySpan<byte> source)
    {
        if ((uint)source.Length > Writable)
            return false;
        Writable -= (uint)source.Length;
        while (!source.IsEmpty)
        {
            Span<byte> part = Next(ref _writer, source.Length);
            source[..part.Length].CopyTo(part);
            source = source[part.Length..];
        }
        return true;
    }

    /// <summary>Leaves the next bytes as they are.</summary>
    internal void SkipWritable(uint bytes)
    {
        bytes = Math.Min(bytes, Writable);
        Writable -= bytes;
        while (bytes > 0)
            bytes -= (uint)Next(ref _writer, (int)bytes).Length;
    }

    /// <summary>The rest of the buffer at a cursor, at most so many bytes. Buffers without bytes are passed.</summary>
    private Span<byte> Next(ref Cursor at, int most)
    {
        while (at.Offset == _buffers[at.Buffer].Bytes)
            at = new Cursor(at.Buffer + 1, 0);
        (ulong address, uint bytes) = _buffers[at.Buffer];
        int length = (int)Math.Min(bytes - at.Offset, (uint)most);
        Span<byte> part = memory.AsSpan(address + at.Offset, length);
        at = at with { Offset = at.Offset + (uint)length };
        return part;
    }

    private readonly record struct Cursor(int Buffer, uint Offset);
}
