using System.Text.Json;
using Wirq.Traces.Timelines;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Chrome trace events.</summary>
public class ChromeWriterTests
{
    private static readonly JsonElement Disk = Parse(Drawn.Disk());

    [Fact]
    public void The_slices_of_a_small_picture_are_these()
    {
        Assert.Equal(
        [
            "devices: disk (gsi:9) asserted: asserted 0.002 +0.008", "lines: gsi:9 asserted: asserted 0.003 +0.008",
        ], Slices(Disk)[..2]);
        Assert.Contains("cpu0: cpu0 0x51 owed: owed: vector 0x51 of ioapic:9 at cpu0 (no-eoi)", Slices(Disk)[^1], StringComparison.Ordinal);
        JsonElement owed = Events(Disk, "X").Last();
        Assert.Contains("no EOI has come", owed.GetProperty("args").GetProperty("answer").GetString(), StringComparison.Ordinal);
        Assert.Equal("no-eoi", owed.GetProperty("args").GetProperty("gate").GetString());
    }

    [Theory]
    [MemberData(nameof(Logs))]
    public void Slices_of_a_thread_nest(string log)
    {
        foreach (IGrouping<int, JsonElement> thread in Events(Parse(Drawn.Log(log)), "X").GroupBy(one => one.GetProperty("tid").GetInt32()))
        {
            var open = new Stack<decimal>();
            foreach (JsonElement slice in thread)
            {
                decimal begin = slice.GetProperty("ts").GetDecimal(), end = begin + slice.GetProperty("dur").GetDecimal();
                while (open.TryPeek(out decimal around) && around <= begin)
                    open.Pop();
                Assert.True(open.Count == 0 || end <= open.Peek(), $"thread {thread.Key}: {slice}");
                Assert.True(end > begin, slice.ToString());
                open.Push(end);
            }
        }
    }

    [Fact]
    public void Every_arrow_has_two_ends_and_leads_forward()
    {
        foreach (IGrouping<int, JsonElement> flow in Events(Disk, "s").Concat(Events(Disk, "f")).GroupBy(one => one.GetProperty("id").GetInt32()))
        {
            JsonElement[] ends = [.. flow];
            Assert.Equal(["s", "f"], ends.Select(end => end.GetProperty("ph").GetString()));
            Assert.True(ends[0].GetProperty("ts").GetDecimal() < ends[1].GetProperty("ts").GetDecimal());
        }
        Assert.Equal(Drawn.Disk().Arrows.Count, Events(Disk, "s").Count());
    }

    [Fact]
    public void A_hostile_label_is_a_string()
    {
        const string label = "\"},{\u2028\\ud800 </script>";
        Assert.Contains(Slices(Parse(Drawn.Disk(label))), slice => slice.StartsWith($"devices: {label} (gsi:9) asserted", StringComparison.Ordinal));
    }

    public static TheoryData<string> Logs => [.. PictureTests.Logs, .. KvmPictureTests.Logs];

    internal static JsonElement Parse(Picture picture) => JsonDocument.Parse(Drawn.Bytes(picture, ChromeWriter.Write)).RootElement;

    internal static IEnumerable<JsonElement> Events(JsonElement trace, string phase) =>
        trace.GetProperty("traceEvents").EnumerateArray().Where(one => one.GetProperty("ph").GetString() == phase);

    /// <summary>Each slice: process, thread, name, begin and length in microseconds; by begin.</summary>
    internal static string[] Slices(JsonElement trace)
    {
        Dictionary<int, string> processes = Names(trace, "process_name", "pid"), threads = Names(trace, "thread_name", "tid");
        return [.. Events(trace, "X").Select(slice => $"{processes[slice.GetProperty("pid").GetInt32()]}: {threads[slice.GetProperty("tid").GetInt32()]}: "
            + $"{slice.GetProperty("name").GetString()} {slice.GetProperty("ts").GetRawText()} +{slice.GetProperty("dur").GetRawText()}")];
    }

    private static Dictionary<int, string> Names(JsonElement trace, string what, string of) => Events(trace, "M")
        .Where(one => one.GetProperty("name").GetString() == what)
        .ToDictionary(one => one.GetProperty(of).GetInt32(), one => one.GetProperty("args").GetProperty("name").GetString()!);
}
