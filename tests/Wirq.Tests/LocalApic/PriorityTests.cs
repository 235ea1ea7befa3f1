using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

public sealed class PriorityTests
{
    [Fact]
    public void A_fixed_message_becomes_pending_is_taken_and_ended()
    {
        var bench = new ApicBench();
        Assert.Equal(RefusalReason.None, bench.Send(0x41));
        Assert.Equal([0x41], bench.Pending());
        Assert.True(bench.Apics.HasInterrupt(0));
        Assert.Equal(0x41, bench.Take());
        Assert.Equal([0x41], bench.InService());
        Assert.Empty(bench.Pending());
        bench.Write(Eoi, 0);
        Assert.Empty(bench.InService());
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
    }

    [Theory]
    [InlineData(0x00, 0, 0x00)]
    [InlineData(0x35, 0, 0x35)]
    [InlineData(0x35, 0x41, 0x40)]
    [InlineData(0x45, 0x41, 0x45)]
    [InlineData(0x55, 0x41, 0x55)]
    [InlineData(0xFF, 0xFE, 0xFF)]
    [InlineData(0x00, 0xFE, 0xF0)]
    public void Ppr_is_the_higher_of_tpr_and_the_class_in_service(byte tpr, byte inService, uint ppr)
    {
        var bench = new ApicBench();
        if (inService != 0)
        {
            bench.Send(inService);
            Assert.Equal(inService, bench.Take());
        }
        bench.Write(Tpr, tpr);
        Assert.Equal(ppr, bench.Read(Ppr));
    }

    [Theory]
    [InlineData(0x3F, 0x41, true)]
    [InlineData(0x40, 0x41, false)]
    [InlineData(0x4F, 0x4F, false)]
    [InlineData(0x00, 0x10, true)]
    [InlineData(0x10, 0x1F, false)]
    [InlineData(0xF0, 0xFF, false)]
    [InlineData(0xEF, 0xF0, true)]
    public void A_vector_is_let_through_only_if_its_class_is_above_ppr(byte tpr, byte vector, bool passes)
    {
        var bench = new ApicBench();
        bench.Write(Tpr, tpr);
        bench.Send(vector);
        Assert.Equal(passes, bench.Apics.HasInterrupt(0));
        Assert.Equal(passes ? vector : 0xFF, bench.Take());
        Assert.Equal(passes, bench.Pending().Count == 0);
    }

    [Fact]
    public void The_highest_vector_is_taken_first_and_a_higher_class_nests()
    {
        var bench = new ApicBench();
        foreach (byte vector in (byte[])[0x31, 0x7F, 0x52, 0xE0])
            bench.Send(vector);
        Assert.Equal(0xE0, bench.Take());
        Assert.False(bench.Apics.HasInterrupt(0));
        bench.Write(Eoi, 0);
        Assert.Equal(0x7F, bench.Take());
        bench.Send(0x7E);
        Assert.False(bench.Apics.HasInterrupt(0));
        bench.Send(0x80);
        Assert.Equal(0x80, bench.Take());
        Assert.Equal([0x7F, 0x80], bench.InService());
        bench.Write(Eoi, 0);
        Assert.Equal([0x7F], bench.InService());
        bench.Write(Eoi, 0);
        Assert.Equal(0x7E, bench.Take());
    }

    [Fact]
    public void With_nothing_to_take_the_spurious_vector_is_taken_and_not_in_service()
    {
        var bench = new ApicBench();
        bench.Events.Observing = true;
        bench.Write(Svr, 0x1EF);
        bench.Drain();
        Assert.Equal(0xEF, bench.Take());
        Assert.Empty(bench.InService());
        Event taken = Assert.Single(bench.Drain());
        Assert.Equal((EventKind.VectorTaken, 0xEF, 2ul), (taken.Kind, taken.Vector, taken.B));
    }

    [Fact]
    public void A_vector_that_tpr_overtook_gives_the_spurious_vector_and_stays_pending()
    {
        var bench = new ApicBench();
        bench.Send(0x41);
        bench.Write(Tpr, 0x50);
        Assert.Equal(0xFF, bench.Take());
        Assert.Equal([0x41], bench.Pending());
    }

    [Fact]
    public void The_cpu_is_woken_once_until_the_vector_is_taken()
    {
        var bench = new ApicBench();
        bench.Send(0x41);
        bench.Send(0x41);
        bench.Send(0x61);
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
        bench.Take();
        bench.Send(0x62);
        Assert.Empty(bench.Drain());
        bench.Send(0x71);
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
    }

    [Fact]
    public void An_eoi_and_a_lower_tpr_wake_the_cpu_for_what_they_let_through()
    {
        var bench = new ApicBench();
        bench.Send(0x61);
        bench.Take();
        bench.Send(0x41);
        bench.Drain();
        bench.Write(Eoi, 0);
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());

        bench.Write(Tpr, 0x40);
        Assert.False(bench.Apics.HasInterrupt(0));
        bench.Write(Tpr, 0x3F);
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
        Assert.True(bench.Apics.TryWriteCr8(0, 0xF, bench.Events));
        Assert.True(bench.Apics.TryWriteCr8(0, 0x3, bench.Events));
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
    }

    [Fact]
    public void Cr8_and_tpr_are_two_views_of_one_register()
    {
        var bench = new ApicBench();
        bench.Write(Tpr, 0xFFFFFF5A);
        Assert.Equal(0x5Au, bench.Read(Tpr));
        Assert.Equal(5, bench.Apics.ReadCr8(0));
        Assert.True(bench.Apics.TryWriteCr8(0, 0xA, bench.Events));
        Assert.Equal(0xA0u, bench.Read(Tpr));
        Assert.Equal(0xA0u, bench.Read(Ppr));
        Assert.Equal(10, bench.Apics.ReadCr8(0));
    }

    [Theory]
    [InlineData(0x10ul)]
    [InlineData(0x8000000000000000ul)]
    public void Reserved_bits_of_cr8_fault_and_change_nothing(ulong value)
    {
        var bench = new ApicBench();
        Assert.False(bench.Apics.TryWriteCr8(0, value | 3, bench.Events));
        Assert.Equal(0, bench.Apics.ReadCr8(0));
    }

    [Fact]
    public void Cr8_works_while_hardware_disabled()
    {
        var bench = new ApicBench();
        bench.WriteMsr(BaseMsr, Disabled);
        Assert.True(bench.Apics.TryWriteCr8(0, 7, bench.Events));
        Assert.Equal(7, bench.Apics.ReadCr8(0));
        bench.WriteMsr(BaseMsr, Enabled);
        Assert.Equal(0x70u, bench.Read(Tpr));
    }

    [Fact]
    public void Acceptance_reports_level_and_merging()
    {
        var bench = new ApicBench { Events = { Observing = true } };
        bench.Send(0x41);
        bench.Send(0x41, level: true);
        Assert.Equal([0ul, 3ul], bench.Drain().Where(e => e.Kind == EventKind.VectorAccepted).Select(e => e.B));
    }

    [Fact]
    public void The_trigger_mode_register_follows_the_last_acceptance()
    {
        var bench = new ApicBench();
        bench.Send(0x41, level: true);
        Assert.Equal([0x41], bench.LevelVectors());
        Assert.Equal(2u, bench.Read(Tmr + 0x20));
        bench.Take();
        bench.Send(0x41);
        Assert.Empty(bench.LevelVectors());
    }

    [Theory]
    [InlineData(0x10)]
    [InlineData(0x1F)]
    [InlineData(0x3F)]
    [InlineData(0x40)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public void Every_vector_shows_in_its_register(byte vector)
    {
        var bench = new ApicBench();
        bench.Send(vector, level: true);
        uint offset = vector / 32u * 0x10, bit = 1u << (vector % 32);
        Assert.Equal((bit, 0u, bit), (bench.Read(Irr + offset), bench.Read(Isr + offset), bench.Read(Tmr + offset)));
        bench.Take();
        Assert.Equal((0u, bit, bit), (bench.Read(Irr + offset), bench.Read(Isr + offset), bench.Read(Tmr + offset)));
    }
}
