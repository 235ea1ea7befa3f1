using System.Text;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Tests.Kvm;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Pictures of what KVM's chips hold while a log is replayed.</summary>
public class KvmReplayPictureTests(ITestOutputHelper output)
{
    [Fact]
    public void Explore()
    {
        foreach (string log in Directory.GetFiles(KvmFiles.Kept(""), "*.*").Where(file => !file.EndsWith(".py", StringComparison.Ordinal) && !file.EndsWith(".awk", StringComparison.Ordinal)  && !file.Contains("perf-trace", StringComparison.Ordinal)
            && !file.Contains("README", StringComparison.Ordinal)))
        {
            Picture why = Drawn.Kvm(() => File.OpenRead(log), log).Picture, replay = Drawn.Replay(() => File.OpenRead(log), log).Picture!;
            string[] one = [.. StatesOf(why)], other = [.. StatesOf(replay)];
            string[] left = [.. one.Except(other)], right = [.. other.Except(one)];
            output.WriteLine($"== {Path.GetFileName(log)}: {one.Length} and {other.Length}; only why {left.Length}, only replay {right.Length}");
            foreach (string x in left.Take(25)) output.WriteLine($"   - {x}");
            foreach (string x in right.Take(25)) output.WriteLine($"   + {x}");
        }
    }

    private static IEnumerable<string> StatesOf(Picture picture) => picture.Spans.Where(span => span.Kind != SpanKind.Held && picture.Lanes[span.Lane].Key.Group is LaneGroup.Pic or LaneGroup.IoApic or LaneGroup.Cpu)
        .Select(span => $"{picture.Lanes[span.Lane].Name} {ItemWords.Of(span)} {picture.Stamps.Place(span.Begin)} to {(span.End is { } end ? picture.Stamps.Place(end) : "the end")}");
}
