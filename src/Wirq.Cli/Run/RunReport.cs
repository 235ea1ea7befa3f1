using System.Globalization;
using Spectre.Console;
using Wirq.Cli.Outputs;
using Wirq.Lab.Running;

namespace Wirq.Cli.Run;

/// <summary>The verdicts, for a person: a screen that says what failed and why, and how much held.</summary>
internal static class RunReport
{
    /// <summary>A run of so few scenarios lists them; a larger one has a line for each folder.</summary>
    private const int Listed = 12;
    // After the story of the first, so many more say why they failed.
    private const int ReasonsOfOthers = 6;

    /// <summary>Writes it.</summary>
    /// <param name="results">The verdicts.</param>
    /// <param name="unread">Files that could not be read.</param>
    /// <param name="options">What to print.</param>
    /// <param name="answers">What <c>why</c> says of those that failed; null for nothing.</param>
    internal static void Write(IReadOnlyList<ScenarioResult> results, IReadOnlyList<UnreadFile> unread, RunOptions options,
        IReadOnlyDictionary<ScenarioResult, RunAnswer>? answers = null)
    {
        IAnsiConsole console = Screen.Output();
        bool lists = options.List || options.Verbose || results.Count <= Listed;
        if (lists)
        {
            foreach (IGrouping<string, ScenarioResult> folder in results.GroupBy(FolderOf))
                console.Write(TableOf(folder.Key, folder));
        }
        else
        {
            console.Write(RunFolders.TableOf(results));
        }
        WriteStories(console, [.. results.Where(result => result.Verdict == Verdict.Failed)], options.Verbose, answers);
        if (options.Verbose)
            WriteLaws(console, results);
        WriteSummary(console, results, options.OnHost);
        if (unread.Count > 0)
            console.MarkupLineInterpolated($"[red]{Phrase.Count(unread.Count, "file")} not read[/]: see the first lines, on standard error");
        if (!lists)
            console.MarkupLine("[dim]--list shows every scenario, --filter TEXT runs some of them[/]");
    }

    /// <summary>The first that failed has its whole story, so that the screen is not too long; the others say why.</summary>
    private static void WriteStories(IAnsiConsole console, IReadOnlyList<ScenarioResult> failed, bool all, IReadOnlyDictionary<ScenarioResult, RunAnswer>? answers)
    {
        foreach (ScenarioResult one in failed.Take(all ? failed.Count : 1))
            WriteStory(console, RunStory.Of(one, console.Profile.Width, whole: all, answers?.GetValueOrDefault(one)));
        if (all || failed.Count <= 1)
            return;
        foreach (ScenarioResult one in failed.Skip(1).Take(ReasonsOfOthers))
            WriteStory(console, RunStory.ReasonOf(one, console.Profile.Width));
        int left = failed.Count - 1 - ReasonsOfOthers;
        console.MarkupLineInterpolated($"[dim]{(left > 0 ? $"… and {left} more failed; " : "")}-v tells the story of each[/]");
    }

    private static void WriteStory(IAnsiConsole console, IReadOnlyList<string> lines)
    {
        console.MarkupLine($"[red bold]{RunStory.Headline}[/][bold]{Markup.Escape(lines[0][RunStory.Headline.Length..])}[/]");
        foreach (string line in lines.Skip(1))
            console.WriteLine(line);
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

    /// <summary>The name of the folder in which a scenario's file lies.</summary>
    internal static string FolderOf(ScenarioResult result) =>
        Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(result.Scenario.At.File))) ?? "";

    private static string Word(HistoricResult historic) =>
        historic.Caught ? "[green]caught[/]" : historic.Finished ? "[red]missed[/]" : "[red]did not finish[/]";

    /// <summary>A verdict as markup.</summary>
    internal static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Held => "[green]held[/]",
        Verdict.Failed => "[red]failed[/]",
        Verdict.HostLacks => "[yellow]host lacks[/]",
        _ => "[yellow]host deviates[/]",
    };
}
