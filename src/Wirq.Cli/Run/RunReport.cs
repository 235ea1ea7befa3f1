using System.Globalization;
using Spectre.Console;
using Wirq.Lab.Running;

namespace Wirq.Cli.Run;

/// <summary>Writes the table of verdicts, for a person.</summary>
internal static class RunReport
{
    private const int NarrowWidth = 80;

    /// <summary>Writes it.</summary>
    /// <param name="results">The verdicts.</param>
    /// <param name="verbose">Whether to print the laws, and complete stories.</param>
    /// <param name="onHost">Whether the run used a host, which may lack something or deviate.</param>
    internal static void Write(IReadOnlyList<ScenarioResult> results, bool verbose, bool onHost)
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = NarrowWidth;
            console.Profile.Capabilities.Ansi = false;
            console.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        }
        foreach (IGrouping<string, ScenarioResult> folder in results.GroupBy(result => FolderOf(result)))
            console.Write(TableOf(folder.Key, folder));
        foreach (ScenarioResult failed in results.Where(result => result.Verdict == Verdict.Failed))
            WriteStory(console, failed, whole: verbose);
        if (verbose)
            WriteLaws(console, results);
        WriteSummary(console, results, onHost);
    }

    private static Table TableOf(string folder, IEnumerable<ScenarioResult> results)
    {
        Table table = new Table().Border(TableBorder.Simple).Expand()
            .AddColumn(new TableColumn(new Markup($"[bold]{Markup.Escape(folder)}[/]")))
            .AddColumn(new TableColumn("verdict").NoWrap())
            .AddColumn(new TableColumn("laws").NoWrap().RightAligned())
            .AddColumn(new TableColumn("ms").NoWrap().RightAligned());
        foreach (ScenarioResult result in results)
        {
            table.AddRow(new Text(result.Scenario.Name), new Markup(Word(result.Verdict)),
                new Text($"{result.Laws.Count(law => law.Held)}/{result.Laws.Count}"),
                new Text(result.Elapsed.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture)));
            foreach (HistoricResult historic in result.Historic)
            {
                table.AddRow(new Markup($"  [dim]as {Markup.Escape(historic.Design)}, by {Markup.Escape(historic.Breaks)}[/]"),
                    new Markup(Word(historic)), new Text(""), new Text(""));
            }
        }
        return table;
    }

    private static void WriteStory(IAnsiConsole console, ScenarioResult failed, bool whole)
    {
        IReadOnlyList<string> lines = RunStory.Of(failed, console.Profile.Width, whole);
        console.MarkupLine($"[red bold]{RunStory.Headline}[/][bold]{Markup.Escape(lines[0][RunStory.Headline.Length..])}[/]");
        foreach (string line in lines.Skip(1))
            console.WriteLine(line);
    }

    private static void WriteLaws(IAnsiConsole console, IReadOnlyList<ScenarioResult> results)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn("law").AddColumn(new TableColumn("held in").RightAligned());
        foreach (IGrouping<string, LawResult> law in results.SelectMany(result => result.Laws).GroupBy(law => law.Name))
            table.AddRow(new Text(law.Key), new Text($"{law.Count(one => one.Held)} of {law.Count()}"));
        console.Write(table);
    }

    private static void WriteSummary(IAnsiConsole console, IReadOnlyList<ScenarioResult> results, bool onHost)
    {
        // Verdicts about the host are counted even if there are none.
        var counts = Enum.GetValues<Verdict>().Select(verdict => (Verdict: verdict, Number: results.Count(result => result.Verdict == verdict)))
            .Where(count => count.Number > 0 || (onHost && count.Verdict != Verdict.Failed))
            .Select(count => $"{count.Number} {Word(count.Verdict)}");
        console.MarkupLine($"{Phrase.Count(results.Count, "scenario")}: {string.Join(", ", counts)}");
        HistoricResult[] historic = [.. results.SelectMany(result => result.Historic)];
        if (historic.Length > 0)
            console.MarkupLine($"{Phrase.Count(historic.Length, "historic design")}: {historic.Count(one => one.Caught)} [green]caught[/], {historic.Count(one => one is { Caught: false, Finished: true })} missed"
                + (historic.Any(one => !one.Finished) ? $", {historic.Count(one => !one.Finished)} did not finish" : ""));
        foreach ((string lack, int number) in results.SelectMany(result => result.Lacks).CountBy(lack => lack))
            console.MarkupLineInterpolated($"the host lacks {lack} ({Phrase.Count(number, "scenario")})");
        foreach ((string probe, int number) in results.SelectMany(result => result.Deviations).CountBy(probe => probe))
            console.MarkupLineInterpolated($"the host deviates in {probe} ({Phrase.Count(number, "scenario")})");
        if (results.Any(result => result.Deviations.Count > 0))
            console.MarkupLine("[dim]wirq host says what each probe asks, and what it found[/]");
    }

    internal static string FolderOf(ScenarioResult result) =>
        Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(result.Scenario.At.File))) ?? "";

    private static string Word(HistoricResult historic) =>
        historic.Caught ? "[green]caught[/]" : historic.Finished ? "[red]missed[/]" : "[red]did not finish[/]";

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Held => "[green]held[/]",
        Verdict.Failed => "[red]failed[/]",
        Verdict.HostLacks => "[yellow]host lacks[/]",
        _ => "[yellow]host deviates[/]",
    };
}
