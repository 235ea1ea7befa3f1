using System.Globalization;
using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Dumps;
using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Qemu;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>Text that is known as a dump and of which nothing, or not all, is read gets no all-clear; and no line costs more
/// than its length.</summary>
public class UnreadDumpTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(5);

    public static TheoryData<string, string> Unread => new()
    {
        { "an IRQ that ends with its first line", "istate:   0x00004000\nhandler:  handle_fasteoi_irq\n" },
        { "a message without CPU", "do_IRQ: No irq handler for vector (irq -1)\n" },
        { "a message with another end", "APIC error on CPU0: weird\n" },
        { "more CPUs than a line holds", Interrupts(7000) },
    };

    [Theory, MemberData(nameof(Unread))]
    public void A_dump_of_which_nothing_is_read_gets_no_all_clear(string what, string text)
    {
        Assert.True(Pasted.Looks(text), what);
        IncidentAnswer answer = Pasted.Incident(("dump.txt", text));
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains("It looks like a dump, and nothing in it has a whole form that is known here", Assert.Single(answer.Parts).State!.Said(), StringComparison.Ordinal);
        Assert.Equal(["dump.txt"], answer.Parts[0].Files);
    }

    [Fact]
    public void A_dump_beside_others_that_are_read_is_named()
    {
        IncidentAnswer answer = Pasted.Incident(("a.txt", $"{MonitorDumpTests.Pic}\n"), ("b.txt", "APIC error on CPU0: weird\n"));
        Assert.Equal(["b.txt"], Assert.Single(answer.Parts, part => part.State!.State.Format == "text").Files);
    }

    [Fact]
    public void No_parts_are_no_all_clear() => Assert.Equal(WhyVerdict.NotTold, IncidentAnswer.Of([]).Verdict);

    [Fact]
    public void Lines_that_are_too_long_are_counted()
    {
        // Its heading is short enough, and its rows are not.
        IncidentAnswer answer = Pasted.Incident(("dump.txt", Interrupts(5955)));
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains("2 lines are longer than 65536 bytes, and are not read", string.Join('\n', answer.Parts.Select(part => part.State!.Said())), StringComparison.Ordinal);
    }

    [Fact]
    public void Blanks_inside_a_value_cost_their_length()
    {
        TimeSpan begun = ThreadTime.Now;
        Pasted.Incident(("dump.txt", $"handler: x\ndevice:x{new string(' ', 60_000)}y\n{new string(' ', 60_000)}y\n"));
        Assert.InRange(ThreadTime.Now - begun, TimeSpan.Zero, s_long);
    }

    [Fact]
    public void Recognition_costs_the_length_of_the_head()
    {
        var line = new StringBuilder("vec:");
        while (line.Length < 60_000)
            line.Append("IRQ:0 ");
        TimeSpan begun = ThreadTime.Now;
        Assert.False(Pasted.Looks(string.Concat(Enumerable.Repeat($"{line}\n", 17))));
        Assert.False(Pasted.Looks(string.Concat(Enumerable.Repeat(line, 17))));
        Assert.InRange(ThreadTime.Now - begun, TimeSpan.Zero, s_long);
    }

    [Fact]
    public void Counts_are_bounded_over_all_files()
    {
        var table = new StringBuilder(string.Join(' ', Enumerable.Range(0, 4096).Select(cpu => $"CPU{cpu}"))).Append('\n');
        string row = string.Concat(Enumerable.Repeat(" 0", 4096));
        for (int irq = 0; irq < 600; irq++)
            table.Append(CultureInfo.InvariantCulture, $"{irq}:{row} PCI-MSI\n");
        var parts = new DumpParts();
        Read("a.txt");
        Assert.StartsWith("b.txt", Assert.Throws<DumpException>(() => Read("b.txt")).Message, StringComparison.Ordinal);

        void Read(string file) => DumpFile.Read(() => new MemoryStream(Encoding.UTF8.GetBytes(table.ToString()), writable: false), file, file, parts);
    }

    [Fact]
    public void Tables_beyond_the_bound_are_said()
    {
        string tables = string.Concat(Enumerable.Repeat("IRQ statistics for x:\n 1: 1\n", DumpParts.MostMoments + 2));
        Assert.Contains("More than 256 tables are in it", string.Join('\n', Pasted.Answers(tables).Select(answer => answer.Said())), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_text_is_closed()
    {
        var stream = new MemoryStream([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        Assert.Throws<TraceException>(() =>
        {
            using var text = new DumpText(stream, "dump.gz", null, quotedPrintable: false);
            text.Read();
        });
        Assert.False(stream.CanRead, "it is open still");
    }

    private static string Interrupts(int cpus) =>
        $"     {string.Concat(Enumerable.Range(0, cpus).Select(cpu => $"CPU{cpu,-8}"))}\n"
        + string.Concat(Enumerable.Range(16, 2).Select(irq => $"{irq,4}:{string.Concat(Enumerable.Repeat($" {1,10}", cpus))}  IO-APIC  {irq}-fasteoi   eth0\n"));
}
