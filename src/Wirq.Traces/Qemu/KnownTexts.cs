using System.Buffers.Binary;

namespace Wirq.Traces.Qemu;

/// <summary>Remembers what the texts of lines mean. A log has the same few hundred texts again and again, and a comparison with the one that
/// was read last takes less than reading it.</summary>
/// <remarks>Each text has one place in the table, and takes it from the one before. So the memory is fixed, and a log of which no two texts
/// are equal only pays for a copy of each.</remarks>
internal sealed class KnownTexts
{
    private const int Bits = 11, Places = 1 << Bits, Longest = 64, Word = sizeof(ulong);
    // Odd numbers whose bits show no pattern: a word at another place of the text gets another one.
    private const ulong First = 0x9E3779B97F4A7C15, Step = 0xD1B54A32D192ED02;

    private readonly byte[] _texts = new byte[Places * Longest];
    private readonly Meaning[] _meanings = new Meaning[Places];

    /// <summary>Where a text has its place; -1 if it is too long or too short to have one.</summary>
    internal static int PlaceOf(ReadOnlySpan<byte> text)
    {
        if (text.Length is < Word or > Longest)
            return -1;
        ulong hash = (uint)text.Length, factor = First;
        int at = 0;
        for (; at <= text.Length - 2 * Word; at += Word, factor += Step)
            hash += BinaryPrimitives.ReadUInt64LittleEndian(text[at..]) * factor;
        hash ^= hash >> 32;
        // The last two words may overlap: they take what is left.
        hash += BinaryPrimitives.ReadUInt64LittleEndian(text[at..]) * factor;
        hash += BinaryPrimitives.ReadUInt64LittleEndian(text[^Word..]) * (factor + Step);
        hash ^= hash >> 29;
        return (int)((hash * First) >> (64 - Bits));
    }

    /// <summary>What a text means, if it was the last at its place.</summary>
    internal bool TryFind(int place, ReadOnlySpan<byte> text, out TraceEvent happened, Span<ulong> data)
    {
        ref readonly Meaning known = ref _meanings[place];
        happened = known.Event;
        if (known.Length != text.Length || !text.SequenceEqual(_texts.AsSpan(place * Longest, text.Length)))
            return false;
        (data[0], data[1], data[2], data[3], data[4], data[5]) = (known.A, known.B, known.C, known.D, known.E, known.F);
        return true;
    }

    /// <summary>Remembers what a text means.</summary>
    internal void Learn(int place, ReadOnlySpan<byte> text, TraceEvent happened, ReadOnlySpan<ulong> data)
    {
        text.CopyTo(_texts.AsSpan(place * Longest));
        _meanings[place] = new(happened, text.Length, data[0], data[1], data[2], data[3], data[4], data[5]);
    }

    private readonly record struct Meaning(TraceEvent Event, int Length, ulong A, ulong B, ulong C, ulong D, ulong E, ulong F);
}
