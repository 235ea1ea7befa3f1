using System.Runtime.CompilerServices;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Kvm;

/// <summary>Reads the text of an event from left to right, and tells an end that comes too early from a wrong text.</summary>
internal ref struct TextScan(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;
    private int _at;

    /// <summary>The text ended before all was there.</summary>
    internal bool Cut { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Spaces()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t')
            _at++;
    }

    /// <summary>Passes a word, and the spaces before it.</summary>
    // Inlined, the word is a constant, and comparing it takes one or two instructions: this is most of the work on a line.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Word(ReadOnlySpan<byte> word)
    {
        Spaces();
        ReadOnlySpan<byte> rest = _text[_at..];
        if (rest.StartsWith(word))
        {
            _at += word.Length;
            return true;
        }
        if (rest.Length < word.Length)
            Cut |= word.StartsWith(rest);
        return false;
    }

    /// <summary>Reads a decimal number, which may be negative.</summary>
    internal bool Decimal(out long value)
    {
        Spaces();
        value = 0;
        bool negative = _at < _text.Length && _text[_at] == '-';
        int at = _at + (negative ? 1 : 0);
        if (!Digits.TryDecimal(_text, ref at, out ulong number) || number > long.MaxValue)
        {
            Cut |= at >= _text.Length;
            return false;
        }
        value = negative ? -(long)number : (long)number;
        _at = at;
        return true;
    }

    internal bool Number(out int value)
    {
        bool read = Decimal(out long number) && number is >= int.MinValue and <= int.MaxValue;
        value = read ? (int)number : KvmRecord.Untold;
        return read;
    }

    internal bool Hex(out ulong value)
    {
        Spaces();
        int at = _at;
        if (!Digits.TryHex(_text, ref at, out value))
        {
            Cut |= at >= _text.Length || _text[_at..].SequenceEqual("0x"u8);
            return false;
        }
        _at = at;
        return true;
    }

    /// <summary>Reads up to a space, or a character that ends the word.</summary>
    internal ReadOnlySpan<byte> Token(ReadOnlySpan<byte> ends)
    {
        Spaces();
        ReadOnlySpan<byte> rest = _text[_at..];
        int length = rest.IndexOfAny(ends);
        if (length < 0)
            length = rest.Length;
        _at += length;
        return rest[..length];
    }

    /// <summary>Passes what stands in parentheses.</summary>
    internal bool Parenthesis(out ReadOnlySpan<byte> inner)
    {
        inner = default;
        if (!Word("("u8))
            return false;
        int length = _text[_at..].IndexOf((byte)')');
        if (length < 0)
        {
            Cut = true;
            return false;
        }
        inner = _text.Slice(_at, length);
        _at += length + 1;
        return true;
    }

    /// <summary>The equals sign, also as quoted-printable writes it, or lost where a line was wrapped at it.</summary>
    internal void EqualsSign()
    {
        if (!Word("=3D"u8))
            Word("="u8);
        Cut = false;
    }
}
