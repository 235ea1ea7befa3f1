using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>The registers of x2APIC mode, against SDM vol. 3, table 11-6.</summary>
public sealed class X2ApicRegisterTests
{
    private static ApicBench Bench(int count = 1)
    {
        var bench = new ApicBench(count);
        bench.ToX2Apic();
        return bench;
    }

    private static readonly Dictionary<uint, string> s_access = Access();

    private static Dictionary<uint, string> Access()
    {
        Dictionary<uint, string> access = new()
        {
            [0x802] = "r", [0x803] = "r", [0x808] = "rw", [0x80A] = "r", [0x80B] = "w", [0x80D] = "r", [0x80F] = "rw",
            [0x828] = "rw", [0x82F] = "rw", [0x830] = "rw", [0x832] = "rw", [0x833] = "rw", [0x834] = "rw",
            [0x835] = "rw", [0x836] = "rw", [0x837] = "rw", [0x838] = "rw", [0x839] = "r", [0x83E] = "rw",
            [0x83F] = "w",
        };
        for (uint msr = 0x810; msr < 0x828; msr++)
            access[msr] = "r";
        return access;
    }

    [Fact]
    public void Every_msr_of_the_range_allows_what_table_11_6_says()
    {
        for (uint msr = 0x800; msr <= 0x8FF; msr++)
        {
            ApicBench bench = Bench();
            Assert.True(LocalApics.ClaimsMsr(msr));
            string access = s_access.GetValueOrDefault(msr, "");
            Assert.True(access.Contains('r') == bench.TryReadMsr(msr, out _), $"RDMSR 0x{msr:x}");
            Assert.True(access.Contains('w') == bench.TryWriteMsr(msr, 0), $"WRMSR 0x{msr:x}");
        }
    }

    [Fact]
    public void Outside_x2apic_mode_every_msr_of_the_range_faults()
    {
        var bench = new ApicBench();
        foreach (ulong mode in (ulong[])[Enabled, Disabled])
        {
            bench.WriteMsr(BaseMsr, mode);
            for (uint msr = 0x800; msr <= 0x8FF; msr++)
            {
                Assert.False(bench.TryReadMsr(msr, out _));
                Assert.False(bench.TryWriteMsr(msr, 0));
            }
        }
    }

    [Theory]
    [InlineData(0x10u)]
    [InlineData(0x1Cu)]
    [InlineData(0x6DFu)]
    [InlineData(0x900u)]
    [InlineData(0x7FFu)]
    public void Msrs_of_others_are_not_ours(uint msr)
    {
        ApicBench bench = Bench();
        Assert.False(LocalApics.ClaimsMsr(msr));
        Assert.False(bench.TryReadMsr(msr, out _));
        Assert.False(bench.TryWriteMsr(msr, 0));
    }

    /// <summary>MSR and the bits that may be written without a fault.</summary>
    [Theory]
    [InlineData(0x808u, 0xFFul)]
    [InlineData(0x80Bu, 0ul)]
    [InlineData(0x80Fu, 0x13FFul)]
    [InlineData(0x828u, 0ul)]
    [InlineData(0x82Fu, 0x117FFul)]
    [InlineData(0x830u, 0xFFFFFFFF000CDFFFul)]
    [InlineData(0x832u, 0x710FFul)]
    [InlineData(0x833u, 0x117FFul)]
    [InlineData(0x834u, 0x117FFul)]
    [InlineData(0x835u, 0x1F7FFul)]
    [InlineData(0x836u, 0x1F7FFul)]
    [InlineData(0x837u, 0x110FFul)]
    [InlineData(0x838u, 0xFFFFFFFFul)]
    [InlineData(0x83Eu, 0xBul)]
    [InlineData(0x83Fu, 0xFFul)]
    public void Reserved_bits_fault_one_by_one(uint msr, ulong allowed)
    {
        for (int bit = 0; bit < 64; bit++)
        {
            ApicBench bench = Bench();
            ulong before = s_access[msr].Contains('r') ? bench.ReadMsr(msr) : 0;
            bool ok = bench.TryWriteMsr(msr, 1ul << bit);
            Assert.True(ok == ((allowed >> bit & 1) != 0), $"bit {bit} of MSR 0x{msr:x}");
            if (!ok && s_access[msr].Contains('r'))
                Assert.Equal(before, bench.ReadMsr(msr));
        }
    }

    [Theory]
    [InlineData(0u, 0x00000001u)]
    [InlineData(1u, 0x00000002u)]
    [InlineData(15u, 0x00008000u)]
    [InlineData(16u, 0x00010001u)]
    [InlineData(300u, 0x00121000u)]
    [InlineData(0xFFFFEu, 0xFFFF4000u)]
    public void Id_is_wide_and_read_only_and_the_logical_id_is_derived(uint id, uint ldr)
    {
        var bench = new ApicBench(new LocalApicOptions { Ids = [id] });
        bench.ToX2Apic();
        Assert.Equal(id, bench.ReadX2(Id));
        Assert.Equal(ldr, bench.ReadX2(Ldr));
        Assert.False(bench.TryWriteMsr(MsrOf(Id), id));
        Assert.False(bench.TryWriteMsr(MsrOf(Ldr), ldr));
    }

    [Fact]
    public void The_icr_is_one_register_of_64_bits()
    {
        ApicBench bench = Bench(2);
        bench.WriteX2(IcrLow, 0x00000001_00005041);
        Assert.Equal(0x00000001_00004041ul, bench.ReadX2(IcrLow));
        Assert.Equal([1], bench.Holders(0x41));
        Assert.False(bench.TryReadMsr(MsrOf(IcrHigh), out _));
        Assert.False(bench.TryReadMsr(MsrOf(Dfr), out _));
    }

    [Fact]
    public void Self_ipi_sets_an_edge_here_and_leaves_the_icr_alone()
    {
        ApicBench bench = Bench(2);
        bench.WriteX2(SelfIpi, 0x41, cpu: 1);
        Assert.Equal([1], bench.Holders(0x41));
        Assert.Empty(bench.LevelVectors(1));
        Assert.Equal(0ul, bench.ReadX2(IcrLow, 1));
    }

    [Fact]
    public void Eoi_must_be_zero()
    {
        ApicBench bench = Bench();
        bench.Send(0x41, level: true);
        bench.Take();
        bench.Drain();
        Assert.False(bench.TryWriteMsr(MsrOf(Eoi), 1));
        Assert.Equal([0x41], bench.InService());
        bench.WriteX2(Eoi, 0);
        Assert.Equal(["EoiBroadcast 0 0x41"], bench.DrainText());
    }

    [Fact]
    public void An_illegal_register_is_a_fault_and_no_esr_bit()
    {
        ApicBench bench = Bench();
        bench.TryReadMsr(0x8FF, out _);
        bench.TryWriteMsr(0x801, 0);
        bench.WriteX2(Esr, 0);
        Assert.Equal(0ul, bench.ReadX2(Esr));
    }

    [Fact]
    public void Every_vector_bit_shows_in_the_msrs()
    {
        ApicBench bench = Bench();
        bench.Send(0xE5, level: true);
        Assert.Equal((1ul << 5, 1ul << 5), (bench.ReadMsr(0x827), bench.ReadMsr(0x81F)));
        bench.Take();
        Assert.Equal((0ul, 1ul << 5), (bench.ReadMsr(0x827), bench.ReadMsr(0x817)));
    }
}
