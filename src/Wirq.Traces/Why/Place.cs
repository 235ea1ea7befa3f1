using System.Globalization;

namespace Wirq.Traces.Why;

/// <summary>A place in a question: a line of a log, an event of a recording, or a time.</summary>
/// <param name="Line">The line; 0 for none.</param>
/// <param name="Time">The time in nanoseconds, if there is neither line nor event.</param>
/// <param name="IsStamp">Whether the time is a time stamp of the log, rather than a time since its first line.</param>
/// <param name="Event">The number of the event; 0 for none.</param>
public readonly record struct Place(long Line, long Time, bool IsStamp, long Event = 0)
{
    /// <summary>The possible forms of a place, for an error message.</summary>
    public const string Forms = "L1234 (a line of a log), event1234 (an event of a recording), "
        + "1700000000.123456 (as the log stamps it), or 1500ns, 1.5us, 2ms, 3s";

    private const int Nanodigits = 9;
    private const string EventWord = "event";

    /// <summary>Whether it is a time, and neither a line nor an event.</summary>
    public bool IsTime => Line == 0 && Event == 0;

    /// <summary>Reads a place.</summary>
    public static bool TryParse(string text, out Place place)
    {
        ArgumentNullException.ThrowIfNull(text);
        place = default;
        if (text.StartsWith('L') || text.StartsWith('l'))
        {
            bool read = TryCount(text[1..], out long line);
            place = new(line, 0, false);
            return read;
        }
        if (text.StartsWith(EventWord, StringComparison.Ordinal))
        {
            bool read = TryCount(text[EventWord.Length..].TrimStart(' '), out long happened);
            place = new(0, 0, false, happened);
            return read;
        }
        (string number, int digits, bool stamp) = text switch
        {
            _ when text.EndsWith("ns", StringComparison.Ordinal) => (text[..^2], 0, false),
            _ when text.EndsWith("us", StringComparison.Ordinal) => (text[..^2], 3, false),
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 6, false),
            _ when text.EndsWith('s') => (text[..^1], Nanodigits, false),
            _ => (text, Nanodigits, true),
        };
        if (!TryScale(number, digits, out long time))
            return false;
        place = new(0, time, stamp);
        return true;
    }

    /// <summary>Whether <paramref name="mark"/> is after this place.</summary>
    /// <param name="mark">A place in the log.</param>
    /// <param name="first">The stamp of the first line of the log, in nanoseconds.</param>
    public bool IsBefore(Mark mark, long first) => Compare(mark, first) < 0;

    /// <summary>Whether <paramref name="mark"/> is before this place.</summary>
    /// <param name="mark">A place in the log.</param>
    /// <param name="first">The stamp of the first line of the log, in nanoseconds.</param>
    internal bool IsAfter(Mark mark, long first) => Compare(mark, first) > 0;

    /// <summary>Whether it is behind another place. Of places of two kinds that is not known before their log is read.</summary>
    internal bool IsBehind(Place other) =>
        Line > 0 && other.Line > 0 ? Line > other.Line
        : Event > 0 && other.Event > 0 ? Event > other.Event
        : IsTime && other.IsTime && IsStamp == other.IsStamp && Time > other.Time;

    private int Compare(Mark mark, long first) =>
        Line > 0 ? Line.CompareTo(mark.Line)
        : Event > 0 ? Event.CompareTo(mark.Event)
        : (IsStamp ? Time - first : Time).CompareTo(mark.Time);

    private static bool TryCount(string text, out long count) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0;

    private static bool TryScale(string number, int digits, out long time)
    {
        time = 0;
        string[] parts = number.Split('.');
        if (parts.Length > 2 || parts[0].Length == 0)
            return false;
        string fraction = parts.Length == 2 ? parts[1] : "";
        // No event has a time finer than a nanosecond.
        fraction = (fraction.Length > digits ? fraction[..digits] : fraction).PadRight(digits, '0');
        return long.TryParse(parts[0] + fraction, NumberStyles.None, CultureInfo.InvariantCulture, out time);
    }
}

/// <summary>A question: a source, and optionally a place.</summary>
/// <param name="Source">The source.</param>
/// <param name="At">The place; null for all raises.</param>
public sealed record WhyQuestion(SourceName Source, Place? At = null)
{
    /// <summary>Reads <c>SOURCE[@TIME]</c>.</summary>
    /// <returns>The question; null if it cannot be read, and then <paramref name="wrong"/> has the reason.</returns>
    public static WhyQuestion? Parse(string text, out string wrong)
    {
        ArgumentNullException.ThrowIfNull(text);
        wrong = "";
        // The name of a source may contain an @: lvt:timer@cpu0.
        if (SourceName.TryParse(text, out SourceName whole))
            return new(whole);
        int at = text.LastIndexOf('@');
        if (at < 0 || !SourceName.TryParse(text[..at], out SourceName source))
        {
            wrong = $"{text}: no such source; expected {SourceName.Forms}, with @TIME, @LINE or @EVENT where one raise is meant";
            return null;
        }
        if (Place.TryParse(text[(at + 1)..], out Place place))
            return new(source, place);
        wrong = $"{text}: '{text[(at + 1)..]}' is no place in a log; expected {Place.Forms}";
        return null;
    }
}
