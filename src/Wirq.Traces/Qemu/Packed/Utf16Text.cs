using System.Buffers;
using System.Text.Unicode;

namespace Wirq.Traces.Qemu.Packed;

/// <summary>Reads UTF-16 text as UTF-8. PowerShell's <c>&gt;</c> writes such files.</summary>
/// <remarks>A damaged character becomes U+FFFD: no event contains one.</remarks>
internal sealed class Utf16Text(Utf16Text.Source source, ReadOnlyMemory<byte> head, bool bigEndian)
{
    /// <summary>Reads bytes; 0 at the end.</summary>
    internal delegate int Source(Span<byte> into);

    private const int Chunk = 1 << 14;

    private readonly byte[] _bytes = new byte[Chunk];
    private readonly char[] _chars = new char[Chunk / sizeof(char)];
    private ReadOnlyMemory<byte> _head = head;
    private int _held;

    /// <summary>Whether a file begins with the byte order mark of UTF-16.</summary>
    internal static bool Looks(ReadOnlySpan<byte> head, out bool bigEndian)
    {
        bigEndian = head is [0xFE, 0xFF, ..];
        return bigEndian || head is [0xFF, 0xFE, ..];
    }

    /// <summary>Reads the available text; 0 at the end.</summary>
    /// <param name="into">At least three bytes for each 16-bit unit that is read at once.</param>
    internal int Read(Span<byte> into)
    {
        for (; ; )
        {
            int most = Math.Min(Chunk, into.Length / 3 * sizeof(char)) & ~1;
            int read = Fill(_bytes.AsSpan(_held, most - _held));
            int whole = (_held + read) & ~1;
            int units = Units(whole);
            // Half a pair waits for its other half, unless the file has ended.
            bool half = read > 0 && units > 0 && char.IsHighSurrogate(_chars[units - 1]);
            units -= half ? 1 : 0;
            Utf8.FromUtf16(_chars.AsSpan(0, units), into, out _, out int written, replaceInvalidSequences: true);
            int used = units * sizeof(char), rest = _held + read - used;
            _bytes.AsSpan(used, rest).CopyTo(_bytes);
            _held = read == 0 ? 0 : rest;
            if (written > 0 || read == 0)
                return written;
        }
    }

    private int Units(int bytes)
    {
        for (int at = 0; at < bytes; at += sizeof(char))
        {
            Span<byte> unit = _bytes.AsSpan(at);
            _chars[at / sizeof(char)] = (char)(bigEndian ? unit[0] << 8 | unit[1] : unit[1] << 8 | unit[0]);
        }
        return bytes / sizeof(char);
    }

    private int Fill(Span<byte> into)
    {
        if (_head.IsEmpty)
            return source(into);
        int length = Math.Min(into.Length, _head.Length);
        _head.Span[..length].CopyTo(into);
        _head = _head[length..];
        return length;
    }
}
