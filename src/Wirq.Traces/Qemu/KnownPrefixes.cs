using System.Buffers.Binary;

namespace Wirq.Traces.Qemu;

/// <summary>Remembers the thread and the second of the last prefixes, of either form. A log has thousands of lines of one thread in one
/// second, which differ in the microseconds alone.</summary>
internal sealed class KnownPrefixes
{
    private const int Word = sizeof(ulong), Longest = 48;
    private const long MicrosecondsPerSecond = 1_000_000;
    // ".dddddd:" and ".ddddddZ" as little-endian words: the digits are bytes 1 to 6.
    private const ulong Frame = 0xFF00_0000_0000_00FF;
    private const int LastByte = 56;
    private const ulong Zeros = 0x0030_3030_3030_3000, HighNibbles = 0x00F0_F0F0_F0F0_F000, ToCarry = 0x0006_0606_0606_0600;

    // Several: the lines of the devices' thread and of the CPUs' take turns. Each thread has its place by its number.
    private const int HeadBits = 4;
    private readonly Head[] _heads = [.. Enumerable.Range(0, 1 << HeadBits).Select(static _ => new Head())];

    /// <summary>Reads a prefix that differs from one of the last in its microseconds alone, which are six digits.</summary>
    /// <returns>Its length; 0 if it is another one.</returns>
    internal int Read(ReadOnlySpan<byte> line, out long thread, out long microseconds)
    {
        Head? known = line.Length >= Word ? _heads[PlaceOf(line)] : null;
        if (known is null || !known.Begins(line))
        {
            (thread, microseconds) = (0, -1);
            return 0;
        }
        (thread, microseconds) = (known.Thread, known.Second + Fraction(line, known, out bool six));
        int length = known.Length + Word - 1;
        if (!six || known.IsDate && (length == line.Length || line[length] != ' '))
            return 0;
        return known.IsDate ? length + 1 : length;
    }

    /// <summary>Remembers a prefix <c>TID@seconds.microseconds:</c>, or a date with microseconds in UTC and the space behind it.</summary>
    internal void Learn(ReadOnlySpan<byte> prefix, long thread, long microseconds)
    {
        int point = prefix.IndexOf((byte)'.');
        bool date = prefix.EndsWith("Z "u8);
        if (date)
            prefix = prefix[..^1];
        if (point < 0 || point + 1 > Longest || prefix.Length != point + Word || !date && prefix[^1] != ':')
            return;
        // Dates before 1970 are negative, and the fraction counts up all the same.
        long fraction = (microseconds % MicrosecondsPerSecond + MicrosecondsPerSecond) % MicrosecondsPerSecond;
        _heads[PlaceOf(prefix)].Learn(prefix[..(point + 1)], date, thread, microseconds - fraction);
    }

    private static int PlaceOf(ReadOnlySpan<byte> prefix)
    {
        const ulong spread = 0x9E3779B97F4A7C15;
        return (int)(BinaryPrimitives.ReadUInt64LittleEndian(prefix) * spread >> (64 - HeadBits));
    }

    /// <summary>The six digits after the point, which is the last byte of the head.</summary>
    private static long Fraction(ReadOnlySpan<byte> line, Head head, out bool six)
    {
        ulong word = BinaryPrimitives.ReadUInt64LittleEndian(line[(head.Length - 1)..]), digits = word & ~Frame;
        six = (word & Frame) == ((ulong)(head.IsDate ? 'Z' : ':') << LastByte | '.') && (digits & HighNibbles) == Zeros && ((digits + ToCarry) & HighNibbles) == Zeros;
        // Two zeros before them make eight digits. Neighbours become pairs, pairs fours, and fours the number.
        ulong eight = (digits - Zeros) << 8;
        eight = eight * 10 + (eight >> 8);
        const ulong pairs = 0x0000_00FF_0000_00FF, high = 0x000F_4240_0000_0064, low = 0x0000_2710_0000_0001;
        return (long)(uint)(((eight & pairs) * high + ((eight >> 16) & pairs) * low) >> 32);
    }

    private sealed class Head
    {
        private readonly byte[] _bytes = new byte[Longest];

        internal int Length { get; private set; }
        /// <summary>Whether it is a date, and not a thread with seconds.</summary>
        internal bool IsDate { get; private set; }
        internal long Thread { get; private set; }
        /// <summary>Its second, in microseconds.</summary>
        internal long Second { get; private set; }

        internal bool Begins(ReadOnlySpan<byte> line) =>
            Length > 0 && line.Length >= Length + Word - 1 && line[..Length].SequenceEqual(_bytes.AsSpan(0, Length));

        internal void Learn(ReadOnlySpan<byte> head, bool date, long thread, long second)
        {
            head.CopyTo(_bytes);
            (Length, IsDate, Thread, Second) = (head.Length, date, thread, second);
        }
    }
}
