using System.Text;
using Wirq.Traces.Kvm;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Dumps.Text;

/// <summary>Reads a text as people paste it: quoted, with the monitor's prompt, out of a mail in quoted-printable, with a
/// terminal's codes. Plain or compressed.</summary>
internal sealed class DumpText : IDisposable
{
    private const string Prompt = "(qemu)";

    private readonly LineSource _lines;
    private readonly string? _label;
    private readonly bool _quotedPrintable;
    // Null where every line may be of a dump.
    private readonly LineKinds? _events;
    private DumpLine? _next;
    private bool _fetched;

    /// <summary>Opens a text.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="label">Its name at places; null where no other file is about.</param>
    /// <param name="quotedPrintable">Whether it is in quoted-printable (RFC 2045, 6.7).</param>
    /// <param name="isMixed">Whether it has events too, which are no lines of a dump.</param>
    internal DumpText(Stream stream, string file, string? label, bool quotedPrintable, bool isMixed = false) =>
        (_lines, _label, _quotedPrintable, _events) = (new LineSource(stream, file), label, quotedPrintable, isMixed ? new LineKinds() : null);

    /// <summary>Lines that were skipped because of their length.</summary>
    internal long TooLong => _lines.TooLong;

    /// <summary>The next line, without reading it.</summary>
    /// <exception cref="TraceException">It cannot be decompressed.</exception>
    internal DumpLine? Peek
    {
        get
        {
            // Not in the constructor: who gets an exception from that has nothing to dispose of.
            if (!_fetched)
                (_next, _fetched) = (Fetch(), true);
            return _next;
        }
    }

    /// <summary>Reads the next line; null at the end.</summary>
    /// <exception cref="TraceException">It cannot be decompressed.</exception>
    internal DumpLine? Read()
    {
        if (Peek is not { } line)
            return null;
        _next = Fetch();
        return line with { IsLast = _next is null };
    }

    /// <inheritdoc/>
    public void Dispose() => _lines.Dispose();

    private DumpLine? Fetch()
    {
        if (!_lines.TryRead(out ReadOnlySpan<byte> bytes))
            return null;
        long number = _lines.Lines;
        if (_events is not null && (_events.IsEvent(bytes) || KvmLog.HasRecord(bytes)))
            return new(_label, number, "", false);
        string text = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');
        if (_quotedPrintable)
            text = Decoded(text);
        return new(_label, number, Bare(TerminalText.Shown(text)), false);
    }

    /// <summary>The line and, where it ends in a soft line break, those after it.</summary>
    private string Decoded(string text)
    {
        const int most = 16;
        for (int joined = 0; joined < most && text.EndsWith('=') && _lines.TryRead(out ReadOnlySpan<byte> more); joined++)
            text = string.Concat(text.AsSpan(0, text.Length - 1), Unquoted(Encoding.UTF8.GetString(more)));
        var decoded = new StringBuilder(text.Length);
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == '=' && at + 2 < text.Length && char.IsAsciiHexDigit(text[at + 1]) && char.IsAsciiHexDigit(text[at + 2]))
            {
                decoded.Append((char)Convert.ToByte(text.Substring(at + 1, 2), 16));
                at += 2;
            }
            else
                decoded.Append(text[at]);
        }
        return decoded.ToString();
    }

    private static string Bare(string text)
    {
        text = Unquoted(text).TrimEnd();
        while (text.TrimStart().StartsWith(Prompt, StringComparison.Ordinal))
            text = text.TrimStart()[Prompt.Length..].TrimStart();
        return text;
    }

    private static string Unquoted(string text)
    {
        int at = 0;
        // "> > text": marks of a quotation, and the blanks between them. A line that begins with a blank is not quoted.
        while (at < text.Length && text[at] == '>')
        {
            at++;
            if (at + 1 < text.Length && text[at] == ' ' && text[at + 1] == '>')
                at++;
        }
        return at == 0 ? text : at < text.Length && text[at] == ' ' ? text[(at + 1)..] : text[at..];
    }
}
