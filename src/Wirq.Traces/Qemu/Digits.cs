namespace Wirq.Traces.Qemu;

/// <summary>Reads numbers in a line of bytes, without cultures and strings: a log has millions of them.</summary>
internal static class Digits
{
    private const int HexLetterOffset = 10;
    private const ulong LargestTenth = ulong.MaxValue / 10, LargestDigit = ulong.MaxValue % 10;

    /// <summary>Passes the blanks before a number.</summary>
    internal static void SkipBlanks(ReadOnlySpan<byte> text, ref int at)
    {
        while (at < text.Length && text[at] == ' ')
            at++;
    }

    /// <summary>Takes blanks and tabs off both ends.</summary>
    internal static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        int start = 0, end = text.Length;
        while (start < end && text[start] is (byte)' ' or (byte)'\t')
            start++;
        while (end > start && text[end - 1] is (byte)' ' or (byte)'\t')
            end--;
        return text[start..end];
    }

    /// <summary>Reads digits; it fails if the number needs more than 64 bits.</summary>
    internal static bool TryDecimal(ReadOnlySpan<byte> text, ref int at, out ulong value)
    {
        value = 0;
        int start = at;
        for (; (uint)at < (uint)text.Length; at++)
        {
            uint digit = (uint)text[at] - '0';
            if (digit > 9)
                break;
            if (value >= LargestTenth && (value > LargestTenth || digit > LargestDigit))
                return false;
            value = value * 10 + digit;
        }
        return at > start;
    }

    /// <summary>Reads hexadecimal digits of either case, with or without <c>0x</c>: older versions do not print
    /// it.</summary>
    internal static bool TryHex(ReadOnlySpan<byte> text, ref int at, out ulong value)
    {
        value = 0;
        if (text.Length - at > 2 && text[at] == '0' && (text[at + 1] | 0x20) == 'x')
            at += 2;
        int start = at;
        for (; (uint)at < (uint)text.Length; at++)
        {
            uint digit = (uint)text[at] - '0';
            if (digit > 9)
            {
                digit = ((uint)text[at] | 0x20) - 'a';
                if (digit > 5)
                    break;
                digit += HexLetterOffset;
            }
            if (value >> 60 != 0)
                return false;
            value = (value << 4) | digit;
        }
        return at > start;
    }

    /// <summary>Reads exactly <paramref name="count"/> digits.</summary>
    internal static bool TryFixed(ReadOnlySpan<byte> text, ref int at, int count, out int value)
    {
        value = 0;
        if (text.Length - at < count)
            return false;
        for (int end = at + count; at < end; at++)
        {
            uint digit = (uint)text[at] - '0';
            if (digit > 9)
                return false;
            value = value * 10 + (int)digit;
        }
        return true;
    }
}
