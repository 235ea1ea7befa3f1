using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>The CPUs that a destination addresses: SDM vol. 3, 11.6.2 and 11.12.10.</summary>
public sealed class DestinationTests
{
    [Theory]
    [InlineData(0u, "0")]
    [InlineData(3u, "3")]
    [InlineData(4u, "")]
    [InlineData(0xFFu, "0,1,2,3")]
    [InlineData(0x103u, "")]
    [InlineData(0xFFFFFFFFu, "0,1,2,3")]
    public void Physical_in_xapic_mode(uint destination, string cpus)
    {
        var bench = new ApicBench(4);
        RefusalReason reason = bench.Send(0x41, destination);
        Assert.Equal(cpus, string.Join(',', bench.Holders(0x41)));
        Assert.Equal(cpus.Length == 0 ? RefusalReason.NoDestination : RefusalReason.None, reason);
    }

    [Theory]
    [InlineData(0u, "0")]
    [InlineData(300u, "1")]
    [InlineData(0xFFu, "2")]
    [InlineData(0x2Cu, "")]
    [InlineData(0xFFFFFFFEu, "3")]
    [InlineData(0xFFFFFFFFu, "0,1,2,3")]
    public void Physical_in_x2apic_mode_is_wide(uint destination, string cpus)
    {
        var bench = new ApicBench(new LocalApicOptions { Count = 4, Ids = [0, 300, 255, 0xFFFFFFFE] });
        bench.ToX2Apic();
        bench.Send(0x41, destination);
        Assert.Equal(cpus, string.Join(',', bench.Holders(0x41)));
    }

    [Fact]
    public void Aliases_of_a_physical_id_all_receive()
    {
        var bench = new ApicBench(4);
        bench.Write(Id, 0x02000000, cpu: 0);
        bench.Write(Id, 0x02000000, cpu: 3);
        bench.Send(0x41, 2);
        Assert.Equal([0, 2, 3], bench.Holders(0x41));
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x42, 0));
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x42, 3));
        bench.Write(Id, 0, cpu: 0);
        bench.Write(Id, 0x03000000, cpu: 3);
        bench.Send(0x43, 2);
        Assert.Equal([2], bench.Holders(0x43));
    }

    [Fact]
    public void Ids_above_255_alias_in_xapic_mode_until_x2apic_mode_tells_them_apart()
    {
        var bench = new ApicBench(new LocalApicOptions { Count = 2, Ids = [1, 0x101] });
        bench.Send(0x41, 1);
        Assert.Equal([0, 1], bench.Holders(0x41));
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x42, 0x101));
        bench.ToX2Apic(1);
        bench.Send(0x43, 0x101);
        Assert.Equal([1], bench.Holders(0x43));
        bench.Send(0x44, 1);
        Assert.Equal([0], bench.Holders(0x44));
    }

    [Theory]
    [InlineData(0x01, "0")]
    [InlineData(0x0A, "1,3")]
    [InlineData(0x10, "")]
    [InlineData(0x00, "")]
    [InlineData(0xFF, "0,1,2,3,4")]
    public void Logical_flat(byte destination, string cpus)
    {
        var bench = new ApicBench(5);
        for (int cpu = 0; cpu < 4; cpu++)
            bench.Write(Ldr, LogicalDestination.For((byte)(1 << cpu)).Bits, cpu);
        bench.Send(0x41, destination, logical: true);
        Assert.Equal(cpus, string.Join(',', bench.Holders(0x41)));
    }

    [Theory]
    [InlineData(0x11, "0")]
    [InlineData(0x13, "0,1")]
    [InlineData(0x23, "2,3")]
    [InlineData(0x1C, "")]
    [InlineData(0x31, "")]
    [InlineData(0xF1, "")]
    [InlineData(0xFF, "0,1,2,3,4")]
    public void Logical_cluster(byte destination, string cpus)
    {
        var bench = new ApicBench(5);
        byte[] ids = [0x11, 0x12, 0x21, 0x22];
        for (int cpu = 0; cpu < 4; cpu++)
            bench.Write(Ldr, LogicalDestination.For(ids[cpu]).Bits, cpu);
        for (int cpu = 0; cpu < 5; cpu++)
            bench.Write(Dfr, DestinationFormat.Cluster.Bits, cpu);
        bench.Send(0x41, destination, logical: true);
        Assert.Equal(cpus, string.Join(',', bench.Holders(0x41)));
    }

    [Fact]
    public void A_reserved_format_matches_nothing_but_the_broadcast()
    {
        var bench = new ApicBench();
        bench.Write(Ldr, 0xFF000000);
        bench.Write(Dfr, 0x5FFFFFFF);
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x41, 0x0F, logical: true));
        Assert.Equal(RefusalReason.None, bench.Send(0x41, 0xFF, logical: true));
    }

    [Theory]
    [InlineData(0x00000001u, "0")]
    [InlineData(0x0000000Du, "0,2,3")]
    [InlineData(0x0000FFFFu, "0,1,2,3")]
    [InlineData(0x00010003u, "4,5")]
    [InlineData(0x00020001u, "")]
    [InlineData(0x00010000u, "")]
    [InlineData(0xFFFFFFFFu, "0,1,2,3,4,5")]
    public void Logical_in_x2apic_mode_names_members_of_one_cluster(uint destination, string cpus)
    {
        foreach (bool mixed in (bool[])[false, true])
        {
            // With one local APIC in xAPIC mode, the bus checks every local APIC instead of looking up: the results are
            // the same.
            var bench = new ApicBench(new LocalApicOptions { Count = 7, Ids = [0, 1, 2, 3, 16, 17, 99] });
            bench.ToX2Apic(0, 1, 2, 3, 4, 5);
            bench.WriteMsr(BaseMsr, Disabled, cpu: 6);
            if (mixed)
                bench.WriteMsr(BaseMsr, Enabled, cpu: 6);
            bench.Send(0x41, destination, logical: true);
            Assert.Equal(cpus, string.Join(',', bench.Holders(0x41)));
        }
    }

    [Fact]
    public void A_wide_broadcast_reaches_both_modes_and_a_byte_broadcast_one()
    {
        var bench = new ApicBench(3);
        bench.ToX2Apic(1);
        bench.Send(0x41, 0xFFFFFFFF);
        Assert.Equal([0, 1, 2], bench.Holders(0x41));
        bench.Send(0x42, 0xFF);
        Assert.Equal([0, 2], bench.Holders(0x42));
        bench.Send(0x43, 0xFFFFFFFF, logical: true);
        Assert.Equal([0, 1, 2], bench.Holders(0x43));
    }

    [Fact]
    public void Hardware_disabled_ones_are_addressed_by_nothing()
    {
        var bench = new ApicBench(3);
        bench.WriteMsr(BaseMsr, Disabled, cpu: 1);
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x41, 1));
        bench.Send(0x42, 0xFF);
        Assert.Equal([0, 2], bench.Holders(0x42));
        bench.ToX2Apic(0, 2);
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x43, 2, logical: true));
    }

    [Theory]
    [InlineData(DeliveryMode.Nmi, EventKind.CpuNmi)]
    [InlineData(DeliveryMode.Smi, EventKind.CpuSmi)]
    [InlineData(DeliveryMode.Init, EventKind.CpuInit)]
    [InlineData(DeliveryMode.StartUp, EventKind.CpuStartUp)]
    public void Signals_go_to_every_addressed_cpu(DeliveryMode mode, EventKind effect)
    {
        var bench = new ApicBench(3);
        Assert.Equal(RefusalReason.None, bench.Send(0x9A, 0xFF, mode));
        List<Event> events = bench.Drain();
        Assert.Equal([effect, effect, effect], events.Select(e => e.Kind));
        Assert.Equal([0, 1, 2], events.Select(e => e.Cpu));
        Assert.All(events, e => Assert.Equal(Origin.Device(0x10), e.Origin));
        if (mode == DeliveryMode.StartUp)
            Assert.All(events, e => Assert.Equal(0x9A, e.Vector));
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x9A, 77, mode));
    }

    [Fact]
    public void Init_resets_the_local_apic_before_the_cpu_hears_of_it()
    {
        var bench = new ApicBench(2) { Events = { Observing = true } };
        bench.Send(0x41, 1);
        bench.Drain();
        bench.Send(0, 1, DeliveryMode.Init);
        Assert.Equal([EventKind.ApicReset, EventKind.CpuInit, EventKind.MessageAccepted],
            bench.Drain().Select(e => e.Kind));
        Assert.Empty(bench.Pending(1));
    }

    [Fact]
    public void An_init_level_deassert_is_ignored()
    {
        var bench = new ApicBench(2);
        bench.Send(0x41, 1);
        bench.Drain();
        Assert.Equal(RefusalReason.None, bench.Send(0, 1, DeliveryMode.Init, level: true, assert: false));
        Assert.Empty(bench.Drain());
        Assert.Equal([0x41], bench.Pending(1));
    }

    [Fact]
    public void A_level_deassert_of_a_vector_sets_nothing()
    {
        var bench = new ApicBench();
        Assert.Equal(RefusalReason.ReservedMode, bench.Send(0x41, level: true, assert: false));
        Assert.Empty(bench.Pending());
    }

    [Fact]
    public void An_extint_message_waits_for_the_inta_cycle()
    {
        var bench = new ApicBench(2);
        bench.Send(0x41, 1, DeliveryMode.ExtInt);
        bench.Send(0x41, 1, DeliveryMode.ExtInt);
        Assert.Equal(["CpuInterrupt 1 0x0"], bench.DrainText());
        Assert.True(bench.Apics.HasExtInt(1, intr: true));
        Assert.False(bench.Apics.HasExtInt(1, intr: false));
        Assert.False(bench.Apics.HasExtInt(0, intr: true));
        Assert.Empty(bench.Pending(1));
        bench.Apics.ExtIntTaken(1);
        Assert.False(bench.Apics.HasExtInt(1, intr: true));
    }

    [Fact]
    public void A_pending_extint_message_is_lost_by_init_reset_and_hardware_disable()
    {
        Action<ApicBench>[] losses =
        [
            bench => bench.Apics.Init(1, bench.Events),
            bench => bench.Apics.Reset(1, bench.Events),
            bench => bench.WriteMsr(BaseMsr, Disabled, cpu: 1),
        ];
        foreach (Action<ApicBench> loss in losses)
        {
            var bench = new ApicBench(2);
            bench.Send(0x41, 1, DeliveryMode.ExtInt);
            loss(bench);
            Assert.False(bench.Apics.HasExtInt(1, intr: true));
        }
    }

    [Fact]
    public void The_report_counts_those_who_accepted()
    {
        var bench = new ApicBench(4) { Events = { Observing = true } };
        bench.Write(Svr, 0xFF, cpu: 2);
        bench.Drain();
        bench.Send(0x41, 0xFF);
        Event report = bench.Drain()[^1];
        Assert.Equal((EventKind.MessageAccepted, 3ul), (report.Kind, report.B));
        Assert.Equal(0x41, report.Message.Vector);
    }

    [Fact]
    public void A_machine_of_4096_is_addressed_by_one_look_up()
    {
        var bench = new ApicBench(4096);
        bench.ToX2Apic();
        Assert.Equal(RefusalReason.None, bench.Send(0x41, 4095));
        Assert.Equal(RefusalReason.None, bench.Send(0x42, 0x00FF8000, logical: true));
        Assert.Equal([0x41, 0x42], bench.Pending(4095));
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x42, 0x01000001, logical: true));
    }
}
