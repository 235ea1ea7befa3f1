using System.Globalization;
using System.IO.Compression;
using System.Text;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Tests.Qemu;

/// <summary>Files that are damaged, cut off, or not logs.</summary>
public class HostileTests(ITestOutputHelper output)
{
    private const string Good = "pic_set_irq master 1 irq 4 level 0";

    [Theory]
    [InlineData("pic_set_irq")]
    [InlineData("pic_set_irq ")]
    [InlineData("pic_set_irq master 1 irq 4 level ")]
    [InlineData("pic_set_irq master 1 irq 4 level 0x1")]
    [InlineData("pic_set_irq master 1 irq 8 level 0")]
    [InlineData("pic_set_irq master 2 irq 4 level 0")]
    [InlineData("pic_set_irq master 1 irq -1 level 0")]
    [InlineData("pic_set_irq master 1 irq 99999999999999999999999 level 0")]
    [InlineData("pic_set_irq master 1 ir8913@1795160625.827520:ioapic_set_irq vector: 4 level: 0")]
    [InlineData("pic_set_irq master 1 irq 4 level 08913@1795160625.827520:ioapic_set_irq vector: 4 level: 0")]
    [InlineData("pic_update_irq master 1 imr fb irr 0 padd 0")]
    [InlineData("ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x1 size 0x4 val 0x1ffffffff")]
    [InlineData("cpu_set_apic_base 0x1ffffffffffffffff")]
    [InlineData("apic_mem_readl 0x = 0x0")]
    [InlineData("apic_register_read register 0x100 = 0x0")]
    [InlineData("TR =0040 fffffe0000003000")]
    [InlineData("Servicing hardware INT=0x100")]
    public void A_known_name_with_unreadable_fields_is_counted(string text)
    {
        (List<TraceLine> lines, QemuLogReader reader) = LineTests.ReadAll(text + "\n" + Good);
        Assert.Equal(2, Assert.Single(lines).Number);
        Assert.Equal((2, 1, 1), (reader.Lines, reader.Recognised, reader.Malformed));
    }

    [Theory]
    [InlineData("vtd_inv_qi_fetch ")]
    [InlineData("pic_set_irqs master 1 irq 4 level 0")]
    [InlineData("Servicing virtual hardware INT=0x21")]
    [InlineData("RAX=0000000000000000 RBX=0000000000000000")]
    [InlineData("134: v=ec")]
    [InlineData("   ")]
    [InlineData("\0\0\0")]
    [InlineData("")]
    public void Other_lines_are_passed_over(string text)
    {
        (List<TraceLine> lines, QemuLogReader reader) = LineTests.ReadAll(text + "\n" + Good);
        Assert.Equal(2, Assert.Single(lines).Number);
        Assert.Equal(0, reader.Malformed);
    }

    [Fact]
    public void Ends_of_lines_may_be_of_any_kind()
    {
        (List<TraceLine> lines, QemuLogReader reader) = LineTests.ReadAll($"\0\0\0{Good}\r\n{Good}\0\n\n{Good}");
        Assert.Equal([1L, 2, 4], lines.Select(line => line.Number));
        Assert.Equal(4, reader.Lines);
    }

    [Fact]
    public void An_empty_log_has_no_lines()
    {
        Assert.Equal(0, LineTests.ReadAll("").Reader.Lines);
        Assert.Equal(0, LineTests.ReadAll(Gzip("")).Reader.Lines);
        Assert.Equal(1, LineTests.ReadAll([0x1F]).Reader.Lines);
    }

    [Theory]
    [InlineData(1 << 16, 0)]
    [InlineData((1 << 16) + 1, 1)]
    [InlineData(1 << 20, 1)]
    public void A_line_that_is_too_long_is_skipped_and_counted(int length, int skipped)
    {
        string line = new('x', length);
        (List<TraceLine> lines, QemuLogReader reader) = LineTests.ReadAll($"{Good}\n{line}\n{Good}\n{line}\r\n{line}");
        Assert.Equal([1L, 3], lines.Select(l => l.Number));
        Assert.Equal((5, 3 * skipped), (reader.Lines, reader.TooLong));
    }

    [Fact]
    public void Random_bytes_are_no_trace()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var bytes = new byte[1 << 20];
        new Random(seed).NextBytes(bytes);
        bytes[0] = 0;
        using var reader = new QemuLogReader(new MemoryStream(bytes), "random");
        Assert.False(reader.IsTrace(), $"seed {seed}");
        Assert.InRange(reader.Lines, 1000, bytes.Length);
    }

    [Fact]
    public void Random_bytes_in_a_log_cost_at_most_the_lines_they_hit()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[] bytes = Encoding.ASCII.GetBytes(Text(10_000));
        for (int i = 0; i < 500; i++)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        // A byte over a line feed costs two lines.
        Assert.True(LineTests.ReadAll(bytes).Lines.Count >= 10_000 - 1000, $"seed {seed}");
    }

    [Fact]
    public void A_log_is_recognised_without_losing_a_line()
    {
        using var reader = new QemuLogReader(new MemoryStream(Encoding.ASCII.GetBytes($"x\n{Good}\n{Good}\n")), "guest.log");
        Assert.True(reader.IsTrace());
        Assert.True(reader.IsTrace());
        Assert.True(reader.TryRead(out TraceLine first));
        Assert.True(reader.TryRead(out TraceLine second));
        Assert.False(reader.TryRead(out _));
        Assert.Equal((2, 3), (first.Number, second.Number));
    }

    [Fact]
    public void The_first_event_may_come_late()
    {
        const int lines = 200_000;
        string text = string.Concat(Enumerable.Repeat("vtd_inv_qi_fetch \n", lines)) + Good;
        using var reader = new QemuLogReader(new MemoryStream(Encoding.ASCII.GetBytes(text)), "guest.log");
        Assert.True(reader.IsTrace());
        Assert.True(reader.TryRead(out TraceLine first));
        Assert.Equal(lines + 1, first.Number);
    }

    /// <summary>Lines that say where they stand.</summary>
    internal static string Text(int lines) => string.Concat(Enumerable.Range(0, lines).Select(i =>
        string.Create(CultureInfo.InvariantCulture, $"{4520 + i % 4}@1795158738.{i:000000}:ioapic_set_irq vector: {i % 24} level: 1\n")));

    internal static byte[] Gzip(string text, CompressionLevel level = CompressionLevel.Optimal) =>
        Gzip(Encoding.ASCII.GetBytes(text), level);

    internal static byte[] Gzip(byte[] text, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, level))
            gzip.Write(text);
        return stream.ToArray();
    }
}
