namespace Wirq.Board.Timing;

/// <summary>An oscillator: its ticks, counted from time 0.</summary>
/// <param name="Hertz">Ticks in a second.</param>
internal readonly record struct Frequency(long Hertz)
{
    internal const long Second = 1_000_000_000;

    /// <summary>The number of ticks that have passed at a time.</summary>
    /// <param name="nanoseconds">Not negative.</param>
    internal long TicksAt(long nanoseconds) => (long)((Int128)nanoseconds * Hertz / Second);

    /// <summary>The first time at which this number of ticks has passed; at most the highest time.</summary>
    /// <param name="ticks">Not negative.</param>
    internal long TimeOf(long ticks)
    {
        Int128 time = ((Int128)ticks * Second + Hertz - 1) / Hertz;
        return time > long.MaxValue ? long.MaxValue : (long)time;
    }
}
