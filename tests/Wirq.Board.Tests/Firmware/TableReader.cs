using System.Buffers.Binary;
using System.Text;
using Wirq.Board.Firmware;
using Wirq.Board.Memory;

namespace Wirq.Board.Tests.Firmware;

/// <summary>Finds the tables of ACPI in memory as a guest does, and checks their checksums.</summary>
internal sealed class TableReader
{
    private readonly Dictionary<string, byte[]> _tables = [];

    private TableReader()
    {
    }

    internal byte[] this[string signature] => _tables[signature];

    internal IEnumerable<string> Signatures => _tables.Keys;

    /// <summary>Searches for a pointer where a guest does: on 16-byte boundaries from 0xE0000 to 1 MiB.</summary>
    internal static uint Find(BoardMemory memory, ReadOnlySpan<byte> signature)
    {
        uint at = 0xE0000;
        while (!memory.AsSpan(at, signature.Length).SequenceEqual(signature))
            Assert.True((at += 16) < 0x100000, $"there is no {Encoding.ASCII.GetString(signature)}");
        return at;
    }

    /// <summary>Reads from RSDP on.</summary>
    internal static TableReader Of(BoardMemory memory)
    {
        var reader = new TableReader();
        uint rsdp = Find(memory, "RSD PTR "u8);
        Assert.Equal(AcpiTables.Address, rsdp);
        ReadOnlySpan<byte> root = memory.AsSpan(rsdp, 36);
        Assert.Equal((0, 0), (Sum(root[..20]), Sum(root)));
        Assert.Equal((2, 36u), (root[15], Word(root, 20)));
        byte[] xsdt = reader.Add(memory, Word(root, 24), "XSDT");
        for (int at = 36; at < xsdt.Length; at += 8)
            reader.Add(memory, Word(xsdt, at), null);
        reader.Add(memory, Word(reader["FACP"], 40), "DSDT");
        Assert.True(memory.AsSpan(Word(reader["FACP"], 36), 4).SequenceEqual("FACS"u8));
        return reader;
    }

    /// <summary>The entries of a table: type and length in their first two bytes.</summary>
    internal static IEnumerable<byte[]> Entries(byte[] table, int from)
    {
        for (int at = from; at < table.Length; at += table[at + 1])
        {
            Assert.InRange(table[at + 1], 2, table.Length - at);
            yield return table[at..(at + table[at + 1])];
        }
    }

    internal static byte Sum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte each in bytes)
            sum += each;
        return sum;
    }

    internal static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    internal static ushort Half(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private byte[] Add(BoardMemory memory, uint at, string? expected)
    {
        int length = (int)Word(memory.AsSpan(at, 8), 4);
        Assert.InRange(at + (uint)length, AcpiTables.Address, AcpiTables.End);
        byte[] table = memory.AsSpan(at, length).ToArray();
        string signature = Encoding.ASCII.GetString(table, 0, 4);
        Assert.Equal(expected ?? signature, signature);
        Assert.True(Sum(table) == 0, $"the checksum of {signature}");
        _tables.Add(signature, table);
        return table;
    }
}
