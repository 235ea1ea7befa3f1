namespace Wirq.Board.Devices.Pit;

/// <summary>The control word of an 8254.</summary>
/// <remarks><code>
/// 7:6 counter, or 3 for a read-back   5:4 access: 0 latches the count, 1 low byte, 2 high byte, 3 low then high
/// 3:1 mode; 6 and 7 mean 2 and 3   0 counts in BCD
/// read-back: 5 does not latch the count   4 does not latch the status   3:1 counters 2 to 0
/// </code>Intel 8254 data sheet, "Control Word Format" and "Read-Back Command".</remarks>
internal readonly record struct PitControl(byte Bits)
{
    private const int ReadBackCounter = 3;
    private const int CounterShift = 6, AccessShift = 4, ModeShift = 1;

    internal int Counter => Bits >> CounterShift;
    internal bool IsReadBack => Counter == ReadBackCounter;
    internal PitAccess Access => (PitAccess)(Bits >> AccessShift & 3);
    internal int Mode => (Bits >> ModeShift & 7) switch
    {
        6 => 2,
        7 => 3,
        int mode => mode,
    };
    internal bool Bcd => (Bits & 1) != 0;

    internal bool LatchesCount => (Bits & 0x20) == 0;
    internal bool LatchesStatus => (Bits & 0x10) == 0;
    internal bool Selects(int counter) => (Bits >> ModeShift + counter & 1) != 0;
}

/// <summary>Which bytes of a count are read and written.</summary>
internal enum PitAccess : byte
{
    Latch,
    Low,
    High,
    LowThenHigh,
}

/// <summary>What a read-back latches of a counter.</summary>
/// <remarks><code>
/// 7 OUT   6 null count: the written count is not loaded yet   5:0 as in the control word
/// </code></remarks>
internal readonly record struct PitStatus(byte Bits)
{
    private const byte OutBit = 0x80, NullBit = 0x40, Mode = 0x3F;

    internal static PitStatus Of(PitControl control, bool output, bool isNull) =>
        new((byte)(control.Bits & Mode | (output ? OutBit : 0) | (isNull ? NullBit : 0)));
}

/// <summary>A count of 16 bits, as the guest reads and writes it.</summary>
internal readonly record struct PitCount(ushort Bits)
{
    private const int DigitBits = 4, Digits = 4, ByteBits = 8;

    internal byte Low => (byte)Bits;
    internal byte High => (byte)(Bits >> ByteBits);

    internal static PitCount Of(byte low, byte high) => new((ushort)(low | high << ByteBits));

    /// <summary>The number of clocks. 0 is the maximum: 65536, or 10000 in BCD.</summary>
    internal int Clocks(bool bcd)
    {
        if (!bcd)
            return Bits == 0 ? PitCounter.BinaryRange : Bits;
        int clocks = 0;
        // A digit above 9 is invalid; it counts with its value.
        for (int digit = Digits - 1; digit >= 0; digit--)
            clocks = clocks * 10 + (Bits >> digit * DigitBits & 0xF);
        return clocks == 0 ? PitCounter.BcdRange : clocks;
    }

    internal static PitCount FromClocks(int clocks, bool bcd)
    {
        if (!bcd)
            return new((ushort)clocks);
        int bits = 0;
        for (int digit = 0; digit < Digits; digit++, clocks /= 10)
            bits |= clocks % 10 << digit * DigitBits;
        return new((ushort)bits);
    }
}

/// <summary>Port 0x61 of a PC.</summary>
/// <remarks><code>5 OUT of counter 2   4 toggles with each refresh of memory   3:2 checks off   1 speaker   0 gate of
/// counter 2</code>IBM PC/AT Technical Reference, system board.</remarks>
internal readonly record struct SpeakerPort(byte Bits)
{
    internal const byte Writable = 0x0F;

    internal bool Gate => (Bits & 1) != 0;

    internal SpeakerPort With(bool output, bool refresh) => new((byte)(Bits | (output ? 0x20 : 0) | (refresh ? 0x10 : 0)));
}
