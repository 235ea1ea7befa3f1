using System.Globalization;
using Spectre.Console;
using Wirq.Cli.Outputs;
using Wirq.Lab.Exploring;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Cli.Explore;

/// <summary>What exploring found, for a person.</summary>
internal static class ExploreReport
{
    internal static void Write(IReadOnlyList<ExploreResult> results, ExploreSettings settings)
    {
        IAnsiConsole console = Screen.Output();
        foreach (ExploreResult result in results)
        {
            Write(console, result, settings.Verbose);
            console.WriteLine();
        }
        var counts = results.GroupBy(result => result.Verdict).OrderBy(group => group.Key).Select(group => $"{group.Count()} {Coloured(group.Key)}");
        console.MarkupLine($"{Phrase.Count(results.Count, "world")}: {string.Join(", ", counts)}");
        ControlResult[] controls = [.. results.SelectMany(result => result.Controls)];
        if (controls.Length == 0)
            return;
        int missed = controls.Count(control => control is { Caught: false, Finished: true }), open = controls.Count(control => !control.Finished);
        console.MarkupLine($"{Phrase.Count(controls.Length, "historic design")}: {controls.Count(control => control.Caught)} [green]caught[/]"
            + (missed > 0 ? $", {missed} [red]missed[/]" : "") + (open > 0 ? $", {open} not decided: a bound was reached" : ""));
    }

    private static void Write(IAnsiConsole console, ExploreResult result, bool verbose)
    {
        Exploration search = result.Search;
        console.MarkupLine($"{Coloured(result.Verdict)} [bold]{Markup.Escape(result.Scenario.Name)}[/]");
        Line(console, $"{result.Scenario.At.File}");
        Line(console, $"{(search.Bound is { } bound ? $"bound reached: {bound}; " : "")}explored {Count(search.States, "state")}, {Count(search.Transitions, "transition")}, "
            + $"depth {search.Depth}, {Phrase.Count(search.Ends, "end state")}, in {search.Elapsed.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s");
        Line(console, $"{Number((long)search.PerSecond(search.States))} states/s, {search.BytesPerState.ToString("0.0", CultureInfo.InvariantCulture)} bytes a state, "
            + $"frontier {Size(search.FrontierBytes)}; a state was missed by its hash with probability {search.MissedProbability.ToString("0.0e+0", CultureInfo.InvariantCulture)}");
        if (search.End == SearchEnd.Complete && !search.SearchedLivelocks)
            Line(console, "livelocks were not searched");
        foreach (string reason in result.Vacuity.Reasons)
            Line(console, $"vacuous: {reason}");
        if (result.Story is { } story)
            Tell(console, story);
        foreach (ControlResult control in result.Controls)
        {
            string caught = control.Caught ? $"caught in {Phrase.Count(control.Story!.Steps.Count, "step")}" : control.Finished ? "MISSED" : "not decided: a bound was reached";
            Line(console, $"as {control.Name}, by {control.Law}: {caught}");
            if (verbose && control.Story is { } its)
                Tell(console, its);
        }
        if (!verbose)
            return;
        Line(console, "transitions: " + string.Join(", ", Enum.GetValues<TransitionKind>().Where(kind => result.Count(kind) > 0).Select(kind => $"{kind} {Number(result.Count(kind))}")));
        Line(console, "judgements: " + string.Join(", ", search.Coverage.Laws.Select(law => $"{law.Key} {Number(law.Value)}")));
    }

    private static void Tell(IAnsiConsole console, Story story)
    {
        foreach (string line in ExploreStory.LinesOf(story, console.Profile.Width))
            console.WriteLine(line);
    }

    private static void Line(IAnsiConsole console, string text)
    {
        foreach (string line in ExploreStory.Wrap("  ", "    ", text, console.Profile.Width))
            console.WriteLine(line);
    }

    /// <summary>One line about a search that goes on.</summary>
    internal static string ProgressOf(Scenario world, ExploreProgress now) =>
        $"{world.Name}: {Number(now.States)} states, {Number((long)(now.States / Math.Max(1e-3, now.Elapsed.TotalSeconds)))}/s, depth {now.Depth}, frontier {Number(now.Frontier)}, {Size(now.Bytes)}";

    internal static string Word(ExploreVerdict verdict) => verdict switch
    {
        ExploreVerdict.Proved => "proved",
        ExploreVerdict.Vacuous => "vacuous",
        ExploreVerdict.Violated => "violated",
        _ => "bound reached",
    };

    private static string Coloured(ExploreVerdict verdict) => verdict switch
    {
        ExploreVerdict.Proved => "[green]proved[/]",
        ExploreVerdict.BoundReached => "[yellow]bound reached[/]",
        _ => $"[red]{Word(verdict)}[/]",
    };

    private static string Count(long count, string one) => count == 1 ? $"1 {one}" : $"{Number(count)} {one}s";

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => bytes switch
    {
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.##} GB"),
    };
}
