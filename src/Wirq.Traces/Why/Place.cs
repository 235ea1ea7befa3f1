using System.Globalization;

namespace Wirq.Traces.Why;

/// <summary>A place that somebody asks about: a line, or a time.</summary>
/// <param name="Line">The line; 0 where a time is meant.</param>
/// <param name="Time">The time in nanoseconds.</param>
/// <param name="IsStamp">Whether the time is one that the log stamped, rather than one since its first line.</param>
public readonly record struct Place(long Line, long Time, bool IsStamp)
{
    /// <summary>The forms that a place can have, for those who got it wrong.</summary>
    public const string Forms = "L1234 (a line), 1700000000.123456 (as the log stamps it), or 1500ns, 1.5us, 2ms, 3s";

    private const int Nanodigits = 9;

    /// <summary>Reads a place.</summary>
    public static bool TryParse(string text, out Place place)
    {
        ArgumentNullException.ThrowIfNull(text);
        place = default;
        if (text.StartsWith('L') || text.StartsWith('l'))
        {
            if (!long.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out long line) || line == 0)
                return false;
            place = new(line, 0, false);
            return true;
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

    /// <summary>Whether <paramref name="mark"/> stands after this place.</summary>
    /// <param name="mark">A place in the log.</param>
    /// <param name="first">The stamp of the first line of the log, in nanoseconds.</param>
    public bool IsBefore(Mark mark, long first) =>
        Line > 0 ? mark.Line > Line : mark.Time > (IsStamp ? Time - first : Time);

    private static bool TryScale(string number, int digits, out long time)
    {
        time = 0;
        string[] parts = number.Split('.');
        if (parts.Length > 2 || parts[0].Length == 0)
            return false;
        string fraction = parts.Length == 2 ? parts[1] : "";
        // What is finer than a nanosecond no event has.
        fraction = (fraction.Length > digits ? fraction[..digits] : fraction).PadRight(digits, '0');
        return long.TryParse(parts[0] + fraction, NumberStyles.None, CultureInfo.InvariantCulture, out time);
    }
}

/// <summary>What is asked: a source, and a place where there is one.</summary>
/// <param name="Source">The source.</param>
/// <param name="At">The place; null for all raises.</param>
public sealed record WhyQuestion(SourceName Source, Place? At = null)
{
    /// <summary>Reads <c>SOURCE[@TIME]</c>.</summary>
    /// <returns>The question; null where it cannot be read, and then <paramref name="wrong"/> says why.</returns>
    public static WhyQuestion? Parse(string text, out string wrong)
    {
        ArgumentNullException.ThrowIfNull(text);
        wrong = "";
        // A source may have an @ of its own: lvt:timer@cpu0.
        if (SourceName.TryParse(text, out SourceName whole))
            return new(whole);
        int at = text.LastIndexOf('@');
        if (at < 0 || !SourceName.TryParse(text[..at], out SourceName source))
        {
            wrong = $"{text}: no such source; expected {SourceName.Forms}, with @TIME or @LINE where one raise is meant";
            return null;
        }
        if (Place.TryParse(text[(at + 1)..], out Place place))
            return new(source, place);
        wrong = $"{text}: '{text[(at + 1)..]}' is no place in a log; expected {Place.Forms}";
        return null;
    }
}
