using System.Text;
using Wirq.Board.Firmware;
using Wirq.Board.Memory;
using Wirq.Linux.Tests;
using static Wirq.Board.Tests.Firmware.TableReader;

namespace Wirq.Board.Tests.Firmware;

public sealed class MpTablesTests : IDisposable
{
    private const int CpuBytes = 20, OtherBytes = 8, HeaderBytes = 44;

    private readonly BoardMemory _memory;

    public MpTablesTests()
    {
        KvmHost.RequireLinux();
        _memory = new BoardMemory(2 << 20);
    }

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void A_guest_finds_the_machine_in_them()
    {
        byte[][] entries = Read(SamplePc.With(2));
        Assert.Equal([(0, 3), (1, 1)], entries.Where(entry => entry[0] == 0).Select(entry => ((int)entry[1], (int)entry[3])));
        Assert.Equal(["PCI   ", "ISA   "], entries.Where(entry => entry[0] == 1).Select(entry => Encoding.ASCII.GetString(entry, 2, 6)));
        byte[] chip = Assert.Single(entries, entry => entry[0] == 2);
        Assert.Equal(0xFEC00000u, Word(chip, 4));
        // INTR of the 8259s at pin 0; IRQ 0 at pin 2, an edge; IRQ 9, ACPI's, a level; slot 1, INTA# at pin 17, a level.
        Assert.Contains(new byte[] { 3, 3, 0, 0, 1, 0, 0, 0 }, entries);
        Assert.Contains(new byte[] { 3, 0, 0, 0, 1, 0, 0, 2 }, entries);
        Assert.Contains(new byte[] { 3, 0, 0x0D, 0, 1, 9, 0, 9 }, entries);
        Assert.Contains(new byte[] { 3, 0, 0x0D, 0, 0, 4, 0, 17 }, entries);
        Assert.Equal([[4, 3, 0, 0, 1, 0, 0xFF, 0], [4, 1, 0, 0, 1, 0, 0xFF, 1]], entries.Where(entry => entry[0] == 4));
    }

    [Fact]
    public void A_CPU_whose_id_does_not_fit_is_left_out()
    {
        Assert.Equal(255, Read(SamplePc.With(255)).Count(entry => entry[0] == 0));
        Assert.Equal([0, 254], Read(SamplePc.With(3, ids: [0, 254, 300])).Where(entry => entry[0] == 0).Select(entry => (int)entry[1]));
    }

    /// <summary>A guest looks in the last KiB of base memory first, and takes its end from the BIOS's data.</summary>
    [Fact]
    public void Base_memory_ends_at_640_KiB_and_there_is_no_extended_data_area()
    {
        BiosDataArea.Write(_memory);
        Assert.Equal((640, 0), (Half(_memory.AsSpan(0x413, 2), 0), Half(_memory.AsSpan(0x40E, 2), 0)));
    }

    private byte[][] Read(PcDescription pc)
    {
        MpTables.Write(_memory, pc);
        ReadOnlySpan<byte> words = _memory.AsSpan(Find(_memory, "_MP_"u8), 16);
        Assert.Equal((0, 1, 4), (Sum(words), words[8], words[9]));
        uint at = Word(words, 4);
        int length = Half(_memory.AsSpan(at, 6), 4);
        byte[] table = _memory.AsSpan(at, length).ToArray();
        Assert.Equal(("PCMP", 0), (Encoding.ASCII.GetString(table, 0, 4), Sum(table)));
        var entries = new List<byte[]>();
        for (int next = HeaderBytes; next < length;)
        {
            int bytes = table[next] == 0 ? CpuBytes : OtherBytes;
            entries.Add(table[next..(next + bytes)]);
            next += bytes;
        }
        Assert.Equal(Half(table, 34), entries.Count);
        return [.. entries];
    }
}
