using System.Buffers.Binary;
using System.Text;

namespace Wirq.Board.Firmware;

/// <summary>Writes the fields of a table, one after the other, little-endian.</summary>
internal sealed class TableWriter
{
    private readonly List<byte> _bytes = [];

    internal int Length => _bytes.Count;

    internal TableWriter Byte(int value)
    {
        _bytes.Add((byte)value);
        return this;
    }

    internal TableWriter Half(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return Bytes(bytes);
    }

    internal TableWriter Word(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Bytes(bytes);
    }

    internal TableWriter Long(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Bytes(bytes);
    }

    /// <summary>ASCII text in a field of fixed length; blanks fill it up.</summary>
    internal TableWriter Text(string text, int length) => Bytes(Encoding.ASCII.GetBytes(text.PadRight(length)[..length]));

    internal TableWriter Bytes(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    internal TableWriter Zeros(int count) => Bytes(new byte[count]);

    internal byte[] ToArray() => [.. _bytes];

    /// <summary>The byte that makes the sum of all bytes 0, if the byte that it is written to is 0 now.</summary>
    internal static byte Checksum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte each in bytes)
            sum += each;
        return (byte)-sum;
    }
}
