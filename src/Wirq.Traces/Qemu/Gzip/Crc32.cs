using System.Buffers.Binary;

namespace Wirq.Traces.Qemu.Gzip;

/// <summary>The checksum of gzip, eight bytes at a time: a byte at a time it would cost more than decompressing.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private const int Slices = 8, Values = 256;

    private static readonly uint[] Table = Build();

    /// <summary>Goes on with a checksum; the first is 0.</summary>
    internal static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        crc = ~crc;
        uint[] table = Table;
        for (; data.Length >= Slices; data = data[Slices..])
        {
            ulong eight = BinaryPrimitives.ReadUInt64LittleEndian(data) ^ crc;
            crc = 0;
            for (int slice = Slices - 1; slice >= 0; slice--, eight >>= 8)
                crc ^= table[slice * Values + (byte)eight];
        }
        foreach (byte one in data)
            crc = table[(byte)(crc ^ one)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] Build()
    {
        var table = new uint[Slices * Values];
        for (uint i = 0; i < Values; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * Polynomial);
            table[i] = crc;
        }
        for (int i = Values; i < table.Length; i++)
            table[i] = table[(byte)table[i - Values]] ^ (table[i - Values] >> 8);
        return table;
    }
}
