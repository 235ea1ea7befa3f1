using System.Buffers.Binary;

namespace Wirq.Traces.Qemu;

/// <summary>Finds what is known of a name. A table of its own, since the name is bytes and becomes no string.</summary>
internal static class TraceNames
{
    /// <summary>A power of two, three times the names and more, so that a probe or two decide.</summary>
    private const int Size = 1 << Bits;

    private const int Bits = 7;
    private const ulong Spread = 0x9E3779B97F4A7C15;

    private static readonly TraceFormat[]?[] Table = Build();

    /// <summary>The texts that a name may have; null where it is unknown.</summary>
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

    /// <summary>Names share beginnings and ends, seldom both, and hardly ever the length as well.</summary>
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
