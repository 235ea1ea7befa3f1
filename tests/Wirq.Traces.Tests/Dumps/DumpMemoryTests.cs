using System.Text;
using Wirq.Traces.Dumps;
using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Tests.Timelines;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>Long dumps, in the memory of the whole process.</summary>
[Collection(nameof(MeasuresMemory))]
public sealed class DumpMemoryTests
{
    [Fact]
    public void Much_text_of_one_kind_is_read_in_bounded_memory()
    {
        const int copies = 4_000;
        byte[] once = Encoding.UTF8.GetBytes($"{MonitorDumpTests.Lapic}\n{MonitorDumpTests.Pic}\nirq 16: nobody cared\nAPIC error on CPU0: 00(40)\n");
        var parts = new DumpParts();
        DumpFile.Read(() => new RepeatedStream(once, (long)once.Length * copies), "long.txt", null, parts);
        Assert.InRange(parts.All.Count, 2, DumpParts.MostMoments + 1);
        // The answer is long, and this stands before it.
        Assert.StartsWith("More than 256 moments are in it", parts.Bound, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, 300L << 20);
        Assert.NotEmpty(DumpAnswers.Of(parts));
    }
}
