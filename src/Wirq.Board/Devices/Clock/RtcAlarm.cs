namespace Wirq.Board.Devices.Clock;

/// <summary>The time of day of the alarm.</summary>
/// <remarks>MC146818 data sheet, "Time, Calendar, and Alarm Locations": a field with its two highest bits set matches
/// any value.</remarks>
/// <param name="Hour">0 to 23; <see cref="Any"/>; -1 for an hour that does not exist.</param>
/// <param name="Minute">0 to 59; <see cref="Any"/>; -1, as for the hour.</param>
/// <param name="Second">0 to 59; <see cref="Any"/>; -1, as for the hour.</param>
internal readonly record struct RtcAlarm(int Hour, int Minute, int Second)
{
    internal const int Any = int.MaxValue;
    internal const int Day = 24 * HourSeconds;

    private const int HourSeconds = 3600, MinuteSeconds = 60;
    private const byte DoNotCare = 0xC0;

    internal static RtcAlarm Read(RtcFormat format, byte hour, byte minute, byte second) =>
        new(hour >= DoNotCare ? Any : format.DecodeHour(hour), Field(format, minute), Field(format, second));

    /// <summary>Seconds from a second of the day to the next alarm, 1 to 86400; null for never.</summary>
    internal int? After(int second)
    {
        if (Hour < 0 || Minute < 0 || Second < 0)
            return null;
        // Each hour, minute and second that does not match is stepped over once: 24 + 60 + 60 steps at most.
        int step = 1;
        while (step <= Day)
        {
            int at = (second + step) % Day;
            if (!Matches(Hour, at / HourSeconds))
                step += HourSeconds - at % HourSeconds;
            else if (!Matches(Minute, at / MinuteSeconds % MinuteSeconds))
                step += MinuteSeconds - at % MinuteSeconds;
            else if (!Matches(Second, at % MinuteSeconds))
                step++;
            else
                return step;
        }
        return null;
    }

    private static bool Matches(int field, int value) => field == Any || field == value;

    private static int Field(RtcFormat format, byte bits) =>
        bits >= DoNotCare ? Any : format.Decode(bits) is var value and >= 0 and < MinuteSeconds ? value : -1;
}
