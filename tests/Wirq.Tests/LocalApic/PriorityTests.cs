using System.Diagnostics;
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
}
