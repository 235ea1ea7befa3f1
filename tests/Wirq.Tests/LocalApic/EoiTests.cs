using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

public sealed class EoiTests
{
    private const uint Seoib = 1 << 12;

    [Fact]
    public void The_eoi_of_a_level_vector_is_broadcast()
    {
        var bench = new ApicBench(2);
        bench.Send(0x41, destination: 1, level: true);
        bench.Take(1);
        bench.Drain();
        bench.Write(Eoi, 0x12345678, cpu: 1);
        Assert.Equal(["EoiBroadcast 1 0x41"], bench.DrainText());
    }

    [Fact]
    public void The_eoi_of_an_edge_vector_stays_here()
    {
        var bench = new ApicBench();
        bench.Send(0x41);
        bench.Take();
        bench.Drain();
        bench.Write(Eoi, 0);
        Assert.Empty(bench.Drain());
    }

    [Fact]
    public void Suppression_keeps_the_broadcast_back_and_says_so()
    {
        var bench = new ApicBench { Events = { Observing = true } };
        Assert.Equal(1u << 24, bench.Read(ApicBench.Version) & 1 << 24);
        bench.Write(Svr, 0x1FF | Seoib);
        Assert.Equal(0x1FF | Seoib, bench.Read(Svr));
        bench.Send(0x41, level: true);
        bench.Take();
        bench.Drain();
        bench.Write(Eoi, 0);
        Event eoi = Assert.Single(bench.Drain());
        Assert.Equal((EventKind.CpuEoi, 0x41, 3ul), (eoi.Kind, eoi.Vector, eoi.B));
    }

    [Fact]
    public void Where_it_is_not_advertised_suppression_cannot_be_set()
    {
        var bench = new ApicBench(new LocalApicOptions { SuppressEoiBroadcast = false });
        Assert.Equal(0u, bench.Read(ApicBench.Version) & 1 << 24);
        bench.Write(Svr, 0x1FF | Seoib);
        Assert.Equal(0x1FFu, bench.Read(Svr));
        bench.Send(0x41, level: true);
        bench.Take();
        bench.Drain();
        bench.Write(Eoi, 0);
        Assert.Equal(["EoiBroadcast 0 0x41"], bench.DrainText());

        bench.ToX2Apic();
        Assert.False(bench.TryWriteMsr(MsrOf(Svr), 0x1FF | Seoib));
    }

    [Fact]
    public void An_eoi_with_nothing_in_service_changes_nothing()
    {
        var bench = new ApicBench { Events = { Observing = true } };
        bench.Send(0x41, level: true);
        bench.Drain();
        bench.Write(Eoi, 0);
        Assert.Equal(["CpuEoiEmpty 0 0x0"], bench.DrainText());
        Assert.Equal([0x41], bench.Pending());
    }

    [Fact]
    public void The_highest_vector_in_service_is_ended_whatever_was_meant()
    {
        var bench = new ApicBench();
        bench.Send(0x41, level: true);
        bench.Take();
        bench.Send(0x61);
        bench.Take();
        bench.Drain();
        bench.Write(Eoi, 0);
        Assert.Empty(bench.Drain());
        Assert.Equal([0x41], bench.InService());
        bench.Write(Eoi, 0);
        Assert.Equal(["EoiBroadcast 0 0x41"], bench.DrainText());
    }

    [Fact]
    public void The_broadcast_stands_before_the_wake_up_that_the_eoi_allows()
    {
        var bench = new ApicBench();
        bench.Send(0x61, level: true);
        bench.Take();
        bench.Send(0x41);
        bench.Drain();
        bench.Write(Eoi, 0);
        Assert.Equal(["EoiBroadcast 0 0x61", "CpuInterrupt 0 0x0"], bench.DrainText());
    }

    [Fact]
    public void A_vector_accepted_again_while_in_service_as_edge_is_not_broadcast()
    {
        // TMR belongs to the vector, not to the acceptance (SDM vol. 3, 11.8.4).
        var bench = new ApicBench();
        bench.Send(0x41, level: true);
        bench.Take();
        bench.Send(0x41);
        bench.Drain();
        bench.Write(Eoi, 0);
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
    }
}
