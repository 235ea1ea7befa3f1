using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

public sealed class ApicBaseTests
{
    private const ulong Bsp = 0x100, En = 0x800, Extd = 0x400;

    private static void Reach(ApicBench bench, ApicMode mode)
    {
        if (mode == ApicMode.X2Apic)
            bench.WriteMsr(BaseMsr, Extended | Bsp);
        else if (mode == ApicMode.Disabled)
            bench.WriteMsr(BaseMsr, Disabled | Bsp);
        bench.Drain();
    }

    [Theory]
    [InlineData(ApicMode.Disabled, ApicMode.Disabled, true)]
    [InlineData(ApicMode.Disabled, ApicMode.Invalid, false)]
    [InlineData(ApicMode.Disabled, ApicMode.XApic, true)]
    [InlineData(ApicMode.Disabled, ApicMode.X2Apic, false)]
    [InlineData(ApicMode.XApic, ApicMode.Disabled, true)]
    [InlineData(ApicMode.XApic, ApicMode.Invalid, false)]
    [InlineData(ApicMode.XApic, ApicMode.XApic, true)]
    [InlineData(ApicMode.XApic, ApicMode.X2Apic, true)]
    [InlineData(ApicMode.X2Apic, ApicMode.Disabled, true)]
    [InlineData(ApicMode.X2Apic, ApicMode.Invalid, false)]
    [InlineData(ApicMode.X2Apic, ApicMode.XApic, false)]
    [InlineData(ApicMode.X2Apic, ApicMode.X2Apic, true)]
    public void Transitions_are_those_of_the_sdm(ApicMode from, ApicMode to, bool legal)
    {
        foreach (Profile profile in (Profile[])[Profile.Manual, Profile.Kvm])
        {
            var bench = new ApicBench(profile: profile);
            Reach(bench, from);
            ulong before = bench.ReadMsr(BaseMsr);
            ulong value = Disabled | Bsp | ((uint)to & 2) * (En / 2) | ((uint)to & 1) * Extd;
            Assert.Equal(legal, bench.TryWriteMsr(BaseMsr, value));
            Assert.Equal(legal ? value : before, bench.ReadMsr(BaseMsr));
            Assert.Equal(legal ? to : from, bench.Apics.Base(0).Mode);
        }
    }

    [Fact]
    public void Reserved_bits_fault_one_by_one()
    {
        for (int bit = 0; bit < 64; bit++)
        {
            var bench = new ApicBench(new LocalApicOptions { PhysicalAddressBits = 40 });
            bool legal = bit is 8 or 11 or (>= 12 and < 40) or 10;
            Assert.True(legal == bench.TryWriteMsr(BaseMsr, Enabled | 1ul << bit), $"bit {bit}");
        }
    }

    [Fact]
    public void Without_x2apic_extd_is_reserved()
    {
        var bench = new ApicBench(new LocalApicOptions { X2Apic = false });
        Assert.False(bench.TryWriteMsr(BaseMsr, Extended));
        Assert.False(bench.TryReadMsr(0x802, out _));
    }

    [Fact]
    public void After_reset_all_are_in_xapic_mode_at_the_default_page_and_cpu_0_is_bsp()
    {
        var bench = new ApicBench(3, enable: false);
        Assert.Equal([0xFEE00900ul, 0xFEE00800ul, 0xFEE00800ul],
            Enumerable.Range(0, 3).Select(cpu => bench.ReadMsr(BaseMsr, cpu)));
        bench.WriteMsr(BaseMsr, Enabled | Bsp, cpu: 1);
        Assert.True(bench.Apics.Base(1).Bootstrap);
    }

    [Fact]
    public void The_page_moves_with_the_base_for_one_cpu()
    {
        var bench = new ApicBench(2);
        bench.WriteMsr(BaseMsr, 0x3F_FED4_0000 | En, cpu: 1);
        Assert.True(bench.Apics.Maps(0, 0xFEE00FFF, out uint offset));
        Assert.Equal(0xFFFu, offset);
        Assert.False(bench.Apics.Maps(1, 0xFEE00030, out _));
        Assert.True(bench.Apics.Maps(1, 0x3F_FED4_0030, out offset));
        Assert.Equal(0x30u, offset);
        Assert.False(bench.Apics.Maps(1, 0x3F_FED4_1000, out _));
        Assert.False(bench.Apics.Maps(1, 0xFED4_0030, out _));
    }

    [Fact]
    public void No_page_is_mapped_outside_xapic_mode()
    {
        var bench = new ApicBench();
        Assert.True(bench.Apics.Maps(0, 0xFEE00000, out _));
        bench.ToX2Apic();
        Assert.False(bench.Apics.Maps(0, 0xFEE00000, out _));
        bench.WriteMsr(BaseMsr, Disabled);
        Assert.False(bench.Apics.Maps(0, 0xFEE00000, out _));
        bench.WriteMsr(BaseMsr, Enabled);
        Assert.True(bench.Apics.Maps(0, 0xFEE00000, out _));
    }

    [Fact]
    public void To_x2apic_mode_everything_goes_along_but_ids_and_icr_high()
    {
        var bench = new ApicBench(new LocalApicOptions { Count = 1, Ids = [0x123] });
        Assert.Equal(0x23000000u, bench.Read(Id));
        bench.Write(Id, 0x55000000);
        bench.Write(Ldr, 0x04000000);
        bench.Write(IcrHigh, 0x77000000);
        bench.Write(IcrLow, 0x50);
        bench.Write(Tpr, 0x20);
        bench.Write(Lint1, 0x400);
        bench.Apics.SetLint(0, 1, false, bench.Events);
        bench.Write(Divide, 0xB);
        bench.Write(Id, 0x23000000);
        bench.Send(0x61, destination: 0x23, level: true);
        bench.Take();
        bench.Send(0x71, destination: 0x23);
        bench.Write(Id, 0x55000000);

        bench.ToX2Apic();
        Assert.Equal(0x123ul, bench.ReadX2(Id));
        Assert.Equal(0x120008ul, bench.ReadX2(Ldr));
        Assert.Equal(0x50ul, bench.ReadX2(IcrLow));
        Assert.Equal((0x20ul, 0x400ul, 0xBul), (bench.ReadX2(Tpr), bench.ReadX2(Lint1), bench.ReadX2(Divide)));
        Assert.Equal([0x61], bench.InService());
        Assert.Equal([0x61], bench.LevelVectors());
        Assert.Equal([0x71], bench.Pending());
        Assert.Equal(0x1FFul, bench.ReadX2(Svr));

        bench.WriteMsr(BaseMsr, Disabled);
        bench.WriteMsr(BaseMsr, Enabled);
        Assert.Equal((0x23000000u, 0u, 0xFFu), (bench.Read(Id), bench.Read(Ldr), bench.Read(Svr)));
    }

    [Fact]
    public void Hardware_disable_loses_everything_and_says_so()
    {
        var bench = new ApicBench { Events = { Observing = true } };
        bench.Send(0x41);
        bench.Write(ApicBench.Timer, 0x50);
        bench.Write(InitialCount, 1000);
        bench.Drain();
        bench.WriteMsr(BaseMsr, Disabled);
        Assert.Equal(["ApicBaseChanged 0 0xfee00000", "ApicReset 0 0x2"], bench.DrainText());
        Assert.False(bench.Apics.HasInterrupt(0));
        Assert.Equal(long.MaxValue, bench.Apics.NextDeadline);
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0x42));
        Assert.Equal(RefusalReason.NoDestination, bench.Send(0, mode: DeliveryMode.Nmi));
        bench.WriteMsr(BaseMsr, Enabled);
        Assert.Empty(bench.Pending());
        Assert.Equal(0xFFu, bench.Read(Svr));
    }

    [Fact]
    public void The_same_value_again_is_no_change()
    {
        var bench = new ApicBench { Events = { Observing = true } };
        bench.Send(0x41);
        bench.Drain();
        bench.WriteMsr(BaseMsr, bench.ReadMsr(BaseMsr));
        Assert.Empty(bench.Drain());
        Assert.Equal([0x41], bench.Pending());
    }

    [Fact]
    public void Reset_returns_to_xapic_mode_and_init_stays_in_x2apic_mode()
    {
        var bench = new ApicBench(2) { Events = { Observing = true } };
        bench.ToX2Apic();
        bench.Send(0x41, destination: 1);
        bench.Drain();
        bench.Apics.Init(1, bench.Events);
        Assert.Equal(["ApicReset 1 0x1"], bench.DrainText());
        Assert.Equal(ApicMode.X2Apic, bench.Apics.Base(1).Mode);
        Assert.Empty(bench.Pending(1));
        Assert.Equal(0xFFul, bench.ReadX2(Svr, 1));
        bench.Apics.Reset(1, bench.Events);
        Assert.Equal(["ApicReset 1 0x3"], bench.DrainText());
        Assert.Equal(Enabled, bench.ReadMsr(BaseMsr, 1));
    }

    [Fact]
    public void Init_keeps_the_id_that_software_wrote_and_reset_does_not()
    {
        var bench = new ApicBench(2);
        bench.Write(Id, 0x09000000, cpu: 1);
        bench.Apics.Init(1, bench.Events);
        Assert.Equal(0x09000000u, bench.Read(Id, 1));
        bench.Apics.Reset(1, bench.Events);
        Assert.Equal(0x01000000u, bench.Read(Id, 1));
    }
}
