using System.IO.Compression;
using System.Text;
using Wirq.Traces.Dumps;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>The same text, as people paste it, gets the same answer.</summary>
public class DumpTextTests
{
    private static readonly string s_whole = $"{MonitorDumpTests.Lapic}\n{MonitorDumpTests.Pic}\n";
    private static readonly string[] s_expected = Pasted.Answer(s_whole).Findings();

    public static TheoryData<string, string> Forms => new()
    {
        { "CRLF", s_whole.Replace("\n", "\r\n", StringComparison.Ordinal) },
        { "quoted", string.Join('\n', s_whole.Split('\n').Select(line => $"> {line}")) },
        { "quoted twice", string.Join('\n', s_whole.Split('\n').Select(line => $"> > {line}")) },
        { "quoted without blanks", string.Join('\n', s_whole.Split('\n').Select(line => $">>{line}")) },
        { "blanks for tabs", s_whole.Replace("\t", "     ", StringComparison.Ordinal) },
        { "indented", string.Join('\n', s_whole.Split('\n').Select(line => $"    {line}")) },
        { "prompts before lines", string.Join('\n', s_whole.Split('\n').Select(line => line.Contains("pic", StringComparison.Ordinal) ? $"(qemu) {line}" : line)) },
        { "no blanks at ends", string.Join('\n', s_whole.Split('\n').Select(line => line.TrimEnd())) },
        { "text around it", $"My guest hangs. This is what it says:\n```\n{s_whole}```\nThanks,\nIda\n" },
        { "quoted-printable", QuotedPrintable(s_whole) },
        { "colours", s_whole.Replace("ISR", "\x1B[1;31mISR\x1B[0m", StringComparison.Ordinal) },
        { "wrapped at 72", string.Join('\n', s_whole.Split('\n').SelectMany(Wrap)) },
    };

    [Theory, MemberData(nameof(Forms))]
    public void A_pasted_form_gets_the_answer_of_the_whole(string form, string text) =>
        Assert.True(s_expected.SequenceEqual(Pasted.Answer(text).Findings()), $"{form}: {string.Join(", ", Pasted.Answer(text).Findings())}");

    [Fact]
    public void Gzip_is_read()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(s_whole));
        var parts = new DumpParts();
        Assert.True(DumpRecognition.Looks(Open));
        DumpFile.Read(Open, "dump.gz", null, parts);
        Assert.Equal(s_expected, DumpAnswers.Of(parts).Single().Answer.Findings());

        Stream Open() => new MemoryStream(packed.ToArray(), writable: false);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void UTF_16_is_read(bool bigEndian)
    {
        var encoding = new UnicodeEncoding(bigEndian, byteOrderMark: true);
        byte[] bytes = [.. encoding.GetPreamble(), .. encoding.GetBytes(s_whole)];
        var parts = new DumpParts();
        Assert.True(DumpRecognition.Looks(Open));
        DumpFile.Read(Open, "dump.txt", null, parts);
        Assert.Equal(s_expected, DumpAnswers.Of(parts).Single().Answer.Findings());

        Stream Open() => new MemoryStream(bytes, writable: false);
    }

    [Theory]
    [InlineData("")]
    [InlineData("name: a scenario\nsteps: []\n")]
    [InlineData("1@2.000003:ioapic_set_irq vector: 11 level: 1\n(qemu) info pic\npic0: irr=00 imr=ff isr=00 hprio=0 irq_base=30 rr_sel=0 elcr=00 fnm=0\n")]
    [InlineData("[    1.200000] irq 10: nobody cared\nioapic_set_irq vector: 11 level: 1\n")]
    [InlineData("[    1.200000] irq 10: nobody cared\n qemu-1234 [001] d..2. 100.000001: kvm_set_irq: gsi 4 level 1 source 0\n")]
    [InlineData("Servicing hardware INT=0x08\n")]
    public void What_has_events_or_nothing_of_the_kind_is_no_dump(string text) => Assert.False(Pasted.Looks(text));

    [Fact]
    public void A_log_that_begins_with_a_long_console_is_no_dump()
    {
        var text = new StringBuilder();
        while (text.Length < 1 << 21)
            text.Append("[    1.000000] pci 0000:00:1f.0: reg 0x10: [io  0x0000-0x0007]\n");
        string console = text.ToString();
        Assert.True(Pasted.Looks(console));
        Assert.False(Pasted.Looks(console + "ioapic_set_irq vector: 11 level: 1\n"));
    }

    private static IEnumerable<string> Wrap(string line)
    {
        const int width = 72;
        while (line.Length > width && line.LastIndexOf(' ', width) is > 8 and var at)
        {
            yield return line[..at];
            line = line[(at + 1)..];
        }
        yield return line;
    }

    private static string QuotedPrintable(string text)
    {
        const int width = 70;
        var encoded = new StringBuilder();
        foreach (string line in text.Split('\n'))
        {
            string rest = line.Replace("=", "=3D", StringComparison.Ordinal).Replace("\t", "=09", StringComparison.Ordinal);
            while (rest.Length > width)
            {
                int at = rest[width - 1] == '=' ? width - 1 : rest[width - 2] == '=' ? width - 2 : width;
                encoded.Append(rest.AsSpan(0, at)).Append("=\n");
                rest = rest[at..];
            }
            encoded.Append(rest).Append('\n');
        }
        return encoded.ToString();
    }
}
