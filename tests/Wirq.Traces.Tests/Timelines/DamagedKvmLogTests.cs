using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Kvm.Raises;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Qemu;
using Wirq.Traces.Tests.Kvm;
using Wirq.Traces.Tests.Kvm.Replay;
using Wirq.Traces.Timelines;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Damaged logs of KVM hosts: each is drawn, by why and by replay, or is refused with its place; and what is drawn is whole.</summary>
public partial class DamagedKvmLogTests(ITestOutputHelper output)
{
    private const int Seed = 1606;

    private static int Rounds => Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 500 : 5;

    public static TheoryData<string> Files => ["guest-2cpu-split-nodest.v7.trace.dat", "guest-2cpu-split-nodest.v6.trace.dat.gz", "storm-delayed-eoi.txt.gz", "pasted-mail-wrapped.txt"];

    /// <summary>Bytes are flipped, cut off, taken out or doubled.</summary>
    [Theory, MemberData(nameof(Files))]
    public void Any_byte_may_be_damaged(string name)
    {
        byte[] whole = File.ReadAllBytes(KvmFiles.Kept(name));
        var random = new Random(Seed);
        output.WriteLine($"seed {Seed}");
        int refused = 0;
        for (int round = 0; round < Rounds; round++)
            refused += AssertDrawnOrRefused(Damaged(whole, random), $"{name}, round {round}") ? 0 : 1;
        output.WriteLine($"{refused} of {Rounds} refused");
    }

    /// <summary>What is compressed is whole, and its text is damaged.</summary>
    [Theory]
    [InlineData("amd-tpr", 9100)]
    [InlineData("guest-2cpu-full-cli", 4400)]
    public void Any_text_may_be_damaged(string log, int from)
    {
        byte[] whole = Encoding.UTF8.GetBytes(string.Join('\n', KvmReplays.LinesOf(log)[from..]));
        var random = new Random(Seed);
        output.WriteLine($"seed {Seed}");
        for (int round = 0; round < Rounds; round++)
            AssertDrawnOrRefused(Damaged(whole, random), $"{log}, round {round}");
    }

    /// <summary>Records that no kernel prints: any number of them is another one, and lines stand anywhere.</summary>
    [Fact]
    public void Numbers_may_be_any_and_lines_anywhere()
    {
        string[] some = ["0", "1", "7", "15", "16", "23", "24", "255", "256", "65535", "16383", "16384", "2147483647", "2147483648", "4294967295", "18446744073709551615", "-1", "ffffffff", "fec00000", "fee00310", "20", "a0", "4d0"];
        string[] whole = KvmReplays.LinesOf("amd-tpr")[9150..10000];
        var random = new Random(Seed);
        output.WriteLine($"seed {Seed}");
        for (int round = 0; round < Rounds; round++)
        {
            string[] lines = [.. whole];
            for (int change = 0; change < 200; change++)
            {
                int at = random.Next(lines.Length);
                MatchCollection numbers = Number.Matches(lines[at]);
                if (numbers.Count == 0)
                    continue;
                Match number = numbers[random.Next(numbers.Count)];
                lines[at] = lines[at][..number.Index] + some[random.Next(some.Length)] + lines[at][(number.Index + number.Length)..];
            }
            for (int swap = 0; swap < 40; swap++)
            {
                int one = random.Next(lines.Length), other = random.Next(lines.Length);
                (lines[one], lines[other]) = (lines[other], lines[one]);
            }
            AssertDrawnOrRefused(Encoding.UTF8.GetBytes(string.Join('\n', lines)), $"round {round}");
        }
    }

    /// <summary>A chip, a pin or a line that no 8259 has is no index.</summary>
    [Theory]
    [InlineData("gsi 255", "chip 31 pin 7")]
    [InlineData("gsi 200", "chip 25 pin 0")]
    [InlineData("gsi 4294967295", "chip 0 pin 4294967295")]
    [InlineData("gsi 12", "chip 0 pin 12")]
    [InlineData("gsi 4", "chip 2147483647 pin 4")]
    public void A_line_and_a_chip_may_have_any_number(string gsi, string pin)
    {
        string[] lines = KvmReplays.LinesOf("amd-tpr")[..9000];
        for (int at = 0; at < lines.Length; at++)
        {
            if (lines[at].Contains("kvm_set_irq: gsi 0 ", StringComparison.Ordinal))
                lines[at] = lines[at].Replace("gsi 0", gsi, StringComparison.Ordinal);
            if (lines[at].Contains("kvm_pic_set_irq: chip 0 pin 0 ", StringComparison.Ordinal))
                lines[at] = lines[at].Replace("chip 0 pin 0", pin, StringComparison.Ordinal);
        }
        byte[] file = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        AssertDrawnOrRefused(file, $"{gsi}, {pin}");
        foreach (string source in (string[])["gsi:200", "gsi:24", "gsi:12", "gsi:4", "gsi:255", "pic:12", "pic:4", "ioapic:23"])
        {
            KvmPlaced placed = KvmPlaced.Parse($"{source}@L{lines.Length}", out _)!;
            KvmRaiseWatch? watch = null;
            KvmJudge.Read(() => new MemoryStream(file), "F", watch: survey => watch = new KvmRaiseWatch(placed, survey));
            // No input of the 8259 pair was driven: none rose.
            Assert.DoesNotContain(watch!.Raises, one => one.Raise.Source == "pic:12");
        }
    }

    /// <summary>A small log may claim many VMs, vCPUs and vectors: all is bounded.</summary>
    [Fact]
    public void Many_VMs_and_vectors_are_bounded()
    {
        var text = new StringBuilder();
        for (int vm = 0; vm < 300; vm++)
        {
            for (int vcpu = 0; vcpu < 3; vcpu++)
            {
                int thread = 1000 + vm * 10 + vcpu;
                string prefix = string.Create(CultureInfo.InvariantCulture, $"CPU {vcpu}/KVM-{thread} ({1000 + vm * 10}) [000] ..... 1.{vm:d3}{vcpu:d3}: ");
                text.Append(prefix).AppendLine(CultureInfo.InvariantCulture, $"kvm_entry: vcpu {vcpu}, rip 0x100");
                for (int vector = 32; vector < 40; vector++)
                    text.Append(prefix).AppendLine(CultureInfo.InvariantCulture, $"kvm_apic_accept_irq: apicid {vcpu} vec {vector} (Fixed|edge)");
                text.Append(prefix).AppendLine(CultureInfo.InvariantCulture, $"kvm_ioapic_set_irq: pin {vm % 24} dst 0 vec 50 (Fixed|physical|level)");
            }
        }
        KvmReplayReport report = Drawn.Replay(() => new MemoryStream(Encoding.UTF8.GetBytes(text.ToString())), "text");
        Picture picture = report.Picture!;
        Assert.Equal(new PictureOptions().MostLanes, picture.Lanes.Count);
        Assert.Contains(picture.Notes, note => note.StartsWith("At most 2048 lanes are drawn", StringComparison.Ordinal));
        Assert.Contains("44 VMs are drawn as the records tell: the log has more VMs or vCPUs than are replayed.", picture.Notes);
        Assert.Contains("44 further VMs are not replayed: the log has more than 256", report.Notes);
    }

    private static byte[] Damaged(byte[] whole, Random random)
    {
        byte[] damaged = [.. whole];
        switch (random.Next(4))
        {
            case 0:
                for (int change = 0; change < 1 << random.Next(8); change++)
                    damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                return damaged;
            case 1:
                return damaged[..random.Next(1, damaged.Length)];
            case 2:
                int from = random.Next(damaged.Length), length = random.Next(1, 1 + damaged.Length / 8);
                return [.. damaged[..from], .. damaged[Math.Min(damaged.Length, from + length)..]];
            default:
                int at = random.Next(damaged.Length), more = random.Next(1, 1 + damaged.Length / 8);
                return [.. damaged[..at], .. damaged[Math.Max(0, at - more)..]];
        }
    }

    private static bool AssertDrawnOrRefused(byte[] file, string what)
    {
        bool drawn = true;
        foreach (Func<Picture> draw in (Func<Picture>[])[() => Drawn.Kvm(() => new MemoryStream(file, writable: false), "F").Picture, () => Drawn.Replay(() => new MemoryStream(file, writable: false), "F").Picture!])
        {
            try
            {
                Picture picture = draw();
                foreach (string extension in new[] { ".html", ".pftrace", ".json", ".vcd" })
                {
                    byte[] written = Drawn.Bytes(picture, PictureFormats.Of(extension)!);
                    if (extension == ".json")
                        JsonDocument.Parse(written).Dispose();
                }
                Assert.True(picture.Spans.All(span => picture.End(span) > picture.Begin(span)), what);
            }
            catch (Exception bad) when (bad is TraceException or KvmFileException)
            {
                Assert.StartsWith("F: ", bad.Message, StringComparison.Ordinal);
                drawn = false;
            }
            catch (Exception bad) when (bad is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{what}: {bad}");
            }
        }
        return drawn;
    }

    [GeneratedRegex(@"(?<=[ =x])[0-9a-f]+\b")]
    private static partial Regex Number { get; }
}
