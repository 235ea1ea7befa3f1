using System.Text;
using System.Text.Json;
using Wirq.Tests.Shared;
using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;
using Wirq.Traces.Tests.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>Logs of an I/OAPIC whose local APICs are a kernel's: a message goes by the kernel's route, and not by the
/// entry.</summary>
public sealed class SplitTests
{
    private static readonly string Moved = ReplayLogs.TextIn(Repository.PathOf("tests/Wirq.Traces.Tests/Why/logs/split-moved.log.gz"));

    private static string OfReports => File.ReadAllText(Repository.PathOf("tests/reports/why/seed-002.log"));

    private static WhyEngine Text(string text, string? question = null) => LogWhy.Read(() => new MemoryStream(Encoding.ASCII.GetBytes(text)), "text",
        question is null ? null : WhyQuestion.Parse(question, out _));

    private static string Words(WhyEngine engine)
    {
        using var text = new StringWriter();
        WhyText.Write(engine.Owed(), engine, text);
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_log_of_a_monitor_in_split_mode_names_the_old_route_and_the_new_one()
    {
        WhyEngine engine = Text(OfReports);
        OwedList list = engine.Owed();
        Assert.Equal(WhyVerdict.Owed, list.Verdict);
        BrokenLaw broken = Assert.Single(list.Broken);
        Assert.Equal(("FreshRoute", 1L, 28L), (broken.Law, broken.Count, broken.First.Line));
        Assert.Equal([28, 7, 31], broken.Evidence.Select(one => one.At.Line));
        OwedAnswer owed = Assert.Single(list.Owed);
        Assert.Equal(("ioapic:11", Fate.Sent, Gate.StaleRoute, 7L), (owed.Source.ToString(), owed.Fate, owed.Gate, owed.Since!.Value.Line));
        string words = Words(engine);
        Assert.Contains("it went by the kernel's route of L7, to the CPU with APIC id 2 as vector 0x21, while the entry named the CPU with APIC id 0 "
            + "as vector 0x21; the route was updated after it, at L31.", words, StringComparison.Ordinal);
        Assert.Contains("It was first sent at L2, by a route of the kernel that no line shows", words, StringComparison.Ordinal);
        Assert.DoesNotContain("taken", words.Replace("what a CPU took or ended", "", StringComparison.Ordinal)
            .Replace("sent and taken, as far", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("cpu0", words, StringComparison.Ordinal);
        Assert.Equal(0, engine.Parted.Count + engine.NotJudged.Count);
    }

    [Fact]
    public void The_same_is_in_json()
    {
        WhyEngine engine = Text(OfReports);
        using var output = new MemoryStream();
        WhyJson.Write(engine.Owed(), engine, output);
        using var json = JsonDocument.Parse(output.ToArray());
        JsonElement law = json.RootElement.GetProperty("brokenLaws")[0];
        Assert.Equal(("FreshRoute", 28), (law.GetProperty("law").GetString(), law.GetProperty("at").GetProperty("line").GetInt32()));
        JsonElement owed = json.RootElement.GetProperty("owed")[0];
        Assert.Equal(("stale-route", JsonValueKind.Null), (owed.GetProperty("gate").GetString(), owed.GetProperty("cpu").ValueKind));
    }

    [Fact]
    public void Replay_of_it_breaks_the_law_of_fresh_routes_alone()
    {
        ReplayReport report = ReplayLogs.Text(OfReports);
        Assert.Equal(0, report.NotJudged);
        Assert.Equal(["FreshRoute"], report.Laws.Where(law => !law.Held).Select(law => law.Name));
        // Before the first line of a CPU nothing is compared. The entry is learned from the route of L7; that of L31 is judged.
        Assert.Equal((1, 1), (report.Matched("ioapic_service"), report.Matched("ioapic_update_kvm_routes")));
        Assert.Equal(1, report.Unchecked("ioapic_update_kvm_routes"));
    }

    [Fact]
    public void QEMU_before_8_sends_by_the_old_route_when_a_pin_is_moved()
    {
        WhyEngine engine = Text(Moved);
        Assert.True(engine.FromReset);
        OwedList list = engine.Owed();
        Assert.Equal(("FreshRoute", 587L), (Assert.Single(list.Broken).Law, list.Broken[0].First.Line));
        OwedAnswer owed = Assert.Single(list.Owed, one => one.Gate == Gate.StaleRoute);
        Assert.Equal("ioapic:4", owed.Source.ToString());
        Assert.Contains("as vector 0x31, while the entry named the CPU with APIC id 0 as vector 0x41; the route was updated after it, at L590",
            Words(engine), StringComparison.Ordinal);
        ReplayReport report = ReplayLogs.Text(Moved);
        Assert.Equal(0, report.Responses.Total(ResponseVerdict.Mismatched));
        Assert.Equal(3, report.Matched("kvm_irqchip_update_msi_route"));
    }

    // The order of QEMU 8.0 and later: first the route, then the message.
    [Fact]
    public void A_route_that_is_updated_first_is_fresh()
    {
        string[] lines = Moved.Split('\n');
        (lines[587], lines[588], lines[589]) = (lines[588], lines[589], lines[587]);
        WhyEngine engine = Text(string.Join('\n', lines));
        OwedList list = engine.Owed();
        Assert.Empty(list.Broken);
        Assert.DoesNotContain(list.Owed, one => one.Gate == Gate.StaleRoute);
        Assert.True(ReplayLogs.Text(string.Join('\n', lines)).Laws.Single(law => law.Name == "FreshRoute").Held);
    }

    [Fact]
    public void A_prepared_route_is_not_the_kernels_until_it_is_committed()
    {
        string[] lines = Moved.Split('\n');
        // The update stands before the message, and its commit after it.
        (lines[587], lines[588]) = (lines[588], lines[587]);
        Assert.Single(Text(string.Join('\n', lines)).Owed().Broken);
    }

    [Fact]
    public void A_route_that_differs_from_its_entry_is_a_mismatch()
    {
        string text = OfReports.Replace("IRQ 11: fee00000 8021", "IRQ 11: fee01000 8021", StringComparison.Ordinal);
        ReplayReport report = ReplayLogs.Text(text);
        Assert.Equal(1, report.NotJudged + report.Responses.Total(ResponseVerdict.Mismatched));
    }

    [Fact]
    public void No_such_log_gets_an_all_clear()
    {
        string[] lines = Moved.Split('\n');
        for (int length = 560; length < lines.Length; length += 5)
            Assert.NotEqual(WhyVerdict.NothingOwed, Text(string.Join('\n', lines[..length]) + "\n").Owed().Verdict);
    }
}
