using System.Buffers.Binary;

namespace Wirq.Traces.Qemu;

/// <summary>Finds the formats of a name. It has its own hash table, because the name is bytes and is not converted to a
/// string.</summary>
internal static class TraceNames
{
    /// <summary>A power of two, more than three times the number of names, so that a probe or two are enough.</summary>
    private const int Size = 1 << Bits;

    private const int Bits = 7;
    private const ulong Spread = 0x9E3779B97F4A7C15;

    private static readonly TraceFormat[]?[] Table = Build();

    /// <summary>The possible texts of a name; null if the name is unknown.</summary>
    internal static TraceFormat[]? Find(ReadOnlySpan<byte> name)
    {
        for (int at = Slot(name); Table[at] is { } formats; at = (at + 1) & (Size - 1))
        {
            if (name.SequenceEqual(formats[0].Name))
                return formats;
        }
        return null;
    }

    private static TraceFormat[]?[] Build()
    {
        var table = new TraceFormat[]?[Size];
        foreach (TraceFormat format in TraceFormats.ByName)
        {
            int at = Slot(format.Name);
            while (table[at] is { } taken && !taken[0].Name.AsSpan().SequenceEqual(format.Name))
                at = (at + 1) & (Size - 1);
            table[at] = [.. table[at] ?? [], format];
        }
        return table;
    }

    /// <summary>The hash. Names share beginnings and ends, rarely both, and almost never the length too.</summary>
    private static int Slot(ReadOnlySpan<byte> name)
    {
        ulong hash = (uint)name.Length;
        if (name.Length >= sizeof(ulong))
        {
            hash += BinaryPrimitives.ReadUInt64LittleEndian(name) * Spread;
            hash ^= BinaryPrimitives.ReadUInt64LittleEndian(name[^sizeof(ulong)..]);
        }
        else
        {
            foreach (byte letter in name)
                hash = (hash << 8) | letter;
        }
        return (int)((hash * Spread) >> (64 - Bits));
    }
}
