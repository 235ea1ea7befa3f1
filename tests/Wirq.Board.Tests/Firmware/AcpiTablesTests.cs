using Wirq.Board.Devices;
using Wirq.Board.Firmware;
using Wirq.Board.Memory;
using Wirq.Linux.Tests;
using static Wirq.Board.Tests.Firmware.TableReader;

namespace Wirq.Board.Tests.Firmware;

public sealed class AcpiTablesTests : IDisposable
{
    private readonly BoardMemory _memory;

    public AcpiTablesTests()
    {
        KvmHost.RequireLinux();
        _memory = new BoardMemory(2 << 20);
    }

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(255, true)]
    public void A_guest_finds_all_tables_and_their_checksums_are_right(int cpus, bool vtd)
    {
        TableReader tables = Write(SamplePc.With(cpus, vtd: vtd));
        Assert.Equal(vtd ? ["XSDT", "FACP", "APIC", "DMAR", "DSDT"] : ["XSDT", "FACP", "APIC", "DSDT"], tables.Signatures);
    }

    [Fact]
    public void FADT_names_the_ports_that_the_devices_have_and_is_not_hardware_reduced()
    {
        byte[] fadt = Write(SamplePc.With())["FACP"];
        Assert.Equal((268, 9), (fadt.Length, Half(fadt, 46)));
        Assert.Equal((PowerManagement.EventPort, PowerManagement.ControlPort, PowerManagement.TimerPort),
            (Word(fadt, 56), Word(fadt, 64), Word(fadt, 76)));
        Assert.Equal([PowerManagement.EventBytes, PowerManagement.ControlBytes, 0, PowerManagement.TimerBytes], fadt[88..92].Select(each => (int)each));
        // The same ports as generic addresses: I/O space, then bits.
        Assert.Equal((1, 32, (uint)PowerManagement.EventPort), (fadt[148], fadt[149], Word(fadt, 152)));
        Assert.Equal((1, 16, (uint)PowerManagement.ControlPort), (fadt[172], fadt[173], Word(fadt, 176)));
        Assert.Equal((1, 32, (uint)PowerManagement.TimerPort), (fadt[208], fadt[209], Word(fadt, 212)));
        Assert.Equal((1, 8, 0xCF9u, 6), (fadt[116], fadt[117], Word(fadt, 120), fadt[128]));
        const uint hardwareReduced = 1 << 20, timer32 = 1 << 8, resetRegister = 1 << 10;
        Assert.Equal(timer32 | resetRegister, Word(fadt, 112) & (hardwareReduced | timer32 | resetRegister));
        // ACPI is on without an SMI; there are ISA devices, but neither a keyboard controller nor VGA.
        Assert.Equal((0u, 5), (Word(fadt, 48), Half(fadt, 109)));
    }

    [Fact]
    public void MADT_says_the_GSIs_that_the_machine_has()
    {
        byte[] madt = Write(SamplePc.With(2, overrides: new Dictionary<int, int> { [0] = 2, [5] = 20 }))["APIC"];
        Assert.Equal((0xFEE00000u, 1u), (Word(madt, 36), Word(madt, 40)));
        Assert.Equal(
            [
                [0, 8, 0, 0, 1, 0, 0, 0],
                [0, 8, 1, 1, 1, 0, 0, 0],
                [1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0],
                [2, 10, 0, 0, 2, 0, 0, 0, 0, 0],
                [2, 10, 0, 5, 20, 0, 0, 0, 0, 0],
                // SCI: level, active high.
                [2, 10, 0, 9, 9, 0, 0, 0, 0x0D, 0],
                [4, 6, 0xFF, 0, 0, 1],
            ],
            Entries(madt, 44));
    }

    [Fact]
    public void A_CPU_whose_id_needs_more_than_8_bits_is_an_x2APIC()
    {
        byte[][] entries = [.. Entries(Write(SamplePc.With(4, ids: [0, 254, 255, 0x12345]))["APIC"], 44)];
        Assert.Equal([(0, 8), (0, 8), (9, 16), (9, 16)], entries.Take(4).Select(entry => ((int)entry[0], entry.Length)));
        Assert.Equal([255u, 0x12345u], entries[2..4].Select(entry => Word(entry, 4)));
        Assert.Equal([10, 12, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0], entries[^1]);
    }

    [Fact]
    public void DMAR_lists_the_IoApic_by_its_requester()
    {
        byte[] dmar = Write(SamplePc.With(vtd: true))["DMAR"];
        // 46 bits of addresses, interrupts are remapped.
        Assert.Equal((45, 1), (dmar[36], dmar[37]));
        Assert.Equal((0, 24, 1, 0xFED90000u), (Half(dmar, 48), Half(dmar, 50), dmar[52], Word(dmar, 56)));
        Assert.Equal([3, 8, 0, 0, 0, 0xFF, 0, 0], dmar[64..]);
    }

    private TableReader Write(PcDescription pc)
    {
        AcpiTables.Write(_memory, pc);
        return TableReader.Of(_memory);
    }
}
