using System.IO.Compression;
using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>The kept logs, and replays of them and of texts.</summary>
internal static class ReplayLogs
{
    internal static readonly string[] All =
        ["seabios", "reset", "ioapic-1cpu-acks", "ioapic-2cpu", "ioapic-3cpu", "smptest-4cpu", "hung-no-eoi", "vtd-msix", "vtd-faults"];

    internal static string PathOf(string name) =>
        Repository.PathOf($"tests/Wirq.Traces.Tests/Replay/logs/{name}.log.gz");

    internal static string TextOf(string name) => TextIn(PathOf(name));

    /// <summary>The text of a file, plain or compressed by gzip.</summary>
    internal static string TextIn(string file)
    {
        using Stream stream = file.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(File.OpenRead(file), CompressionMode.Decompress) : File.OpenRead(file);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    internal static ReplayReport Kept(string name, Action<TraceLine, Fabric>? before = null) =>
        Replayer.Run(() => File.OpenRead(PathOf(name)), name, new ReplayOptions { Before = before });

    internal static ReplayReport Text(string text, ReplayOptions? options = null) => Bytes(Encoding.ASCII.GetBytes(text), options);

    internal static ReplayReport Bytes(byte[] bytes, ReplayOptions? options = null) =>
        Replayer.Run(() => new MemoryStream(bytes), "text", options);

    /// <summary>Lines of one thread, a microsecond apart; a line that begins with a digit and a space names its thread.</summary>
    internal static string Stamped(string lines)
    {
        var text = new StringBuilder();
        int time = 0;
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            bool named = line.Length > 2 && char.IsAsciiDigit(line[0]) && line[1] == ' ';
            text.Append(named ? line[..1] : "1").Append("@1.").Append($"{++time:d6}").Append(':')
                .Append(named ? line[2..] : line).Append('\n');
        }
        return text.ToString();
    }

    internal static long Matched(this ReplayReport report, string name) => report.Responses.Of(ResponseVerdict.Matched, name);
    internal static long Unchecked(this ReplayReport report, string name) => report.Responses.Of(ResponseVerdict.Unchecked, name);

    internal static void AssertClean(ReplayReport report)
    {
        Assert.Null(report.First?.ToString());
        Assert.Equal(0, report.Responses.Total(ResponseVerdict.Mismatched));
        Assert.All(report.Laws, law => Assert.True(law.Held, law.Detail));
        Assert.True(report.Succeeded);
    }
}
