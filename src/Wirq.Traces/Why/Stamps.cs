using System.Globalization;

namespace Wirq.Traces.Why;

/// <summary>How places in a log are written.</summary>
public enum StampStyle : byte
{
    /// <summary>A recording: virtual time.</summary>
    Virtual,
    /// <summary>A log with time stamps: seconds.microseconds.</summary>
    Stamped,
    /// <summary>A log without: lines only.</summary>
    LinesOnly,
}

/// <summary>Writes places and spans of time.</summary>
/// <param name="Style">How places are written.</param>
/// <param name="First">The stamp of the first line, in nanoseconds.</param>
public sealed record Stamps(StampStyle Style, long First = 0)
{
    private const long Microsecond = 1_000, Millisecond = 1_000_000, Second = 1_000_000_000;

    /// <summary>A place: line and time.</summary>
    public string At(Mark mark) => mark.IsStart ? "the beginning"
        : Style == StampStyle.LinesOnly ? Line(mark) : $"{Line(mark)} ({Time(mark)})";

    /// <summary>A place: its line only.</summary>
    public static string Line(Mark mark) => string.Create(CultureInfo.InvariantCulture, $"L{mark.Line}");

    /// <summary>A time, as a question may name it.</summary>
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
