using System.Globalization;
using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Timelines;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>A message may have any number of accept lines: a picture of its replay looks at each of them once.</summary>
public class ManyAcceptsTests(ITestOutputHelper output)
{
    private const int FirstVector = 0x30, LastVector = 0xEF, Vcpus = 4;

    [Fact]
    public void Accept_lines_of_one_step_are_linear_work() => LinearWork.Demand(output, few: 4000, most: 6, TimeOf);

    private static TimeSpan TimeOf(int accepts)
    {
        byte[] text = Encoding.UTF8.GetBytes(TextOf(accepts));
        TimeSpan begun = ThreadTime.Now;
        Picture picture = Drawn.Replay(() => new MemoryStream(text), "text").Picture!;
        TimeSpan taken = ThreadTime.Now - begun;
        // All vCPUs that took one were looked at, and all vectors of each.
        Assert.Equal(Vcpus * (LastVector - FirstVector + 1), picture.Lanes.Count(lane => lane.Key is { Group: LaneGroup.Cpu, Index: >= FirstVector and <= LastVector }));
        return taken;
    }

    private static string TextOf(int accepts)
    {
        var text = new StringBuilder();
        for (int vcpu = 0; vcpu < Vcpus; vcpu++)
            Add(101 + vcpu, vcpu, $"kvm_entry: vcpu {vcpu}, rip 0xfff0");
        for (int vcpu = 0; vcpu < Vcpus; vcpu++)
            Add(101 + vcpu, 4 + vcpu, "kvm_apic: apic_write APIC_SPIV = 0x1ff");
        Add(100, 10, "kvm_msi_set_irq: dst ff vec 48 (Fixed|physical|edge)");
        for (int at = 0; at < accepts; at++)
            Add(100, 10, $"kvm_apic_accept_irq: apicid {at % Vcpus} vec {FirstVector + at / Vcpus % (LastVector - FirstVector + 1)} (Fixed|edge)");
        Add(100, 20, "kvm_msi_set_irq: dst 0 vec 48 (Fixed|physical|edge)");
        return text.ToString();

        void Add(int thread, int milliseconds, string record) => text.Append(CultureInfo.InvariantCulture, $"CPU {thread}/KVM-{thread} (100) [000] ..... 1.{milliseconds:d3}000: {record}\n");
    }
}
