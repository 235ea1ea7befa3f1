using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>The pins LINT0 and LINT1 and the sources inside the processor: SDM vol. 3, 11.5.1.</summary>
public sealed class LintTests
{
    private static uint Entry(byte vector, DeliveryMode mode = DeliveryMode.Fixed, bool level = false,
        bool activeLow = false, bool masked = false) =>
        LocalVectorEntry.Create(vector, mode, level, activeLow, masked).Bits;

    private static void Set(ApicBench bench, int pin, bool high, int cpu = 0) =>
        bench.Apics.SetLint(cpu, pin, high, bench.Events);

    [Theory]
    [InlineData(0, Lint0)]
    [InlineData(1, Lint1)]
    public void A_fixed_edge_pin_delivers_at_each_rise(int pin, uint offset)
    {
        var bench = new ApicBench();
        bench.Write(offset, Entry(0x41));
        Set(bench, pin, true);
        Assert.Equal([0x41], bench.Pending());
        Assert.Empty(bench.LevelVectors());
        bench.Take();
        bench.Write(Eoi, 0);
        Set(bench, pin, true);
        Assert.Empty(bench.Pending());
        Set(bench, pin, false);
        Assert.Empty(bench.Pending());
        Set(bench, pin, true);
        Assert.Equal([0x41], bench.Pending());
    }

    [Fact]
    public void A_level_pin_delivers_again_after_the_eoi_while_it_is_high()
    {
        var bench = new ApicBench();
        bench.Write(Lint0, Entry(0x41, level: true));
        Set(bench, 0, true);
        Assert.Equal([0x41], bench.LevelVectors());
        Assert.True(new LocalVectorEntry(bench.Read(Lint0)).RemoteIrr);
        bench.Take();
        bench.Drain();
        bench.Write(Eoi, 0);
        Assert.Equal(["EoiBroadcast 0 0x41", "CpuInterrupt 0 0x0"], bench.DrainText());
        Assert.Equal([0x41], bench.Pending());
        Set(bench, 0, false);
        bench.Take();
        bench.Write(Eoi, 0);
        Assert.Empty(bench.Pending());
        Assert.False(new LocalVectorEntry(bench.Read(Lint0)).RemoteIrr);
    }

    [Fact]
    public void Remote_irr_stands_for_the_vector_that_was_accepted()
    {
        var bench = new ApicBench();
        bench.Write(Lint0, Entry(0x41, level: true));
        Set(bench, 0, true);
        bench.Take();
        bench.Write(Lint0, Entry(0x61, level: true));
        Assert.True(new LocalVectorEntry(bench.Read(Lint0)).RemoteIrr);
        Assert.Empty(bench.Pending());
        bench.Write(Eoi, 0);
        Assert.Equal([0x61], bench.Pending());
    }

    [Fact]
    public void A_rewrite_to_edge_clears_remote_irr()
    {
        var bench = new ApicBench();
        bench.Write(Lint0, Entry(0x41, level: true));
        Set(bench, 0, true);
        bench.Write(Lint0, Entry(0x41));
        Assert.Equal(Entry(0x41), bench.Read(Lint0));
    }

    [Fact]
    public void A_level_pin_that_is_high_delivers_when_it_is_unmasked_and_an_edge_is_gone()
    {
        var bench = new ApicBench();
        Set(bench, 0, true);
        Set(bench, 1, true);
        bench.Write(Lint0, Entry(0x41, level: true));
        bench.Write(Lint1, Entry(0x42));
        Assert.Equal([0x41], bench.Pending());
    }

    [Fact]
    public void Lint1_is_edge_whatever_its_entry_says()
    {
        var bench = new ApicBench();
        bench.Write(Lint1, Entry(0x41, level: true));
        Set(bench, 1, true);
        Assert.Empty(bench.LevelVectors());
        bench.Take();
        bench.Write(Eoi, 0);
        Assert.Empty(bench.Pending());
    }

    [Theory]
    [InlineData(0, DeliveryMode.Nmi, "CpuNmi")]
    [InlineData(1, DeliveryMode.Nmi, "CpuNmi")]
    [InlineData(0, DeliveryMode.Smi, "CpuSmi")]
    [InlineData(1, DeliveryMode.Smi, "CpuSmi")]
    [InlineData(0, DeliveryMode.Init, "CpuInit")]
    [InlineData(1, DeliveryMode.Init, "CpuInit")]
    [InlineData(1, DeliveryMode.ExtInt, "")]
    [InlineData(0, DeliveryMode.LowestPriority, "")]
    [InlineData(0, DeliveryMode.Reserved, "")]
    [InlineData(0, DeliveryMode.StartUp, "")]
    public void Modes_that_are_no_vector_are_edges(int pin, DeliveryMode mode, string effect)
    {
        var bench = new ApicBench();
        bench.Write(pin == 0 ? Lint0 : Lint1, Entry(0x00, mode, level: true));
        Set(bench, pin, true);
        Set(bench, pin, false);
        Assert.Equal(effect, string.Join(',', bench.Drain().Select(e => e.Kind)));
        Assert.Empty(bench.Pending());
    }

    [Fact]
    public void Polarity_turns_the_pin_around()
    {
        var bench = new ApicBench();
        Set(bench, 1, true);
        bench.Write(Lint1, Entry(0x41, activeLow: true));
        Assert.Empty(bench.Pending());
        Set(bench, 1, false);
        Assert.Equal([0x41], bench.Pending());
        bench.Write(Lint0, Entry(0x51, level: true, activeLow: true));
        Assert.Equal([0x41, 0x51], bench.Pending());
    }

    [Fact]
    public void Extint_on_lint0_lets_intr_through_while_it_is_unmasked()
    {
        var bench = new ApicBench(2);
        Assert.False(bench.Apics.HasExtInt(0, true));
        bench.Write(Lint0, Entry(0, DeliveryMode.ExtInt));
        Assert.True(bench.Apics.HasExtInt(0, true));
        Assert.False(bench.Apics.HasExtInt(0, false));
        Assert.False(bench.Apics.HasExtInt(1, true));
        bench.Write(Lint0, Entry(0, DeliveryMode.ExtInt, masked: true));
        Assert.False(bench.Apics.HasExtInt(0, true));
        bench.Write(Lint0, Entry(0x41));
        Assert.False(bench.Apics.HasExtInt(0, true));
    }

    [Fact]
    public void Intr_wakes_the_cpu_when_it_rises_and_when_its_way_opens()
    {
        var bench = new ApicBench();
        bench.Write(Lint0, Entry(0, DeliveryMode.ExtInt));
        Set(bench, 0, true);
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
        bench.Write(Lint0, Entry(0, DeliveryMode.ExtInt, masked: true));
        Assert.Empty(bench.Drain());
        bench.Write(Lint0, Entry(0, DeliveryMode.ExtInt));
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
        bench.Write(Lint0, Entry(0, DeliveryMode.ExtInt, level: true));
        Assert.Empty(bench.Drain());
        bench.Write(Svr, 0xFF);
        Assert.False(bench.Apics.HasExtInt(0, true));
    }

    [Fact]
    public void Without_a_local_apic_the_pins_are_intr_and_nmi_and_intr_is_the_bsps()
    {
        var bench = new ApicBench(2);
        Set(bench, 0, true);
        bench.WriteMsr(BaseMsr, Disabled, cpu: 0);
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
        Assert.True(bench.Apics.HasExtInt(0, true));
        bench.WriteMsr(BaseMsr, Disabled, cpu: 1);
        Set(bench, 0, true, cpu: 1);
        Assert.Empty(bench.Drain());
        Assert.False(bench.Apics.HasExtInt(1, true));
        Set(bench, 1, true, cpu: 1);
        Assert.Equal(["CpuNmi 1 0x0"], bench.DrainText());
        bench.WriteMsr(BaseMsr, Enabled, cpu: 0);
        Assert.False(bench.Apics.HasExtInt(0, true));
    }

    [Fact]
    public void Pins_keep_their_levels_over_a_reset()
    {
        var bench = new ApicBench();
        Set(bench, 0, true);
        bench.Apics.Reset(0, bench.Events);
        bench.Write(Svr, 0x1FF);
        bench.Write(Lint0, Entry(0x41, level: true));
        Assert.Equal([0x41], bench.Pending());
    }

    [Fact]
    public void A_level_pin_with_an_illegal_vector_is_one_error_and_no_remote_irr()
    {
        var bench = new ApicBench();
        bench.Write(Lint0, Entry(0x0A, level: true));
        Set(bench, 0, true);
        Assert.Equal(1u << 6, bench.LatchedErrors());
        Assert.Equal(Entry(0x0A, level: true), bench.Read(Lint0));
    }

    [Theory]
    [InlineData(LocalVector.Thermal, Thermal)]
    [InlineData(LocalVector.Performance, Performance)]
    [InlineData(LocalVector.Cmci, ApicBench.Cmci)]
    public void Sources_inside_deliver_vectors_nmi_and_smi(LocalVector entry, uint offset)
    {
        var bench = new ApicBench();
        bench.Apics.RaiseLocal(0, entry, bench.Events);
        Assert.Empty(bench.Drain());
        bench.Write(offset, Entry(0x41));
        bench.Apics.RaiseLocal(0, entry, bench.Events);
        Assert.Equal([0x41], bench.Pending());
        bench.Drain();
        foreach (DeliveryMode mode in Enum.GetValues<DeliveryMode>())
        {
            if (mode == DeliveryMode.Fixed)
                continue;
            bench.Write(offset, Entry(0, mode));
            bench.Apics.RaiseLocal(0, entry, bench.Events);
            string effect = mode switch { DeliveryMode.Nmi => "CpuNmi", DeliveryMode.Smi => "CpuSmi", _ => "" };
            Assert.Equal(effect, string.Join(',', bench.Drain().Select(e => e.Kind)));
        }
    }

    [Fact]
    public void A_performance_interrupt_masks_its_entry()
    {
        var bench = new ApicBench();
        bench.Write(Performance, Entry(0x41));
        bench.Apics.RaiseLocal(0, LocalVector.Performance, bench.Events);
        Assert.Equal(Entry(0x41, masked: true), bench.Read(Performance));
        bench.Write(Thermal, Entry(0x42));
        bench.Apics.RaiseLocal(0, LocalVector.Thermal, bench.Events);
        Assert.Equal(Entry(0x42), bench.Read(Thermal));
    }

    [Theory]
    [InlineData(LocalVector.Timer)]
    [InlineData(LocalVector.Lint0)]
    [InlineData(LocalVector.Error)]
    public void What_the_chip_raises_itself_cannot_be_raised(LocalVector entry)
    {
        var bench = new ApicBench();
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Apics.RaiseLocal(0, entry, bench.Events));
    }

    [Fact]
    public void Local_interrupts_name_their_entry()
    {
        var bench = new ApicBench(2) { Events = { Observing = true } };
        bench.Write(Lint1, Entry(0x41), cpu: 1);
        Set(bench, 1, true, cpu: 1);
        Event accepted = bench.Drain().Single(e => e.Kind == EventKind.VectorAccepted);
        Assert.Equal(Origin.Local(1, LocalVector.Lint1), accepted.Origin);
    }
}
