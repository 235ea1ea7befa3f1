using Wirq.Traces.Qemu.Packed;

namespace Wirq.Traces.Qemu;

/// <summary>Splits a stream into lines, with one buffer for any contents.</summary>
internal sealed class LineSource : IDisposable
{
    /// <summary>A longer line is skipped. No event has such a line, and a file without line feeds must not fill the
    /// memory.</summary>
    internal const int LongestLine = 1 << 16;

    private const int Chunk = 1 << 16;
    private const int KeptOfLong = 256;

    private readonly Stream _stream;
    private readonly UnpackedText? _packed;
    private Utf16Text? _wide;
    private readonly string _file;
    private readonly byte[] _buffer = new byte[LongestLine + 2 + Chunk];
    private int _start, _scanned, _end, _line, _length;
    private long _discarded;
    private bool _skipping, _ended, _unseen;
    private byte[] _long = [];

    internal LineSource(Stream stream, string file)
    {
        _stream = stream;
        _file = file;
        int head = stream.ReadAtLeast(_buffer.AsSpan(0, Chunk), UnpackedText.LongestMagic, throwOnEndOfStream: false);
        _packed = UnpackedText.Of(stream, _buffer.AsSpan(0, head));
        // What is compressed may be text of either kind too: its first bytes come out in the first piece.
        _unseen = _packed is not null;
        if (!_unseen && !Widen(_buffer.AsSpan(0, head)))
            _end = head;
    }

    /// <summary>Reads the rest as UTF-16, if its first bytes say so.</summary>
    private bool Widen(ReadOnlySpan<byte> head)
    {
        if (!Utf16Text.Looks(head, out bool bigEndian))
            return false;
        _wide = new Utf16Text(ReadBytes, head[2..].ToArray(), bigEndian);
        return true;
    }

    private int ReadBytes(Span<byte> into) => _packed?.Read(into) ?? _stream.Read(into);

    /// <summary>Lines so far, skipped ones too.</summary>
    internal long Lines { get; private set; }

    /// <summary>Bytes of the text that were taken.</summary>
    internal long BytesTaken => _discarded + _start;

    /// <summary>The length of a file that is not compressed and can be sought in; else 0.</summary>
    internal long BytesAll => _packed is null && _stream.CanSeek ? _stream.Length : 0;

    /// <summary>Whether the last line that was read has its end.</summary>
    internal bool EndsWithFeed { get; private set; } = true;

    /// <summary>Lines skipped because of their length.</summary>
    internal long TooLong { get; private set; }

    /// <summary>The first words of the last line that was too long.</summary>
    internal ReadOnlySpan<byte> LongHead => _long;

    /// <summary>The line that was read last, without its end; an empty one for a skipped line.</summary>
    // Made where it is used: a span that comes through memory costs more than to make it.
    internal ReadOnlySpan<byte> Line => _buffer.AsSpan(_line, _length);

    /// <summary>Reads the next line; <see cref="Line"/> is valid until then.</summary>
    internal bool TryRead(out ReadOnlySpan<byte> line)
    {
        bool any = TryRead();
        line = any ? Line : default;
        return any;
    }

    /// <inheritdoc cref="TryRead(out ReadOnlySpan{byte})"/>
    internal bool TryRead()
    {
        for (; ; )
        {
            int feed = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                Take(_scanned + feed, 1);
                return true;
            }
            _scanned = _end;
            if (_end - _start > LongestLine + 1)
                Skip();
            if (!_ended && Fill())
                continue;
            if (_start == _end && !_skipping)
                return false;
            Take(_end, 0);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _packed?.Dispose();
        _stream.Dispose();
    }

    private void Take(int end, int feed)
    {
        EndsWithFeed = feed > 0;
        (_line, _length) = (_start, end - _start);
        _start = _scanned = end + feed;
        Lines++;
        if (_length > 0 && _buffer[_line + _length - 1] == '\r')
            _length--;
        if (!_skipping && _length <= LongestLine)
            return;
        if (!_skipping)
            KeepHead(Line);
        _skipping = false;
        TooLong++;
        _length = 0;
    }

    private void KeepHead(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> first = line[..Math.Min(line.Length, KeptOfLong)];
        _long = first[..Math.Max(0, first.LastIndexOf((byte)' '))].ToArray();
    }

    private void Skip()
    {
        if (!_skipping)
            KeepHead(_buffer.AsSpan(_start, _end - _start));
        _discarded += _end;
        _start = _scanned = _end = 0;
        _skipping = true;
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _discarded += _start;
            _end -= _start;
            _scanned -= _start;
            _start = 0;
        }
        int read;
        try
        {
            Span<byte> free = _buffer.AsSpan(_end);
            read = _wide?.Read(free) ?? ReadBytes(free);
            if (_unseen && Widen(free[..read]))
                read = _wide!.Read(free);
            _unseen = false;
        }
        catch (CompressionDamage damage)
        {
            // The text of the line before the damage may be incomplete, so it is not returned.
            throw new TraceException(_file, Lines + 1, _discarded + _end, damage.Message, damage.Expected);
        }
        _end += read;
        _ended = read == 0;
        return !_ended;
    }
}
