using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>Lowest priority and the redirection hint: SDM vol. 3, 11.6.2.4 and 11.11.1.</summary>
public sealed class ArbitrationTests
{
    private static ApicBench Flat(int count)
    {
        var bench = new ApicBench(count);
        for (int cpu = 0; cpu < count; cpu++)
            bench.Write(Ldr, LogicalDestination.For((byte)(1 << cpu)).Bits, cpu);
        return bench;
    }

    private static int Winner(ApicBench bench, byte vector, uint destination = 0xFF, bool logical = true,
        DeliveryMode mode = DeliveryMode.LowestPriority, bool hint = false)
    {
        Assert.Equal(RefusalReason.None, bench.Send(vector, destination, mode, logical, hint: hint));
        return Assert.Single(bench.Holders(vector));
    }

    [Fact]
    public void The_lowest_processor_priority_wins()
    {
        ApicBench bench = Flat(4);
        byte[] priorities = [0x50, 0x30, 0x20, 0x40];
        for (int cpu = 0; cpu < 4; cpu++)
            bench.Write(Tpr, priorities[cpu], cpu);
        Assert.Equal(2, Winner(bench, 0x61));
        Assert.Equal(1, Winner(bench, 0x62, 0x0B));
        bench.Take(2);
        Assert.Equal(1, Winner(bench, 0x63));
        Assert.Equal(0, Winner(bench, 0x64, 0x01));
    }

    [Fact]
    public void Ties_go_round()
    {
        ApicBench bench = Flat(4);
        Assert.Equal([0, 1, 2, 3, 0, 1], Enumerable.Range(0x41, 6).Select(vector => Winner(bench, (byte)vector)));
        Assert.Equal([3, 1, 3, 1], Enumerable.Range(0x51, 4).Select(vector => Winner(bench, (byte)vector, 0x0A)));
    }

    [Fact]
    public void Software_disabled_ones_do_not_take_part()
    {
        ApicBench bench = Flat(3);
        bench.Write(Svr, 0xFF, cpu: 0);
        bench.Write(Tpr, 0x20, cpu: 1);
        Assert.Equal(2, Winner(bench, 0x41));
        bench.Write(Svr, 0xFF, cpu: 1);
        bench.Write(Svr, 0xFF, cpu: 2);
        const DeliveryMode Mode = DeliveryMode.LowestPriority;
        Assert.Equal(RefusalReason.SoftwareDisabled, bench.Send(0x42, 0x07, Mode, logical: true));
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x42, 0x40, Mode, logical: true));
    }

    [Fact]
    public void A_hint_makes_a_logical_fixed_message_go_to_one()
    {
        ApicBench bench = Flat(3);
        bench.Write(Tpr, 0x10, cpu: 0);
        Assert.Equal(1, Winner(bench, 0x41, 0x07, mode: DeliveryMode.Fixed, hint: true));
        bench.Send(0x42, 0x07, logical: true);
        Assert.Equal([0, 1, 2], bench.Holders(0x42));
    }

    [Fact]
    public void A_hint_means_nothing_to_a_physical_destination()
    {
        ApicBench bench = Flat(3);
        bench.Send(0x41, 0xFF, hint: true);
        Assert.Equal([0, 1, 2], bench.Holders(0x41));
        bench.Send(0x42, 1, hint: true);
        Assert.Equal([1], bench.Holders(0x42));
    }

    [Fact]
    public void A_physical_broadcast_in_lowest_priority_is_arbitrated_too()
    {
        ApicBench bench = Flat(3);
        bench.Write(Tpr, 0x10, cpu: 0);
        Assert.Equal(1, Winner(bench, 0x41, 0xFF, logical: false));
    }

    [Fact]
    public void It_works_in_x2apic_clusters()
    {
        var bench = new ApicBench(20);
        bench.ToX2Apic();
        bench.WriteX2(Tpr, 0x20, cpu: 16);
        Assert.Equal(17, Winner(bench, 0x41, 0x00010003));
        Assert.Equal(17, Winner(bench, 0x42, 0x00010003));
        bench.WriteX2(Tpr, 0x30, cpu: 17);
        Assert.Equal(16, Winner(bench, 0x43, 0x00010003));
    }

    [Fact]
    public void The_turn_is_state_and_forks()
    {
        ApicBench bench = Flat(4), fork = new(4);
        Winner(bench, 0x41);
        fork.Arena.CopyFrom(bench.Arena);
        Assert.Equal(Winner(bench, 0x42), Winner(fork, 0x42));
        Assert.Equal(bench.Arena.Identity(0), fork.Arena.Identity(0));
    }
}
