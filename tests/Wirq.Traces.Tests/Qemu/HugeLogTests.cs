using System.Globalization;
using System.IO.Compression;
using System.Text;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Tests.Qemu;

/// <summary>Logs of any size are read in the same memory. <c>WIRQ_HUGE_LOG_MB=1024</c> reads a gigabyte of each.</summary>
public class HugeLogTests(ITestOutputHelper output)
{
    private const int DefaultMegabytes = 32;
    private const long MostAllocated = 2 << 20;

    private static long Size => (long)(int.TryParse(
        Environment.GetEnvironmentVariable("WIRQ_HUGE_LOG_MB"), CultureInfo.InvariantCulture, out int megabytes)
        ? megabytes
        : DefaultMegabytes) << 20;

    [Fact]
    public void Many_lines()
    {
        const string line = "8913@1795160625.827481:apic_mem_writel 0xb0 = 0x00000000\n";
        byte[] lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, 1024)));
        QemuLogReader reader = ReadInBounds(new RepeatedStream(lines, Size));
        // The last line is cut, perhaps inside its last number.
        Assert.InRange(reader.Recognised, Size / line.Length, Size / line.Length + 1);
    }

    [Fact]
    public void One_line_without_end()
    {
        QemuLogReader reader = ReadInBounds(new RepeatedStream(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("pic_set_irq ", 4096))), Size));
        Assert.Equal((1, 1), (reader.Lines, reader.TooLong));
    }

    [Fact]
    public void A_thousandfold_compressed_line_without_end()
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            new RepeatedStream(new byte[1 << 16], Size).CopyTo(gzip);
        compressed.Position = 0;
        Assert.Equal(1, ReadInBounds(compressed).TooLong);
    }

    private QemuLogReader ReadInBounds(Stream stream)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        using var reader = new QemuLogReader(stream, "huge.log");
        while (reader.TryRead(out _))
        {
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        // What the process has besides depends on which tests ran before.
        output.WriteLine($"{reader.Lines} lines, {allocated} bytes allocated, working set {Environment.WorkingSet >> 20} MB");
        Assert.InRange(allocated, 0, MostAllocated);
        return reader;
    }
}
