using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Kvm;
using Wirq.Traces.Tests.Replay;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>Logs of KVM hosts: the cuts that are kept here, and whole recordings where a variable names their folder.</summary>
internal static class KvmFiles
{
    private const string Variable = "WIRQ_KVM_TRACES";

    internal static string? Whole => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? folder : null;

    internal static string WholeOf(string name)
    {
        Assert.SkipWhen(Whole is null, $"{Variable} names no folder of whole recordings");
        return Path.Combine(Whole!, name);
    }

    internal static string Kept(string name) => Repository.PathOf($"tests/Wirq.Traces.Tests/Kvm/logs/{name}");

    /// <summary>All records of a file, as text, and what was counted.</summary>
    internal static (List<string> Records, KvmCounts Counts) Read(string file) => Read(() => File.OpenRead(file), file);

    internal static (List<string> Records, KvmCounts Counts) Read(Func<Stream> open, string file = "text")
    {
        var records = new List<string>();
        using IKvmRecords log = KvmLog.Open(open, file);
        while (log.TryRead())
            records.Add(log.Record.ToString());
        return (records, log.Counts);
    }

    internal static (List<string> Records, KvmCounts Counts) ReadText(string text) => Read(() => new MemoryStream(Encoding.UTF8.GetBytes(text)));

    /// <summary>The records that all forms have: the plugin of trace-cmd prints a restarted exit as KVM_EXIT_UNKNOWN (0).</summary>
    internal static IEnumerable<string> Comparable(List<string> records) => records.Where(one => !one.Contains("UserspaceExit", StringComparison.Ordinal));

    internal static string Text(string file) => ReplayLogs.TextIn(file);
}
