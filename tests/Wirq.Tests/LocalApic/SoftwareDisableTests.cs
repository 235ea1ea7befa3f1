using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>SDM vol. 3, 11.4.7.2.</summary>
public sealed class SoftwareDisableTests
{
    [Theory]
    [InlineData(DeliveryMode.Fixed, RefusalReason.SoftwareDisabled)]
    [InlineData(DeliveryMode.LowestPriority, RefusalReason.SoftwareDisabled)]
    [InlineData(DeliveryMode.Nmi, RefusalReason.None)]
    [InlineData(DeliveryMode.Smi, RefusalReason.None)]
    [InlineData(DeliveryMode.Init, RefusalReason.None)]
    [InlineData(DeliveryMode.StartUp, RefusalReason.None)]
    [InlineData(DeliveryMode.ExtInt, RefusalReason.None)]
    [InlineData(DeliveryMode.Reserved, RefusalReason.ReservedMode)]
    public void Only_what_goes_through_irr_is_refused(DeliveryMode mode, RefusalReason expected)
    {
        var bench = new ApicBench(2, enable: false) { Events = { Observing = true } };
        Assert.Equal(expected, bench.Send(0x41, destination: 1, mode: mode));
        Assert.Empty(bench.Pending(1));
        Event report = bench.Drain()[^1];
        bool accepted = expected == RefusalReason.None;
        Assert.Equal(accepted ? EventKind.MessageAccepted : EventKind.MessageRefused, report.Kind);
        if (!accepted)
            Assert.Equal(expected, report.Reason);
    }

    [Fact]
    public void What_is_pending_or_in_service_is_held_and_still_taken()
    {
        var bench = new ApicBench();
        bench.Send(0x41, level: true);
        bench.Take();
        bench.Send(0x61);
        bench.Write(Svr, 0xFF);
        Assert.True(bench.Apics.HasInterrupt(0));
        Assert.Equal(0x61, bench.Take());
        bench.Write(Eoi, 0);
        bench.Drain();
        bench.Write(Eoi, 0);
        Assert.Equal(["EoiBroadcast 0 0x41"], bench.DrainText());
    }

    [Fact]
    public void Every_entry_is_masked_and_stays_masked()
    {
        uint[] entries = [ApicBench.Cmci, ApicBench.Timer, Thermal, Performance, Lint0, Lint1, ApicBench.Error];
        var bench = new ApicBench();
        foreach (uint entry in entries)
            bench.Write(entry, 0x41);
        bench.Write(Svr, 0xFF);
        foreach (uint entry in entries)
        {
            Assert.Equal(0x10041u, bench.Read(entry));
            bench.Write(entry, 0x51);
            Assert.Equal(0x10051u, bench.Read(entry));
        }
        bench.Write(Svr, 0x1FF);
        foreach (uint entry in entries)
        {
            Assert.Equal(0x10051u, bench.Read(entry));
            bench.Write(entry, 0x51);
            Assert.Equal(0x51u, bench.Read(entry));
        }
    }

    [Fact]
    public void It_can_still_send()
    {
        var bench = new ApicBench(2);
        bench.Write(Svr, 0xFF);
        bench.Write(IcrHigh, InterruptCommand.High8(1));
        bench.Write(IcrLow, 0x41);
        Assert.Equal([1], bench.Holders(0x41));
    }

    [Fact]
    public void The_timer_counts_on_and_expires_masked()
    {
        var bench = new ApicBench { Events = { Observing = true } };
        bench.Write(Divide, 0xB);
        bench.Write(ApicBench.Timer, 0x41);
        bench.Write(InitialCount, 100);
        bench.Write(Svr, 0xFF);
        bench.Drain();
        bench.Advance(100);
        Assert.Equal(["TimerExpired 0 0x1"], bench.DrainText());
        Assert.Empty(bench.Pending());
    }
}
