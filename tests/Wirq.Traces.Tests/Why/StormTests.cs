using System.Text;
using System.Text.Json;
using Wirq.Tests.Shared;
using Wirq.Traces.Tests.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>A level that is delivered again and again is one story, with a count and a rate.</summary>
public sealed class StormTests
{
    private static readonly string Kept = Repository.PathOf("examples/storm.log.gz");

    private static string[] Lines() => ReplayLogs.TextIn(Kept).TrimEnd('\n').Split('\n');

    private static WhyEngine Read(IEnumerable<string> lines) =>
        LogWhy.Read(() => new MemoryStream(Encoding.ASCII.GetBytes(string.Join('\n', lines) + "\n")), "text", null);

    [Fact]
    public void A_storm_has_its_count_its_rate_and_its_ends()
    {
        WhyEngine engine = Read(Lines());
        StormAnswer storm = Assert.Single(engine.Owed().Storms);
        Assert.Equal(("ioapic:10", 1000L, 599L, 6597L), (storm.Source.ToString(), storm.Count, storm.First.Line, storm.Last.Line));
        // 999 intervals in 23.435 ms.
        Assert.Equal(42_628, storm.PerSecond);
        Assert.Contains("delivered 1000 times without falling", storm.Sentences[0], StringComparison.Ordinal);
        Assert.Contains("42,628 a second", storm.Sentences[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Its_text_fits_a_screen()
    {
        WhyEngine engine = Read(Lines());
        using var text = new StringWriter();
        WhyText.Write(engine.Owed(), engine, text);
        Assert.InRange(text.ToString().Split('\n').Length, 1, 40);
        using var output = new MemoryStream();
        WhyJson.Write(engine.Owed(), engine, output);
        using var json = JsonDocument.Parse(output.ToArray());
        Assert.Equal(1000, json.RootElement.GetProperty("storms")[0].GetProperty("count").GetInt64());
    }

    [Fact]
    public void A_storm_that_is_over_is_told_with_the_fall()
    {
        WhyEngine engine = Read([.. Lines(), "1801@1795910676.800000:ioapic_set_irq vector: 10 level: 0"]);
        StormAnswer storm = Assert.Single(engine.Owed().Storms);
        Assert.Contains("It fell at L7405", storm.Sentences[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_falls_in_between_is_no_storm() =>
        Assert.Empty(Read(Lines().Take(900)).Owed().Storms);

    [Theory]
    [InlineData("irq10", "ioapic:10")]
    [InlineData("IRQ:10", "ioapic:10")]
    [InlineData("pin10", "ioapic:10")]
    [InlineData("gsi10", "ioapic:10")]
    [InlineData("vector:0x5b", "ioapic:10")]
    [InlineData("vec:5b", "ioapic:10")]
    [InlineData("cpu0", "ioapic:10")]
    public void A_source_is_found_by_the_names_that_people_guess(string asked, string source)
    {
        WhyEngine engine = LogWhy.Read(() => File.OpenRead(Kept), "log", WhyQuestion.Parse(asked, out _));
        Assert.Contains(engine.Answer()!, answer => answer.Source.ToString() == source && answer.Count > 0);
    }

    [Theory]
    [InlineData("vector:0x51")]
    [InlineData("cpu7")]
    [InlineData("vector:0x151")]
    [InlineData("bogus4")]
    public void What_is_not_there_is_no_answer(string asked)
    {
        WhyQuestion? question = WhyQuestion.Parse(asked, out _);
        if (question is null)
            return;
        WhyEngine engine = LogWhy.Read(() => File.OpenRead(Kept), "log", question);
        Assert.Null(engine.Answer());
    }
}
