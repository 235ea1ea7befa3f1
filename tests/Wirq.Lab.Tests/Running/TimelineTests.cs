using Wirq.Events;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Running;

/// <summary>A timeline contains what happened, and marks failed expectations. It is bounded, and keeps its
/// beginning.</summary>
public class TimelineTests
{
    [Fact]
    public void A_read_is_told_with_what_it_found_and_the_expectation_apart()
    {
        Runs run = Runs.Of(Runs.Report("read-msg.yaml").Single());
        Assert.Equal(["pic.master.data is 0xfb, and should be 0x11"], run.Failures);
        Assert.EndsWith("""
            cpu0 reads pic.master.data and finds 0xfb
            cpu0 reads 0xfb from port 0x21, 1 byte
            not as expected: pic.master.data is 0xfb, and should be 0x11
            """.ReplaceLineEndings("\n"), run.Timeline, StringComparison.Ordinal);
        Assert.DoesNotContain("reads pic.master.data 0x11", run.Timeline, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ take: 0x31 }", "cpu0 looks for an interrupt to take and has none", "cpu0 took nothing, and should have taken 0x31")]
    [InlineData("{ inta: 0x21 }", "cpu0 runs an INTA cycle and gets 0x27", "the INTA cycle returned 0x27, and should have returned 0x21")]
    [InlineData("{ write: { cr8: 1 }, faults: true }", "cpu0 writes cr8 1", "the write of cr8 should have taken #GP")]
    [InlineData("{ write: { cr8: 0x10 } }", "cpu0 writes cr8 0x10 and takes #GP", "the write of cr8 took #GP")]
    [InlineData("{ read: { msr.0x802: ~ } }", "cpu0 reads msr.0x802 and takes #GP", "the read of msr.0x802 took #GP")]
    [InlineData("{ read: { cr8: 3 } }", "cpu0 reads cr8 and finds 0x0", "cr8 is 0, and should be 3")]
    public void A_step_is_told_as_it_went_and_not_as_it_was_meant(string command, string told, string failure)
    {
        Runs run = Runs.Of($"steps: [{{ cpu0: [cli, {command}] }}]");
        Assert.Equal([failure], run.Failures);
        Assert.Contains(told, run.Timeline.Split('\n'));
        Assert.EndsWith($"not as expected: {failure}", run.Timeline, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_taken_against_an_expectation_is_told()
    {
        Runs run = Runs.Of("steps: [{ cpu0: [cli, { ipi: { vector: 0x41, to: 0 } }, { take: none }] }]");
        Assert.Contains("cpu0 looks for an interrupt to take and takes 0x41", run.Timeline.Split('\n'));
    }

    [Fact]
    public void A_device_that_was_removed_does_nothing_any_more()
    {
        Runs run = Runs.Of("""
            machine: { devices: { disk: { gsi: 11 } } }
            steps: [{ disk: remove }, { disk: raise }]
            expect: { holders: { 11: [disk] } }
            """);
        Assert.Contains("disk raises, and was removed before", run.Timeline.Split('\n'));
    }

    [Fact]
    public void The_reads_of_an_expectation_stand_behind_it()
    {
        string[] lines = Runs.Of("steps: [{ time: 1us }]\nexpect: { registers: { pic.master.data: 0x11 } }").Timeline.Split('\n');
        Assert.Equal(["expect registers", "cpu0 reads 0xff from port 0x21, 1 byte", "not as expected: pic.master.data is 0xff, and should be 0x11"], lines[^3..]);
    }

    private static readonly FilePosition s_at = new("s.yaml", 1, 1);

    private static Event Taken(ulong vector) => new(EventKind.VectorTaken, 0, 0, vector);

    private static Timeline Of(params ulong[] vectors)
    {
        var timeline = new Timeline();
        foreach (ulong vector in vectors)
            timeline.Add(Taken(vector));
        return timeline;
    }

    private static string Show(TimelinePart part) => part.Parts.Count == 0 ? string.Concat(part.Entries.Select(entry => (char)entry.Event.A))
        : $"({string.Concat(part.Parts.Select(Show))}){part.Times}";

    [Theory]
    [InlineData("a", "a")]
    [InlineData("aa", "(a)2")]
    [InlineData("aaaa", "(a)4")]
    [InlineData("abab", "(ab)2")]
    [InlineData("xabcabcabcy", "x(abc)3y")]
    [InlineData("aabaabaab", "((a)2b)3")]
    [InlineData("aaabaaabc", "((a)3b)2c")]
    [InlineData("abcdabce", "abcdabce")]
    [InlineData("ababa", "(ab)2a")]
    public void What_is_repeated_is_folded(string story, string folded)
    {
        Timeline timeline = Of([.. story.Select(letter => (ulong)letter)]);
        Assert.Equal(folded, string.Concat(timeline.Beginning.Select(Show)));
        Assert.Empty(timeline.End);
        Assert.Equal(0, timeline.Dropped);
    }

    [Fact]
    public void What_differs_only_in_time_is_repeated()
    {
        var timeline = new Timeline();
        for (int i = 0; i < 5; i++)
            timeline.Add(Taken('a') with { Time = i });
        Assert.Equal("(a)5", string.Concat(timeline.Beginning.Select(Show)));
        Assert.Equal(0, timeline.Beginning[0].Parts[0].Entries[0].Time);
    }

    [Fact]
    public void Of_a_long_story_the_beginning_and_the_end_are_kept_and_the_rest_is_counted()
    {
        const int length = 100_000;
        var timeline = new Timeline();
        for (uint i = 0; i < length; i++)
            timeline.Add(Taken(i));
        TimelineEntry[] first = [.. timeline.Beginning.SelectMany(part => part.Entries)], last = [.. timeline.End.SelectMany(part => part.Entries)];
        Assert.Equal(Enumerable.Range(0, first.Length).Select(i => (ulong)i), first.Select(entry => entry.Event.A));
        Assert.Equal(Enumerable.Range(length - last.Length, last.Length).Select(i => (ulong)i), last.Select(entry => entry.Event.A));
        Assert.Equal(length, first.Length + timeline.Dropped + last.Length);
        Assert.InRange(first.Length, Timeline.Capacity, Timeline.Capacity + 1);
        Assert.InRange(last.Length, Timeline.Capacity, 2 * Timeline.Capacity);
    }

    [Fact]
    public void One_part_without_end_is_cut()
    {
        var timeline = new Timeline();
        var step = new TimeStep(s_at, "1ns pass", 1);
        timeline.Add(step, 0, ofScenario: true);
        for (uint i = 0; i < 50_000; i++)
            timeline.Add(new Event(EventKind.CpuEoi, 0, 0, i));
        Assert.Same(step, timeline.Beginning[0].Entries[0].Step);
        int kept = timeline.Beginning.Concat(timeline.End).Sum(part => part.Entries.Count);
        Assert.InRange(kept, Timeline.Capacity, 5 * Timeline.Capacity);
        Assert.Equal(50_001, kept + timeline.Dropped);
    }
}
