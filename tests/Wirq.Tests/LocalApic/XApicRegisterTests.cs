using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>The register page, against SDM vol. 3, table 11-1.</summary>
public sealed class XApicRegisterTests
{
    private const uint IllegalRegister = 1 << 7;

    /// <summary>Offset, what it reads after reset and enabling, and which bits a write can set.</summary>
    public static TheoryData<uint, uint, uint> Registers => new()
    {
        { Id, 0, 0xFF000000 },
        { ApicBench.Version, 0x01060014, 0 },
        { Tpr, 0, 0xFF },
        { 0x90, 0, 0 },
        { Ppr, 0, 0 },
        { 0xC0, 0, 0 },
        { Ldr, 0, 0xFF000000 },
        { Dfr, 0xFFFFFFFF, 0xF0000000 },
        { Svr, 0x1FF, 0x13FF },
        { ApicBench.Cmci, 0x10000, 0x107FF },
        { IcrHigh, 0, 0xFF000000 },
        { ApicBench.Timer, 0x10000, 0x700FF },
        { Thermal, 0x10000, 0x107FF },
        { Performance, 0x10000, 0x107FF },
        { Lint0, 0x10000, 0x1A7FF },
        { Lint1, 0x10000, 0x1A7FF },
        { ApicBench.Error, 0x10000, 0x100FF },
        { InitialCount, 0, 0xFFFFFFFF },
        { CurrentCount, 0, 0 },
        { Divide, 0, 0xB },
    };

    [Theory]
    [MemberData(nameof(Registers))]
    public void A_register_reads_its_reset_value_and_keeps_its_writable_bits(uint offset, uint reset, uint writable)
    {
        var bench = new ApicBench();
        Assert.Equal(reset, bench.Read(offset));
        bench.Write(offset, 0xFFFFFFFF);
        uint read = bench.Read(offset);
        Assert.Equal(writable, (offset == CurrentCount ? 0 : read) & writable);
        Assert.Equal(reset & ~writable, read & ~writable);
        bench.Write(offset, 0);
        Assert.Equal(0u, bench.Read(offset) & writable & ~(offset == Svr ? 0x100u : 0));
        Assert.Equal(0u, bench.LatchedErrors());
    }

    public static TheoryData<uint> Reserved
    {
        get
        {
            uint[] present = [Id, ApicBench.Version, Tpr, 0x90, Ppr, Eoi, 0xC0, Ldr, Dfr, Svr, Esr, ApicBench.Cmci,
                IcrLow, IcrHigh, ApicBench.Timer, Thermal, Performance, Lint0, Lint1, ApicBench.Error, InitialCount,
                CurrentCount, Divide];
            var data = new TheoryData<uint>();
            for (uint offset = 0; offset < 0x1000; offset += 0x10)
            {
                if (!present.Contains(offset) && offset is < Isr or >= Esr)
                    data.Add(offset);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Reserved))]
    public void A_reserved_offset_reads_zero_and_records_an_illegal_register(uint offset)
    {
        var bench = new ApicBench();
        Assert.Equal(0u, bench.Read(offset));
        Assert.Equal(IllegalRegister, bench.LatchedErrors());
        bench.Write(offset, 0xFFFFFFFF);
        Assert.Equal(IllegalRegister, bench.LatchedErrors());
        Assert.Equal(0u, bench.LatchedErrors());
    }

    [Theory]
    [InlineData(ApicBench.Version)]
    [InlineData(Ppr)]
    [InlineData(Isr)]
    [InlineData(Tmr + 0x70)]
    [InlineData(Irr + 0x30)]
    [InlineData(CurrentCount)]
    [InlineData(0x90u)]
    public void A_write_to_a_read_only_register_is_misuse_and_no_error(uint offset)
    {
        var bench = new ApicBench { Events = { Observing = true } };
        uint before = bench.Read(offset);
        bench.Write(offset, 0xFFFFFFFF);
        Event misuse = Assert.Single(bench.Drain());
        Assert.Equal((EventKind.GuestMisuse, (uint)Misuse.ReadOnly, (ulong)offset),
            (misuse.Kind, misuse.Index, misuse.A));
        Assert.Equal(before, bench.Read(offset));
        Assert.Equal(0u, bench.LatchedErrors());
    }

    [Theory]
    [InlineData(0x81u)]
    [InlineData(0x84u)]
    [InlineData(0xB8u)]
    [InlineData(0x20Fu)]
    [InlineData(0xFFFFFFFFu)]
    public void An_offset_between_registers_reads_zero_and_writes_nothing(uint offset)
    {
        var bench = new ApicBench();
        bench.Write(Tpr, 0x77);
        Assert.Equal(0u, bench.Read(offset));
        bench.Write(offset, 0);
        Assert.Equal(0x77u, bench.Read(Tpr));
        Assert.Equal(0u, bench.LatchedErrors());
    }

    [Fact]
    public void Eoi_reads_zero()
    {
        Assert.Equal(0u, new ApicBench().Read(Eoi));
    }

    [Fact]
    public void Delivery_status_always_reads_idle()
    {
        var bench = new ApicBench(2);
        bench.Write(IcrHigh, InterruptCommand.High8(1));
        bench.Write(IcrLow, 0x1041);
        Assert.Equal(0x41u, bench.Read(IcrLow));
        Assert.Equal(InterruptCommand.High8(1), bench.Read(IcrHigh));
        Assert.Equal([1], bench.Holders(0x41));
    }

    [Fact]
    public void Without_cmci_its_entry_is_reserved_and_the_version_says_so()
    {
        var bench = new ApicBench(new LocalApicOptions { Cmci = false });
        Assert.Equal(0x01050014u, bench.Read(ApicBench.Version));
        bench.Write(ApicBench.Cmci, 0x41);
        Assert.Equal(0u, bench.Read(ApicBench.Cmci));
        Assert.Equal(IllegalRegister, bench.LatchedErrors());
        bench.ToX2Apic();
        Assert.False(bench.TryReadMsr(MsrOf(ApicBench.Cmci), out _));
        Assert.False(bench.TryWriteMsr(MsrOf(ApicBench.Cmci), 0x41));
    }

    [Fact]
    public void Without_tsc_deadline_its_mode_bit_is_reserved()
    {
        var bench = new ApicBench(new LocalApicOptions { TscDeadline = false });
        bench.Write(ApicBench.Timer, 0x700FF);
        Assert.Equal(0x300FFu, bench.Read(ApicBench.Timer));
        bench.ToX2Apic();
        Assert.False(bench.TryWriteMsr(MsrOf(ApicBench.Timer), 0x40041));
        Assert.False(bench.TryReadMsr(DeadlineMsr, out _));
        Assert.False(bench.TryWriteMsr(DeadlineMsr, 1));
    }

    [Fact]
    public void Outside_xapic_mode_the_page_reads_all_ones_and_ignores_writes()
    {
        var bench = new ApicBench();
        bench.ToX2Apic();
        Assert.Equal(uint.MaxValue, bench.Read(Tpr));
        bench.Write(Tpr, 0x55);
        Assert.Equal(0ul, bench.ReadX2(Tpr));
        bench.WriteMsr(BaseMsr, Disabled);
        Assert.Equal(uint.MaxValue, bench.Read(ApicBench.Version));
    }

    [Fact]
    public void Spurious_vector_changes_are_told_once()
    {
        var bench = new ApicBench { Events = { Observing = true } };
        bench.Write(Svr, 0x1EE);
        bench.Write(Svr, 0x1EE);
        Event changed = Assert.Single(bench.Drain());
        Assert.Equal((EventKind.SpuriousVectorChanged, 0x1EEul, 0x1FFul), (changed.Kind, changed.A, changed.B));
    }
}
