namespace Wirq.Board.Devices.Clock;

/// <summary>Register A.</summary>
/// <remarks><code>7 an update is in progress (read-only)   6:4 divider: 2 for a crystal of 32768 Hz, others stop it
/// 3:0 rate of the periodic interrupt; 0 for none</code>MC146818 data sheet, "Register A".</remarks>
internal readonly record struct RtcControlA(byte Bits)
{
    internal const byte Writable = 0x7F, UpdateInProgress = 0x80;

    private const int RunningDivider = 2, DividerShift = 4;

    internal bool Runs => (Bits >> DividerShift & 7) == RunningDivider;

    /// <summary>Ticks of the crystal between two periodic interrupts; 0 for none. Rates 1 and 2 are the same as 8 and 9
    /// (table 5).</summary>
    internal long Period => (Bits & 0xF) switch
    {
        0 => 0,
        1 => 1 << 7,
        2 => 1 << 8,
        int rate => 1 << rate - 1,
    };
}

/// <summary>Register B.</summary>
/// <remarks><code>7 set: updates stop   6 periodic   5 alarm   4 update-ended interrupt   3 square wave
/// 2 binary, not BCD   1 24 hours, not 12   0 daylight saving</code>MC146818 data sheet, "Register B".</remarks>
internal readonly record struct RtcControlB(byte Bits)
{
    internal const byte SetBit = 0x80;

    internal bool Set => (Bits & SetBit) != 0;
    internal bool Binary => (Bits & 4) != 0;
    internal bool Hours24 => (Bits & 2) != 0;
    internal RtcFlags Enabled => new((byte)(Bits & RtcFlags.All));
}

/// <summary>Register C: what happened since the last read.</summary>
/// <remarks><code>7 interrupt   6 periodic   5 alarm   4 update ended   3:0 zero</code>MC146818 data sheet, "Register
/// C".</remarks>
internal readonly record struct RtcFlags(byte Bits)
{
    internal const byte All = 0x70;

    private const byte InterruptBit = 0x80;

    internal static RtcFlags Periodic => new(0x40);
    internal static RtcFlags Alarm => new(0x20);
    internal static RtcFlags Update => new(0x10);

    internal bool Has(RtcFlags flags) => (Bits & flags.Bits) != 0;

    internal RtcFlags With(RtcFlags flags) => new((byte)(Bits | flags.Bits));

    internal RtcFlags WithInterrupt(bool raised) => raised ? new((byte)(Bits | InterruptBit)) : this;
}

/// <summary>The format of numbers in the time registers, by register B.</summary>
/// <remarks>MC146818 data sheet, table 3. In 12-hour mode bit 7 of the hours means p.m.</remarks>
internal readonly record struct RtcFormat(bool Binary, bool Hours24)
{
    private const byte Afternoon = 0x80;
    private const int DigitShift = 4, HalfDay = 12;

    internal byte Encode(int value) => (byte)(Binary ? value : value / 10 << DigitShift | value % 10);

    /// <summary>The number; -1 if it is invalid.</summary>
    internal int Decode(byte bits)
    {
        if (Binary)
            return bits;
        int tens = bits >> DigitShift, ones = bits & 0xF;
        return tens > 9 || ones > 9 ? -1 : tens * 10 + ones;
    }

    internal byte EncodeHour(int hour)
    {
        if (Hours24)
            return Encode(hour);
        int shown = hour % HalfDay == 0 ? HalfDay : hour % HalfDay;
        return (byte)(Encode(shown) | (hour >= HalfDay ? Afternoon : 0));
    }

    /// <summary>The hour, 0 to 23; -1 if it is invalid.</summary>
    internal int DecodeHour(byte bits)
    {
        if (Hours24)
            return Decode(bits) is var hour and >= 0 and < 24 ? hour : -1;
        int shown = Decode((byte)(bits & ~Afternoon));
        return shown is < 1 or > HalfDay ? -1 : shown % HalfDay + ((bits & Afternoon) != 0 ? HalfDay : 0);
    }
}
