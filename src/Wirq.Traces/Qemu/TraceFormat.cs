using System.Globalization;
using System.Text;

namespace Wirq.Traces.Qemu;

/// <summary>How a number is printed.</summary>
internal enum FieldKind : byte
{
    /// <summary>No number: the text ends here.</summary>
    None,

    /// <summary>Decimal; a negative number is extended to 64 bits.</summary>
    Decimal,

    /// <summary>Hexadecimal, with or without <c>0x</c>.</summary>
    Hex,

    /// <summary>Decimal; only zero and not zero are distinguished.</summary>
    Level,

    /// <summary>Hexadecimal number of a local APIC register, read as its offset.</summary>
    Register,

    /// <summary>Hexadecimal offset in the local APIC's page, read as the offset of the register that contains
    /// it.</summary>
    Offset,
    /// <summary>A word, whose contents are not needed.</summary>
    Word,
}

/// <summary>A known line. It is split into parts once, so that reading a line only compares these parts.</summary>
internal sealed class TraceFormat
{
    /// <summary>The number of values of a line, with one more slot for values that are not needed.</summary>
    internal const int Slots = 7;

    private const int Unneeded = Slots - 1;
    private const string Open = "...";

    /// <summary>Registers of the local APIC are 16 bytes apart.</summary>
    private const int RegisterShift = 4;

    /// <summary>QEMU checks only these bits of an address.</summary>
    private const ulong RegisterMask = 0xFF0;

    private readonly Part[] _parts;
    private readonly bool _open;

    internal TraceFormat(TraceEvent happened, string name, string text)
    {
        Event = happened;
        Name = Encoding.ASCII.GetBytes(name);
        _open = text.EndsWith(Open, StringComparison.Ordinal);
        _parts = [.. TakeApart(_open ? text[..^Open.Length] : text)];
    }

    internal TraceEvent Event { get; }

    internal byte[] Name { get; }

    /// <summary>Reads the text after the name.</summary>
    internal bool TryRead(ReadOnlySpan<byte> text, Span<ulong> data)
    {
        int at = 0;
        foreach (ref readonly Part part in _parts.AsSpan())
        {
            if (!text[at..].StartsWith(part.Literal))
                return false;
            at += part.Literal.Length;
            if (part.Kind != FieldKind.None && !TryField(text, ref at, part, out data[part.Slot]))
                return false;
        }
        return _open || at == text.Length;
    }

    private static bool TryField(ReadOnlySpan<byte> text, ref int at, in Part part, out ulong value)
    {
        switch (part.Kind)
        {
            case FieldKind.Decimal:
                return TryInteger(text, ref at, out value) && value <= part.Highest;
            case FieldKind.Hex:
                return Digits.TryHex(text, ref at, out value) && value <= part.Highest;
            case FieldKind.Level:
                bool read = TryInteger(text, ref at, out value);
                value = value == 0 ? 0u : 1;
                return read;
            case FieldKind.Register:
                bool known = Digits.TryHex(text, ref at, out value) && value <= part.Highest;
                value <<= RegisterShift;
                return known;
            case FieldKind.Word:
                int length = text[at..].IndexOf((byte)' ');
                (at, value) = (at + Math.Max(length, 0), 0);
                return length > 0;
            default:
                bool offset = Digits.TryHex(text, ref at, out value);
                value &= RegisterMask;
                return offset;
        }
    }

    private static bool TryInteger(ReadOnlySpan<byte> text, ref int at, out ulong value)
    {
        bool negative = at < text.Length && text[at] == '-';
        if (negative)
            at++;
        if (!Digits.TryDecimal(text, ref at, out value))
            return false;
        if (negative)
            value = unchecked(0 - value);
        return true;
    }

    private static IEnumerable<Part> TakeApart(string text)
    {
        int at = 0;
        for (int open; (open = text.IndexOf('{', at)) >= 0;)
        {
            int close = text.IndexOf('}', open);
            yield return TakeApart(text[at..open], text[(open + 1)..close]);
            at = close + 1;
        }
        if (at < text.Length)
            yield return new Part(Encoding.ASCII.GetBytes(text[at..]), FieldKind.None, Unneeded, 0);
    }

    /// <summary>Splits <c>A:x&lt;256</c>.</summary>
    private static Part TakeApart(string literal, string field)
    {
        string[] bounded = field.Split('<');
        string[] kinded = bounded[0].Split(':');
        FieldKind kind = kinded.Length == 1 ? FieldKind.Decimal : kinded[1] switch
        {
            "x" => FieldKind.Hex,
            "level" => FieldKind.Level,
            "register" => FieldKind.Register,
            "offset" => FieldKind.Offset,
            "word" => FieldKind.Word,
            _ => throw new ArgumentException(field, nameof(field)),
        };
        ulong highest = bounded.Length == 1 ? ulong.MaxValue : ulong.Parse(bounded[1], CultureInfo.InvariantCulture) - 1;
        int slot = kinded[0] == "_" ? Unneeded : kinded[0][0] - 'A';
        return new Part(Encoding.ASCII.GetBytes(literal), kind, slot, highest);
    }

    /// <summary>Literal bytes of the line, and the number after them.</summary>
    private readonly record struct Part(byte[] Literal, FieldKind Kind, int Slot, ulong Highest);
}
