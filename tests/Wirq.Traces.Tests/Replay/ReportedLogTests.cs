using System.IO.Compression;
using Wirq.Tests.Shared;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>Logs that QEMU 7.2 wrote and that profile <c>qemu</c> once got wrong (<c>tests/reports/README.md</c>).</summary>
public sealed class ReportedLogTests
{
    [Theory]
    [InlineData("level-nmi.log")]
    [InlineData("reserved.log")]
    [InlineData("repeat-raise2.log")]
    [InlineData("pic-icw1-slave.log")]
    [InlineData("qemu-timer.log.gz")]
    public void A_log_of_qemu_meets_the_chips(string name)
    {
        ReplayReport report = Replayer.Run(() => Open(name), name, new ReplayOptions());
        ReplayLogs.AssertClean(report);
        Assert.True(report.Responses.Total(ResponseVerdict.Matched) > 0);
        Assert.Empty(report.Responses.Waivers);
    }

    private static Stream Open(string name)
    {
        FileStream file = File.OpenRead(Repository.PathOf($"tests/reports/replay/{name}"));
        return name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
    }
}
