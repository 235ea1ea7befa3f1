using Wirq.Traces.Why;

namespace Wirq.Traces.Qemu;

/// <summary>Reads a QEMU log line by line, in bounded memory. The file is not trusted.</summary>
public sealed class QemuLogReader : IDisposable
{
    /// <summary>Examples of lines, for a message if no line was recognised.</summary>
    public const string ExpectedLines =
        "lines such as '4520@1795158738.216836:pic_set_irq master 1 irq 0 level 0' (of -trace 'pic_*' -trace 'ioapic_*' "
        + "-trace 'apic_*' -msg timestamp=on -D FILE)";

    private readonly LineSource _lines;
    private readonly KnownPrefixes _prefixes = new();
    private readonly KnownTexts _texts = new();
    private TraceLine _held;
    private bool _holding;

    /// <summary>Opens a log, plain or compressed (gzip, xz, zstd) (recognised by its first bytes).</summary>
    /// <param name="stream">The log; disposed of together with the reader.</param>
    /// <param name="file">Its name, for messages.</param>
    public QemuLogReader(Stream stream, string file)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _lines = new LineSource(stream, file);
    }

    /// <summary>Lines read so far, of any kind.</summary>
    public long Lines => _lines.Lines;

    /// <summary>Lines so far that contain an event.</summary>
    public long Recognised { get; private set; }

    /// <summary>Lines so far that have an event's name but not its fields: they are cut, damaged, or from an unknown
    /// version.</summary>
    public long Malformed { get; private set; }

    /// <summary>Lines so far that were skipped because they are longer than any event.</summary>
    public long TooLong => _lines.TooLong;

    /// <summary>Counts the lines of other forms; null where they do not matter.</summary>
    internal LeftOut? Others { get; init; }

    /// <summary>Once it is cancelled, the log ends before its next event.</summary>
    internal CancellationToken Stop { get; set; }

    /// <summary>Whether any line is a known one: a guest's console may come before the first. Call it before the first
    /// <see cref="TryRead"/>, which still returns all lines.</summary>
    /// <exception cref="TraceException">The log is damaged before that.</exception>
    public bool IsTrace()
    {
        if (Recognised == 0)
            _holding = TryReadNext(out _held);
        return Recognised > 0;
    }

    /// <summary>Reads up to the next line that is not <see cref="TraceEvent.Other"/>.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="TraceException">The log is damaged; the lines before the damage were returned.</exception>
    public bool TryRead(out TraceLine line)
    {
        if (!_holding)
            return TryReadNext(out line);
        line = _held;
        _holding = false;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _lines.Dispose();

    private bool TryReadNext(out TraceLine line)
    {
        while (_lines.TryRead())
        {
            ReadOnlySpan<byte> text = _lines.Line;
            if (!RegisterLine.Is(text))
            {
                if (TryParse(text, out line))
                {
                    Recognised++;
                    return true;
                }
                Others?.Take(text, _lines.Lines);
            }
            // A console may go on for gigabytes before the next event.
            if (Stop.IsCancellationRequested)
                break;
        }
        line = default;
        return false;
    }

    private bool TryParse(ReadOnlySpan<byte> text, out TraceLine line)
    {
        // A log that was truncated while QEMU wrote it begins with NULs. The number of a dump is padded with spaces.
        if (text.IsEmpty || IsPadding(text[0]) || IsPadding(text[^1]))
            text = text.Trim(" \0"u8);
        int prefix = _prefixes.Read(text, out long thread, out long microseconds);
        if (prefix == 0)
        {
            prefix = LinePrefix.Read(text, out thread, out microseconds);
            _prefixes.Learn(text[..prefix], thread, microseconds);
        }
        text = text[prefix..];
        if (!text.IsEmpty && text[0] == ' ')
            text = text.TrimStart((byte)' ');
        if (text.IsEmpty)
        {
            line = default;
            return false;
        }
        Span<ulong> data = stackalloc ulong[TraceFormat.Slots];
        data.Clear();
        int place = KnownTexts.PlaceOf(text);
        if (place < 0 || !_texts.TryFind(place, text, out TraceEvent happened, data))
        {
            happened = Read(text, data);
            if (happened == TraceEvent.Other)
            {
                line = default;
                return false;
            }
            if (place >= 0)
                _texts.Learn(place, text, happened, data);
        }
        TraceLine.Make(out line, happened, _lines.Lines, thread, microseconds, data);
        return true;
    }

    private static bool IsPadding(byte letter) => letter is (byte)' ' or 0;

    private TraceEvent Read(ReadOnlySpan<byte> text, Span<ulong> data) => (uint)text[0] - '0' <= 9
        ? (TraceFormats.Dump.TryRead(text, data) ? TraceEvent.InterruptDump : TraceEvent.Other)
        : ReadNamed(text, data);

    private TraceEvent ReadNamed(ReadOnlySpan<byte> text, Span<ulong> data)
    {
        int length = text.IndexOf((byte)' ');
        if (length < 0)
            length = text.Length;
        TraceFormat[]? formats = TraceNames.Find(text[..length]);
        if (formats is null)
            return TraceEvent.Other;
        text = text[length..].TrimStart((byte)' ');
        foreach (TraceFormat format in formats)
        {
            if (format.TryRead(text, data))
                return format.Event;
        }
        Malformed++;
        return TraceEvent.Other;
    }
}
