using System.Text;
using System.Text.RegularExpressions;
using Wirq.Traces.Kvm;
using Wirq.Traces.Tests.Timelines;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>Whole recordings in several forms: each form tells the same.</summary>
public partial class WholeRecordingTests
{
    [GeneratedRegex(@"\b(?:kvm|vcpu)_[a-z_0-9]+(?=:)")]
    private static partial Regex EventName { get; }

    public static TheoryData<string> Names => ["seabios-full", "guest-2cpu-full-cli", "guest-2cpu-full-off", "guest-2cpu-split-nodest"];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_forms_of_one_recording_have_the_same_records_at_the_same_times(string name)
    {
        string[] forms = [.. new[] { $"{name}.trace.txt.gz", $"{name}.report.txt.gz", $"{name}.trace.dat", $"{name}.v6.trace.dat.gz" }
            .Select(KvmFiles.WholeOf).Where(File.Exists)];
        Assert.True(forms.Length >= 3, $"only {forms.Length} forms of {name}");
        (List<string> first, KvmCounts counts) = KvmFiles.Read(forms[0]);
        Assert.Equal(0, counts.Damaged);
        Assert.True(first.Count > 1000);
        foreach (string form in forms[1..])
        {
            (List<string> other, KvmCounts counted) = KvmFiles.Read(form);
            Assert.Equal(0, counted.Damaged);
            Assert.Equal(counts.All, counted.All);
            Assert.Equal(KvmFiles.Comparable(first), KvmFiles.Comparable(other));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_event_is_counted_as_often_as_it_stands_in_the_text(string name)
    {
        string file = KvmFiles.WholeOf($"{name}.trace.txt.gz");
        Counted(file);
    }

    [Fact]
    public void So_it_is_in_the_text_of_perf() => Counted(KvmFiles.WholeOf("guest-1cpu-full-masked.perf-script.txt.gz"));

    private static void Counted(string file)
    {
        var expected = EventName.Matches(KvmFiles.Text(file)).GroupBy(match => match.Value, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => (group.Key, (long)group.Count()));
        Assert.Equal(expected, KvmFiles.Read(file).Counts.All);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_trace_dat_is_read_as_trace_cmd_reads_it(string name)
    {
        string file = KvmFiles.WholeOf($"{name}.trace.dat");
        string raw = Report(file);
        (List<string> mine, _) = KvmFiles.Read(file);
        (List<string> theirs, KvmCounts counts) = KvmFiles.ReadText(raw);
        Assert.Equal(0, counts.Damaged);
        Assert.Equal(theirs.Select(Whole), mine.Select(Whole));
    }

    // trace-cmd prints of an entry, an ICR and a message's data the low byte: for them the texts of the events are the judge.
    private static string Whole(string record) => record.Contains("IoApicSetIrq", StringComparison.Ordinal) || record.Contains("ApicIpi", StringComparison.Ordinal)
        || record.Contains("MsiSetIrq", StringComparison.Ordinal)
        ? string.Join(' ', record.Split(' ').Take(4)) : record;

    /// <summary>The fields as trace-cmd reads them, unformatted.</summary>
    private static string Report(string file)
    {
        Judge.Needs("trace-cmd", "trace-cmd");
        return Encoding.UTF8.GetString(Judge.Run("trace-cmd", [], "report", "-R", "-t", "-N", "-i", file));
    }
}
