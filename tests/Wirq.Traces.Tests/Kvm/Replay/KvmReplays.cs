using System.Text;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Kvm.Replay;

/// <summary>Replays of logs of KVM hosts.</summary>
internal static class KvmReplays
{
    /// <summary>The kept logs that are whole, from the creation of the VM to its end.</summary>
    internal static readonly string[] WholeLogs = ["guest-2cpu-full-cli", "guest-2cpu-full-off", "guest-2cpu-split-nodest", "seabios-full",
        "amd-ok", "amd-tpr", "amd-noack", "amd-splitok"];

    internal static KvmReplayReport Of(string file) => KvmReplayer.Run(() => File.OpenRead(file), file);

    internal static string[] LinesOf(string log) => KvmFiles.Text(KvmFiles.Kept($"{log}.trace.txt.gz")).Split('\n');

    internal static KvmReplayReport Of(IEnumerable<string> lines)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        return KvmReplayer.Run(() => new MemoryStream(text), "part");
    }

    internal static string Mismatches(KvmReplayReport report) => string.Join("; ", report.Vms.SelectMany(vm => vm.Tally.Mismatches)
        .Select(one => $"{report.Survey.Stamps.At(one.Line.At)}: the log says {one.Logged}, the chips say {one.Predicted}"));

    internal static void AssertClean(KvmReplayReport report, string what)
    {
        Assert.True(report.Total(ResponseVerdict.Mismatched) == 0, $"{what}: {Mismatches(report)}");
        Assert.All(report.Vms.SelectMany(vm => vm.Laws), law => Assert.True(law.Held, $"{what}: {law.Name}: {law.Detail}"));
    }
}
