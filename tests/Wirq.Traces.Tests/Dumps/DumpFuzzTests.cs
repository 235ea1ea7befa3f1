using System.Globalization;
using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Dumps;
using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Dumps.Text;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>Damaged dumps yield answers, or errors with their place, in bounded memory and time. <c>WIRQ_LONG=1</c> makes it
/// half a million; <c>WIRQ_SEED</c> another run.</summary>
public class DumpFuzzTests
{
    private const int DefaultSeed = 16, Names = 4;
    private const long MostBytes = 32 << 20;
    private static readonly TimeSpan s_mostTime = TimeSpan.FromSeconds(10);

    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";
    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("WIRQ_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : DefaultSeed;

    private static byte[][] Texts() =>
    [
        .. Directory.GetFiles(Repository.PathOf("tests/reports/why"), "*.txt").Order(StringComparer.Ordinal).Select(File.ReadAllBytes),
        .. Directory.GetFiles(Repository.PathOf("tests/Wirq.Traces.Tests/Dumps/files"), "*.txt").Order(StringComparer.Ordinal).Select(File.ReadAllBytes),
        Encoding.UTF8.GetBytes($"{MonitorDumpTests.Lapic}\n{MonitorDumpTests.Pic}\n"),
        Encoding.UTF8.GetBytes(KernelLogTests.Nobody),
        Encoding.UTF8.GetBytes("[    1.000000] APIC error on CPU1: 00(40)\n[    1.000000] do_IRQ: 1.55 No irq handler for vector (irq -1)\n[    1.000000] spurious 8259A interrupt: IRQ15.\n"
            + "[    1.000000] AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.0 domain=0x0000 address=0xfdf8 flags=0x0018]\n"),
        Encoding.UTF8.GetBytes("(XEN) MSI information:\n(XEN)  MSI-X   40 vec=31  fixed  edge   assert phys    cpu dest=00000002 mask=1/ G/1\n(XEN)  HPET    24 vec=28  fixed level deassert  log lowest dest=00000000 mask=0/0/?\n"
            + "(XEN) ==== segment 0000 ====\n(XEN) 0000:03:00.0 - d1 - node -1  - MSIs < 40 41 >\n(XEN)    IRQ:  40 vec:31 PCI-MSI/-X      status=030 aff:{0}/{0-3} in-flight=1 d1: 87(P?M)\n"),
        Encoding.UTF8.GetBytes(IrqDebugTests.Irq.Replace("IRQD_SINGLE_TARGET", "IRQD_IRQ_DISABLED", StringComparison.Ordinal).Replace("IRQS_ONESHOT", "IRQS_PENDING", StringComparison.Ordinal)),
    ];

    [Fact]
    public void A_damaged_dump_is_refused_with_its_place_or_answered()
    {
        int count = s_long ? 500_000 : 2_000;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {s_seed}, {count} mutations");
        var random = new Random(s_seed);
        byte[][] texts = Texts();
        int answered = 0, refused = 0, none = 0;
        long most = 0;
        TimeSpan longest = default;
        for (int i = 0; i < count; i++)
        {
            byte[] mutated = Mutate(texts[random.Next(texts.Length)], texts, random);
            long before = GC.GetAllocatedBytesForCurrentThread(), begun = ThreadTime.Now.Ticks;
            try
            {
                if (Answer(mutated))
                    answered++;
                else
                    none++;
            }
            catch (DumpException bad)
            {
                Assert.Matches(@"^fuzz\.txt: line [0-9]+: [\s\S]+; expected .+$", bad.Message);
                refused++;
            }
            catch (Exception unexpected) when (unexpected is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {s_seed}, mutation {i}: {unexpected}\n{Encoding.Latin1.GetString(mutated)}");
            }
            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, ThreadTime.Now.Ticks - begun));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} answered, {refused} refused, {none} not known; at most {most} bytes, {longest.TotalMilliseconds} ms");
        Assert.True(answered > count / 4 && refused > 0, $"{answered} answered, {refused} refused");
        Assert.InRange(most, 0, MostBytes);
        Assert.True(longest < s_mostTime, $"{longest}");
    }

    [Fact]
    public void A_dump_cut_at_any_byte_is_answered_and_finds_nothing_that_the_whole_does_not_have()
    {
        foreach (byte[] text in Texts())
        {
            if (!DumpRecognition.Looks(() => new MemoryStream(text, writable: false)))
                continue;
            HashSet<(string Source, int Vector)> whole = Things(text);
            for (int length = 0; length < text.Length; length += s_long ? 1 : 11)
            {
                byte[] cut = text[..length];
                if (DumpRecognition.Looks(() => new MemoryStream(cut, writable: false)))
                    Assert.Empty(Things(cut).Except(whole).Where(thing => thing.Vector >= 0 || !whole.Any(one => one.Source == thing.Source)).Select(thing => $"{thing} at {length} of {Encoding.Latin1.GetString(text, 0, 60)}"));
            }
        }

        // What is found: its source, and its vector where the cut text still has it. Gates may differ, for what explains them may be cut off.
        static HashSet<(string Source, int Vector)> Things(byte[] text)
        {
            var parts = new DumpParts();
            // A name by which /sys/kernel/debug/irq/irqs knows its IRQ.
            DumpFile.Read(() => new MemoryStream(text, writable: false), "16", null, parts);
            return [.. DumpAnswers.Of(parts).SelectMany(one => one.Answer.Findings).Select(one => (one.Source, one.Vector))];
        }
    }

    private static bool Answer(byte[] text)
    {
        Stream Open() => new MemoryStream(text, writable: false);
        if (!DumpRecognition.Looks(Open))
            return false;
        var parts = new DumpParts();
        DumpFile.Read(Open, "fuzz.txt", "fuzz.txt", parts);
        var answer = IncidentAnswer.Of([.. DumpAnswers.Of(parts).Select(one => new IncidentPart([.. one.Files]) { State = one.Answer })]);
        IncidentText.Write(answer, TextWriter.Null);
        IncidentJson.Write(answer, Stream.Null);
        return true;
    }

    private static byte[] Mutate(byte[] text, byte[][] all, Random random)
    {
        var bytes = new List<byte>(text);
        for (int change = random.Next(1, 5); change > 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count), length = Math.Min(random.Next(1, 40), bytes.Count - at);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    byte[] other = all[random.Next(all.Length)];
                    int from = random.Next(other.Length);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(1, 400))]);
                    break;
                case 5:
                    // Numbers that do not fit.
                    bytes.InsertRange(at, Encoding.ASCII.GetBytes(new string((char)random.Next('0', '9' + 1), random.Next(1, 40))));
                    break;
                default:
                    bytes[at] = "\r\n\t\x1B[ >=\0"u8[random.Next(Names * 2)];
                    break;
            }
        }
        return [.. bytes];
    }
}
