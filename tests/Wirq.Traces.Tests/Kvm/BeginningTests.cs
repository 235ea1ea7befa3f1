using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Judging;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>A log is judged by a survey of its beginning. However short that is, the answer is that of a survey of the whole.</summary>
public class BeginningTests
{
    public static TheoryData<string> Logs => [.. Directory.GetFiles(Repository.PathOf("tests/Wirq.Traces.Tests/Kvm/logs")).Select(file => Path.GetFileName(file))
        .Where(name => !name.EndsWith(".md", StringComparison.Ordinal) && !name.EndsWith(".py", StringComparison.Ordinal) && name != "perf-trace.txt").Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Logs))]
    public void The_answer_does_not_depend_on_the_beginning(string name)
    {
        string whole = Answer(name, long.MaxValue);
        foreach (long beginning in new long[] { 1, 30, 300, 1000, 3000 })
            Assert.True(whole == Answer(name, beginning), $"{name}: the first {beginning} records");
    }

    [Fact]
    public void A_beginning_that_tells_all_is_enough()
    {
        var survey = new Dictionary<long, bool>();
        string file = KvmFiles.Kept("amd-ok.trace.txt.gz");
        foreach (long beginning in new long[] { 1, 9000 })
        {
            using IKvmRecords first = KvmLog.Open(() => File.OpenRead(file), file), all = KvmLog.Open(() => File.OpenRead(file), file);
            survey[beginning] = KvmSurvey.OfBeginning(first, beginning).Survey.TryBecome(KvmSurvey.Of(all, null));
        }
        Assert.Equal([(1, false), (9000, true)], survey.Select(pair => (pair.Key, pair.Value)));
    }

    private static string Answer(string name, long beginning)
    {
        string file = KvmFiles.Kept(name);
        using var json = new MemoryStream();
        KvmAnswerJson.Write(KvmJudge.Read(() => File.OpenRead(file), file, beginning: beginning), json);
        return Encoding.UTF8.GetString(json.ToArray());
    }
}
