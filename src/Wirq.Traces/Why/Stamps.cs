using System.Globalization;

namespace Wirq.Traces.Why;

/// <summary>The format of times.</summary>
internal enum StampStyle : byte
{
    /// <summary>Virtual time.</summary>
    Virtual,
    /// <summary>As in the time stamps of a log: seconds.microseconds.</summary>
    Stamped,
    /// <summary>No times: the log has none.</summary>
    None,
}

/// <summary>Writes places and spans of time.</summary>
/// <param name="Style">The format of times.</param>
/// <param name="First">The stamp of the first line, in nanoseconds.</param>
/// <param name="OfLog">Whether places are lines of a log, <c>L17</c>; else events of a recording,
/// <c>event 17</c>.</param>
internal sealed record Stamps(StampStyle Style, long First = 0, bool OfLog = false)
{
    private const long Microsecond = 1_000, Millisecond = 1_000_000, Second = 1_000_000_000;

    /// <summary>Whether times are known.</summary>
    public bool HasTime => Style != StampStyle.None;

    /// <summary>A place: line or event, and time.</summary>
    public string At(Mark mark) => mark.IsStart ? "the beginning"
        : !HasTime ? Place(mark) : $"{Place(mark)} ({Time(mark)})";

    /// <summary>A place without its time.</summary>
    public string Place(Mark mark) => OfLog
        ? string.Create(CultureInfo.InvariantCulture, $"L{mark.Line}")
        : string.Create(CultureInfo.InvariantCulture, $"event {mark.Event}");

    /// <summary>A time, in the format of a question.</summary>
    public string Time(Mark mark)
    {
        if (Style == StampStyle.Virtual)
            return Span(mark.Time);
        long time = First + mark.Time;
        return string.Create(CultureInfo.InvariantCulture, $"{time / Second}.{time % Second / Microsecond:d6}");
    }

    /// <summary>A span of time.</summary>
    public static string Span(long time) => time switch
    {
        < Microsecond => string.Create(CultureInfo.InvariantCulture, $"{time}ns"),
        < Millisecond => string.Create(CultureInfo.InvariantCulture, $"{time / (double)Microsecond:0.###}us"),
        < Second => string.Create(CultureInfo.InvariantCulture, $"{time / (double)Millisecond:0.###}ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time / (double)Second:0.###}s"),
    };
}
