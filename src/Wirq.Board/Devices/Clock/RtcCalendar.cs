namespace Wirq.Board.Devices.Clock;

/// <summary>Date and time, and their format in registers.</summary>
internal sealed class RtcCalendar(DateTime start)
{
    internal const int Seconds = 0, Minutes = 2, Hours = 4, DayOfWeek = 6, DayOfMonth = 7, Month = 8, Year = 9, Century = 0x32;

    private const int FirstCentury = 19, LastCentury = 29, YearsOfCentury = 100;

    // The latest date is in the year 2999, so no sum exceeds the range of DateTime.
    private DateTime _origin = start;
    private long _originSecond;

    /// <summary>The time at a second of the board's clock.</summary>
    internal DateTime At(long second) => _origin.AddSeconds(Math.Max(0, second - _originSecond));

    /// <summary>Sets the time at a second of the board's clock.</summary>
    internal void Set(DateTime time, long second) => (_origin, _originSecond) = (time, second);

    internal static void Encode(DateTime time, RtcFormat format, Span<byte> registers)
    {
        registers[Seconds] = format.Encode(time.Second);
        registers[Minutes] = format.Encode(time.Minute);
        registers[Hours] = format.EncodeHour(time.Hour);
        registers[DayOfWeek] = format.Encode((int)time.DayOfWeek + 1);
        registers[DayOfMonth] = format.Encode(time.Day);
        registers[Month] = format.Encode(time.Month);
        registers[Year] = format.Encode(time.Year % YearsOfCentury);
        registers[Century] = format.Encode(time.Year / YearsOfCentury);
    }

    /// <summary>The time in the registers; null if it is invalid. The day of the week is calculated from the
    /// date.</summary>
    internal static DateTime? Decode(ReadOnlySpan<byte> registers, RtcFormat format)
    {
        int second = format.Decode(registers[Seconds]), minute = format.Decode(registers[Minutes]),
            hour = format.DecodeHour(registers[Hours]), day = format.Decode(registers[DayOfMonth]),
            month = format.Decode(registers[Month]), year = format.Decode(registers[Year]),
            century = format.Decode(registers[Century]);
        if (second is < 0 or > 59 || minute is < 0 or > 59 || hour < 0 || month is < 1 or > 12 || year is < 0 or >= YearsOfCentury
            || century is < FirstCentury or > LastCentury)
            return null;
        int full = century * YearsOfCentury + year;
        return day >= 1 && day <= DateTime.DaysInMonth(full, month)
            ? new DateTime(full, month, day, hour, minute, second, DateTimeKind.Utc)
            : null;
    }
}
