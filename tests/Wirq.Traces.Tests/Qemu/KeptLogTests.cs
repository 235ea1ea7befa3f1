using Wirq.Traces.Qemu;

namespace Wirq.Traces.Tests.Qemu;

/// <summary>Complete logs that QEMU wrote, with all lines between the events.</summary>
public class KeptLogTests
{
    [Fact]
    public void A_log_with_dumps_tells_who_took_which_vector()
    {
        (List<TraceLine> lines, QemuLogReader reader) = ReadAll("linux-intx-d-int.log");
        Assert.Equal((54, 54, 0), (reader.Lines, reader.Recognised, reader.Malformed));
        Assert.Equal(
            [0xFBUL, 0xEC, 0x22, 0xEC, 0xEC, 0xFB],
            lines.Where(line => line.Event == TraceEvent.ServicingInterrupt).Select(line => line.A));
        int taken = lines.FindIndex(line => line is { Event: TraceEvent.ServicingInterrupt, A: 0x22 });
        Assert.Equal((3321UL, 0x22UL), (lines[taken + 1].A, lines[taken + 1].B));
        Assert.Equal(0xFFFFFE0000079000, lines[taken + 2].A);
        Assert.Equal(8917, lines[taken + 3].Thread);
        Assert.Equal(1795160628_808489, lines[taken + 3].Microseconds);
    }

    [Fact]
    public void A_log_of_the_8259_is_read_whole()
    {
        (List<TraceLine> lines, QemuLogReader reader) = ReadAll("seabios-boot.log");
        Assert.Equal((40, 40, 0), (reader.Lines, reader.Recognised, reader.Malformed));
        Assert.Equal(3, lines.Count(line => line.Event == TraceEvent.PicUpdateIrq));
        Assert.Equal(11, lines.Count(line => line.Event == TraceEvent.PicInterruptLine));
        Assert.Equal(8, lines.Count(line => line.Event == TraceEvent.PicPortWrite));
        TraceLine acknowledged = lines.Single(line => line.Event == TraceEvent.PicInterrupt);
        Assert.Equal((0UL, 8UL), (acknowledged.A, acknowledged.B));
    }

    [Fact]
    public void A_compressed_log_without_time_stamps_is_read_whole()
    {
        (List<TraceLine> lines, QemuLogReader reader) = ReadAll("intel-iommu.log.gz");
        Assert.Equal((137, 22, 0), (reader.Lines, reader.Recognised, reader.Malformed));
        Assert.All(lines, line => Assert.Equal((0, -1), (line.Thread, line.Microseconds)));
        TraceLine fetched = lines.First(line => line.Event == TraceEvent.RemapFetch);
        TraceLine entry = lines.First(line => line.Event == TraceEvent.RemapEntry);
        const int vectorShift = 16;
        Assert.Equal(entry.C, (fetched.B >> vectorShift) & 0xFF);
    }

    private static (List<TraceLine> Lines, QemuLogReader Reader) ReadAll(string name) =>
        LineTests.ReadAll(File.ReadAllBytes(Path.Combine(Folder(), name)));

    /// <summary>The logs, in the checkout that the tests run in.</summary>
    private static string Folder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string logs = Path.Combine(folder.FullName, "Qemu", "logs");
            if (Directory.Exists(logs))
                return logs;
        }
        throw new InvalidOperationException($"no Qemu/logs above {AppContext.BaseDirectory}; the tests run inside a checkout");
    }
}
