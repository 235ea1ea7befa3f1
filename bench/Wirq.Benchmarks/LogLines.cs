using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Wirq.Traces.Qemu;

namespace Wirq.Benchmarks;

/// <summary>The speed of reading a compressed QEMU log, on one core.</summary>
internal static class LogLines
{
    private const int WarmUp = 10, Rounds = 9, Turns = 20_000;
    private const long FirstMicrosecond = 1795160625_000000;

    internal static void Measure(TextWriter output)
    {
        byte[] log = Compress(out long lines);
        var rates = new double[Rounds];
        for (int i = 0; i < WarmUp; i++)
            Read(log);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            if (Read(log) != lines)
                throw new InvalidOperationException("not every line was recognised");
            rates[i] = lines / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Array.Sort(rates);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"replay-read-lines {rates[Rounds / 2]:0} lines/s"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"replay-read-lines-allocated {(double)allocated / Rounds / lines:0.00} B/line"));
    }

    private static long Read(byte[] log)
    {
        using var reader = new QemuLogReader(new MemoryStream(log), "bench.log.gz");
        while (reader.TryRead(out _))
        {
        }
        return reader.Recognised;
    }

    /// <summary>The repeated level interrupt of a disk, with the console's line changing in between, as in a log of
    /// Linux.</summary>
    private static byte[] Compress(out long lines)
    {
        using var compressed = new MemoryStream();
        lines = 0;
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
        using (var text = new StreamWriter(gzip, Encoding.ASCII))
        {
            var random = new Random(1);
            long time = FirstMicrosecond;
            for (int turn = 0; turn < Turns; turn++)
            {
                int pin = 16 + random.Next(8), vector = 0x30 + random.Next(0xC0);
                string[] turnLines =
                [
                    "pic_set_irq master 1 irq 4 level 1",
                    "ioapic_set_irq vector: 4 level: 1",
                    "pic_set_irq master 1 irq 4 level 0",
                    "ioapic_set_irq vector: 4 level: 0",
                    $"ioapic_set_irq vector: {pin} level: 1",
                    $"ioapic_set_remote_irr set remote irr for pin {pin}",
                    $"apic_deliver_irq dest {turn & 3} dest_mode 0 delivery_mode 0 vector {vector} trigger_mode 1",
                    "apic_report_irq_delivered coalescing 1",
                    $"apic_mem_writel 0x380 = 0x{random.Next():x8}",
                    "apic_mem_writel 0xb0 = 0x00000000",
                    $"ioapic_eoi_broadcast EOI broadcast for vector {vector}",
                    $"ioapic_clear_remote_irr clear remote irr for pin {pin} vector {vector}",
                ];
                foreach (string line in turnLines)
                {
                    time += random.Next(1, 40);
                    text.Write(string.Create(CultureInfo.InvariantCulture,
                        $"{8913 + (turn & 3)}@{time / 1_000_000}.{time % 1_000_000:000000}:{line}\n"));
                    lines++;
                }
            }
        }
        return compressed.ToArray();
    }
}
