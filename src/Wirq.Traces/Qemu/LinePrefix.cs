namespace Wirq.Traces.Qemu;

/// <summary>The prefix of an event: nothing, <c>TID@seconds.microseconds:</c> (up to QEMU 10), or the date that newer
/// versions print, which has no thread.</summary>
internal static class LinePrefix
{
    private const long MicrosecondsPerSecond = 1_000_000;
    private const int FractionDigits = 6;

    /// <summary>More seconds than this do not fit as microseconds.</summary>
    private const ulong HighestSecond = long.MaxValue / MicrosecondsPerSecond - 1;

    /// <summary>Length of <c>2026-11-20T10:00:00</c>.</summary>
    private const int DateLength = 19;

    /// <summary>Reads the prefix, if there is one.</summary>
    /// <returns>Its length.</returns>
    internal static int Read(ReadOnlySpan<byte> line, out long thread, out long microseconds)
    {
        thread = 0;
        microseconds = -1;
        if (line.IsEmpty || (uint)line[0] - '0' > 9)
            return 0;
        int length = ReadThread(line, ref thread, ref microseconds);
        return length > 0 ? length : ReadDate(line, ref microseconds);
    }

    private static int ReadThread(ReadOnlySpan<byte> line, ref long thread, ref long microseconds)
    {
        int at = 0;
        if (!Digits.TryDecimal(line, ref at, out ulong tid) || !Accept(line, ref at, '@') || tid > long.MaxValue)
            return 0;
        if (!Digits.TryDecimal(line, ref at, out ulong seconds) || !Accept(line, ref at, '.') || seconds > HighestSecond)
            return 0;
        if (!TryFraction(line, ref at, out long fraction) || !Accept(line, ref at, ':'))
            return 0;
        thread = (long)tid;
        microseconds = (long)seconds * MicrosecondsPerSecond + fraction;
        return at;
    }

    private static int ReadDate(ReadOnlySpan<byte> line, ref long microseconds)
    {
        int at = 0;
        if (line.Length <= DateLength
            || !Digits.TryFixed(line, ref at, 4, out int year) || !Accept(line, ref at, '-')
            || !Digits.TryFixed(line, ref at, 2, out int month) || !Accept(line, ref at, '-')
            || !Digits.TryFixed(line, ref at, 2, out int day) || !Accept(line, ref at, 'T')
            || !Digits.TryFixed(line, ref at, 2, out int hour) || !Accept(line, ref at, ':')
            || !Digits.TryFixed(line, ref at, 2, out int minute) || !Accept(line, ref at, ':')
            || !Digits.TryFixed(line, ref at, 2, out int second))
            return 0;
        long fraction = 0;
        // A whole second is printed without a fraction.
        if (Accept(line, ref at, '.') && !TryFraction(line, ref at, out fraction))
            return 0;
        if (!TryZone(line, ref at, out int zoneMinutes) || !Accept(line, ref at, ' '))
            return 0;
        if (year is 0 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59)
            return 0;
        long ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks;
        microseconds = ticks / TimeSpan.TicksPerMicrosecond - zoneMinutes * 60 * MicrosecondsPerSecond + fraction;
        return at;
    }

    private static bool TryZone(ReadOnlySpan<byte> line, ref int at, out int minutes)
    {
        minutes = 0;
        if (Accept(line, ref at, 'Z'))
            return true;
        bool west = Accept(line, ref at, '-');
        if ((!west && !Accept(line, ref at, '+')) || !Digits.TryFixed(line, ref at, 2, out int hours))
            return false;
        Accept(line, ref at, ':');
        if (!Digits.TryFixed(line, ref at, 2, out int rest))
            return false;
        minutes = (hours * 60 + rest) * (west ? -1 : 1);
        return true;
    }

    /// <summary>Reads the digits after a decimal point, as microseconds.</summary>
    private static bool TryFraction(ReadOnlySpan<byte> line, ref int at, out long microseconds)
    {
        microseconds = 0;
        int digits = 0;
        for (; at < line.Length && (uint)line[at] - '0' <= 9; at++, digits++)
        {
            if (digits < FractionDigits)
                microseconds = microseconds * 10 + (line[at] - '0');
        }
        for (int missing = digits; missing < FractionDigits; missing++)
            microseconds *= 10;
        return digits > 0;
    }

    private static bool Accept(ReadOnlySpan<byte> line, ref int at, char expected)
    {
        if (at >= line.Length || line[at] != expected)
            return false;
        at++;
        return true;
    }
}
