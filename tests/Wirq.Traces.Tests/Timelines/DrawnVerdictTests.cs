using System.Globalization;
using System.Text;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Replay;
using Wirq.Traces.Tests.Kvm.Replay;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>A picture changes no verdict of a replay: what it draws takes nothing of the tries that the search of an order has.</summary>
public class DrawnVerdictTests
{
    private const int Clusters = 30, StepsOfCluster = 16;

    /// <summary>Each cluster has a read that fits no order, and its search takes more tries than its steps bring. So from some cluster on not all orders
    /// are tried, and what parts is not judged. Each step before the clusters moves that place a little.</summary>
    [Fact]
    public void A_log_that_uses_up_the_tries_has_the_same_report_with_a_picture()
    {
        for (int before = 0; before < 20; before += 3)
        {
            string[] lines = LinesOf(before);
            KvmReplayReport plain = KvmReplays.Of(lines), drawn = Drawn.Replay(() => new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines))), "part");
            VmTally tally = Assert.Single(plain.Vms).Tally, other = Assert.Single(drawn.Vms).Tally;
            Assert.InRange(tally.NotJudged, 1, Clusters - 1);
            Assert.Equal(Clusters, tally.NotJudged + tally.Total(ResponseVerdict.Mismatched));
            Assert.Equal((before, tally.Total(ResponseVerdict.Mismatched), tally.NotJudged), (before, other.Total(ResponseVerdict.Mismatched), other.NotJudged));
            Assert.Equal(plain.Conclusion, drawn.Conclusion);
        }
    }

    /// <summary>vCPU 0 reads its SPIV once in each cluster, and the log says another value than was written; vCPU 1 reads the right one, all the time.</summary>
    private static string[] LinesOf(int before)
    {
        var lines = new List<string>();
        long micro = 1_000_000;
        foreach (int vcpu in new[] { 0, 1 })
        {
            Add(vcpu, $"kvm_entry: vcpu {vcpu}, rip 0xfff0");
            Add(vcpu, "kvm_apic: apic_write APIC_SPIV = 0x1ff");
        }
        for (int step = 0; step < before; step++)
            Add(1, "kvm_apic: apic_read APIC_SPIV = 0x1ff");
        for (int cluster = 0; cluster < Clusters; cluster++)
        {
            micro += 1000;
            Add(0, $"kvm_apic: apic_read APIC_SPIV = 0x{0x200 + cluster:x}", wait: 0);
            for (int step = 1; step < StepsOfCluster; step++)
                Add(1, "kvm_apic: apic_read APIC_SPIV = 0x1ff", wait: 0);
        }
        return [.. lines];

        void Add(int vcpu, string record, int wait = 1000)
        {
            micro += wait;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"CPU {vcpu}/KVM-{101 + vcpu} (100) [00{vcpu}] ..... {micro / 1_000_000}.{micro % 1_000_000:d6}: {record}"));
        }
    }
}
