using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wirq.Events;
using Wirq.Tests.Shared;
using Wirq.Traces.Tests.Replay;
using Wirq.Traces.Qemu;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>No all-clear without evidence, and no gate that rests on what a log does not show.</summary>
public sealed partial class VerdictTests
{
    [GeneratedRegex(@"^\d+@[\d.]+:", RegexOptions.Multiline)]
    private static partial Regex Stamp();

    /// <summary>Guests that owe nothing at their end, in logs that begin with the machine's reset.</summary>
    public static TheoryData<string> Healthy =>
        ["seabios", "reset", "ioapic-1cpu-acks", "ioapic-2cpu", "ioapic-3cpu", "smptest-4cpu"];

    private static WhyEngine Report(string name, string? question = null)
    {
        string file = Repository.PathOf($"tests/reports/why/{name}");
        return LogWhy.Read(() => File.OpenRead(file), name, question is null ? null : WhyQuestion.Parse(question, out _));
    }

    private static WhyEngine Text(string text) => LogWhy.Read(() => new MemoryStream(Encoding.ASCII.GetBytes(text)), "text", null);

    private static string Words(WhyEngine engine)
    {
        using var text = new StringWriter();
        WhyText.Write(engine.Owed(), engine, text);
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string[] Told(WhyEngine engine) => [.. engine.Owed().Told.Select(one => $"{one.Source} {one.Count}")];

    [Theory]
    [InlineData("fragment-min.log", "mid-life (its line 3 is sent by a pin whose entry no line had written)")]
    [InlineData("g-frag2.log", "mid-life (its line 5 is sent by a pin whose entry no line had written)")]
    [InlineData("fragment-pic.log", "mid-life (its line 5 is of an 8259 that works, and no line had initialised it)")]
    [InlineData("ev.log.gz", "does not show the reset of the machine")]
    [InlineData("ev.log.gz", "no write to the 8259 pair (pic_ioport_write), no write to the I/OAPIC (ioapic_mem_write)")]
    [InlineData("d-int-only.txt", "those of -d int")]
    [InlineData("d-int-only.txt", "Record instead: -trace 'ioapic_*' -trace 'apic_*' -trace 'pic_*'")]
    [InlineData("kvm3.log.gz", "they are KVM's own")]
    [InlineData("kvm3.log.gz", "Record instead: the kvm events of the host's kernel (trace-cmd record -e kvm), or run with -machine kernel-irqchip=off")]
    [InlineData("only-apic.log.gz", "no line of the 8259 pair (pic_*), no line of the I/OAPIC (ioapic_*)")]
    public void A_log_that_cannot_tell_says_why_and_what_to_record(string log, string words)
    {
        WhyEngine engine = Report(log);
        Assert.Equal(WhyVerdict.NotTold, engine.Owed().Verdict);
        string all = Words(engine);
        Assert.Contains(words, all, StringComparison.Ordinal);
        Assert.Contains("cannot be told from this", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Nothing is owed", all, StringComparison.Ordinal);
        Assert.DoesNotContain("since the beginning", all, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_fragment_raised_and_sent_is_listed()
    {
        Assert.Equal(["ioapic:2 1", "pic:0 1"], Told(Report("fragment-min.log")));
        Assert.Equal(["ioapic:2 6", "pic:0 6"], Told(Report("g-frag2.log")));
        Assert.Equal(["ioapic:2 54", "ioapic:4 1", "pic:0 54", "pic:4 1"], Told(Report("ev.log.gz")));
        Assert.Equal(["vector 0x08 1"], Told(Report("d-int-only.txt")));
    }

    [Fact]
    public void A_fragment_names_what_ended_and_no_gate_that_its_own_lines_deny()
    {
        WhyEngine engine = Report("fragment-pic.log");
        OwedList list = engine.Owed();
        Assert.Empty(list.Owed);
        OwedAnswer open = Assert.Single(list.Unknown);
        Assert.Equal(("pic:8", Fate.NotKnown, Gate.NotKnown, 8), (open.Source.ToString(), open.Fate, open.Gate, open.At.Line));
        Assert.DoesNotContain("LINT0", Words(engine), StringComparison.Ordinal);
        RaiseAnswer ended = Report("fragment-pic.log", "pic:0").Answer()![0].Raises[0];
        Assert.Equal((Fate.Ended, 0x20), (ended.Fate, ended.Deliveries[0].Vector));
        // IMR is 250 before the first line, as line 2 shows. INTR after the EOI stands in no line.
        Assert.Equal((0, 1, 7), (engine.Parted.Count, engine.NotJudged.Count, engine.NotJudged.First.Line));
        Assert.StartsWith("The chips and the log differ once, first at L7, and the log lacks what would decide it: that is no disagreement.",
            Words(engine), StringComparison.Ordinal);
        Assert.DoesNotContain("part once", Words(engine), StringComparison.Ordinal);
        Assert.Contains(list.Limits, limit => limit.Record.StartsWith("the log from QEMU's start on, with -trace", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Healthy))]
    public void A_guest_that_owes_nothing_is_told_so_where_its_log_tells_enough(string name)
    {
        WhyEngine engine = Text(ReplayLogs.TextOf(name));
        OwedList list = engine.Owed();
        Assert.Equal(WhyVerdict.NothingOwed, list.Verdict);
        Assert.Empty(list.Limits);
        Assert.StartsWith("Nothing is owed at the end, L", Words(engine), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Healthy))]
    public void A_log_without_its_beginning_gives_no_all_clear_and_no_gate_since_the_beginning(string name)
    {
        string[] lines = ReplayLogs.TextOf(name).Split('\n');
        int reset = Array.FindLastIndex(lines, line => line.Contains("apic_reset_irq_delivered", StringComparison.Ordinal));
        for (int from = reset + 1; from < lines.Length - 1; from += Math.Max(1, (lines.Length - reset) / 20))
        {
            WhyEngine engine = Text(string.Join('\n', lines[from..]));
            Assert.NotEqual(WhyVerdict.NothingOwed, engine.Owed().Verdict);
            Assert.DoesNotContain("since the beginning", Words(engine), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("pic_")]
    [InlineData("pic_set_irq")]
    [InlineData("ioapic_")]
    [InlineData("ioapic_set_irq")]
    [InlineData("apic_mem_")]
    [InlineData("apic_mem_writel")]
    public void A_log_without_one_kind_of_line_gives_no_all_clear(string kind)
    {
        foreach (TheoryDataRow<string> healthy in Healthy)
        {
            string[] lines = ReplayLogs.TextOf(healthy.Data).Split('\n');
            string rest = string.Join('\n', lines.Where(line => !line.Contains($":{kind}", StringComparison.Ordinal)));
            Assert.NotEqual(WhyVerdict.NothingOwed, Text(rest).Owed().Verdict);
        }
    }

    [Fact]
    public void A_log_that_does_not_tell_whose_lines_are_whose_gives_no_all_clear()
    {
        OwedList list = Text(Stamp().Replace(ReplayLogs.TextOf("ioapic-2cpu"), "")).Owed();
        Assert.Equal(WhyVerdict.NotTold, list.Verdict);
        Assert.Equal("-msg timestamp=on", Assert.Single(list.Limits).Record);
    }

    [Fact]
    public void A_damaged_line_forbids_an_all_clear()
    {
        OwedList list = Text(ReplayLogs.TextOf("seabios") + "1@1795158742.186954:pic_set_irq master 1 irq\n").Owed();
        Assert.Equal(WhyVerdict.NotTold, list.Verdict);
        Assert.Contains("1 line has an event's name and not its fields", Assert.Single(list.Limits).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_chips_and_the_log_part_that_is_said_first()
    {
        string text = ReplayLogs.TextOf("ioapic-2cpu");
        string[] lines = text.Split('\n');
        int at = Array.FindIndex(lines, line => line.Contains("ioapic_clear_remote_irr", StringComparison.Ordinal));
        WhyEngine engine = Text(string.Join('\n', lines.Where((_, index) => index != at)));
        // The EOI stands before the missing line and its broadcast, counted from 1.
        Assert.Equal((1, at - 1), (engine.Parted.Count, engine.Parted.First.Line));
        Assert.StartsWith($"The chips and the log part once, first at L{at - 1};", Words(engine), StringComparison.Ordinal);
        Assert.NotEqual(WhyVerdict.NothingOwed, engine.Owed().Verdict);
    }

    [Fact]
    public void What_cannot_be_judged_is_no_disagreement_and_no_all_clear()
    {
        // From the reset on, with writes and inputs of all chips, but without the INTA cycles of the 8259s.
        string[] lines = ReplayLogs.TextOf("seabios").Split('\n');
        WhyEngine engine = Text(string.Join('\n', lines.Where(line => !line.Contains(":pic_interrupt ", StringComparison.Ordinal))));
        Assert.Equal(0, engine.Parted.Count);
        Assert.True(engine.NotJudged.Count > 0);
        OwedList list = engine.Owed();
        Assert.NotEqual(WhyVerdict.NothingOwed, list.Verdict);
        Assert.Contains("does not show what would decide it (it has no pic_interrupt), so what", Assert.Single(list.Limits).What, StringComparison.Ordinal);
        Assert.Contains("-trace 'pic_*'", list.Limits[0].Record, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TraceEvent.PicPortRead, "pic_ioport_read")]
    [InlineData((TraceEvent)255, null)]
    [InlineData(TraceEvent.Other, null)]
    public void A_recording_tells_what_the_log_lacked(TraceEvent lacked, string? name)
    {
        var engine = new WhyEngine(FabricOptions.Pc());
        engine.Observe(new Event(EventKind.LogParted, 0, (uint)lacked, 7, 1), 0);
        Assert.Equal(name is null ? [] : [name], engine.Lacking);
    }

    [Theory]
    // Recordings of earlier versions have 0 for both.
    [InlineData(0, 1, 0, "part once, first at")]
    [InlineData(1, 0, 1, "differ once, first at")]
    public void A_recording_tells_a_difference_that_is_not_judged_from_a_disagreement(ulong flag, int parted, int notJudged, string words)
    {
        var engine = new WhyEngine(FabricOptions.Pc());
        Assert.Equal(WhyVerdict.NothingOwed, engine.Owed().Verdict);
        engine.Observe(new Event(EventKind.LogParted, 0, 0, 7, flag), 0);
        Assert.Equal((parted, notJudged), (engine.Parted.Count, engine.NotJudged.Count));
        Assert.Equal(WhyVerdict.NotTold, engine.Owed().Verdict);
        Assert.Contains(words, Words(engine), StringComparison.Ordinal);
    }

    [Fact]
    public void The_json_has_the_verdict_and_what_it_rests_on()
    {
        WhyEngine engine = Report("fragment-pic.log");
        using var stream = new MemoryStream();
        WhyJson.Write(engine.Owed(), engine, stream);
        JsonElement json = JsonDocument.Parse(stream.ToArray()).RootElement;
        Assert.Equal("not-told", json.GetProperty("verdict").GetString());
        Assert.Equal(0, json.GetProperty("parted").GetProperty("count").GetInt64());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("parted").GetProperty("line").ValueKind);
        Assert.Equal(1, json.GetProperty("notJudged").GetProperty("count").GetInt64());
        Assert.Equal(7, json.GetProperty("notJudged").GetProperty("line").GetInt64());
        Assert.Equal("pic:8", json.GetProperty("unknown")[0].GetProperty("source").GetString());
        Assert.Equal("the log from QEMU's start on", json.GetProperty("limits")[0].GetProperty("record").GetString());
        Assert.Equal("pic:0", json.GetProperty("told")[0].GetProperty("source").GetString());
        Assert.Empty(json.GetProperty("owed").EnumerateArray());
        Assert.Empty(json.GetProperty("masked").EnumerateArray());
    }

    [Fact]
    public void A_gate_that_a_line_of_a_fragment_closed_is_named()
    {
        // The entry is written in the log, and the level that waits under it is there.
        OwedList list = Text(ReplayLogs.Stamped("""
            apic_mem_writel 0xb0 = 0x00000000
            ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x18
            ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x18 size 0x4 val 0x18041
            2 ioapic_set_irq vector: 4 level: 1
            """)).Owed();
        OwedAnswer owed = Assert.Single(list.Owed);
        Assert.Equal((WhyVerdict.Owed, Gate.PinMasked), (list.Verdict, owed.Gate));
        Assert.Contains("since the write of its entry at L3 (1.000003), or longer", owed.Sentences[0], StringComparison.Ordinal);
        Assert.Contains("ends an interrupt before one was sent", list.Limits[0].What, StringComparison.Ordinal);
    }
}
