using System.Globalization;
using Spectre.Console;
using Wirq.Lab.Running;

namespace Wirq.Cli.Run;

/// <summary>A line for each folder of scenarios.</summary>
internal static class RunFolders
{
    /// <summary>The table. A verdict that no scenario has is no column.</summary>
    internal static Table TableOf(IReadOnlyList<ScenarioResult> results)
    {
        Verdict[] verdicts = [.. Enum.GetValues<Verdict>().Where(verdict => verdict == Verdict.Held || results.Any(result => result.Verdict == verdict))];
        Table table = new Table().Border(TableBorder.Simple).AddColumn("folder");
        foreach (Verdict verdict in verdicts)
            table.AddColumn(Right(RunReport.Word(verdict)));
        table.AddColumn(Right("designs caught")).AddColumn(Right("ms"));
        foreach (IGrouping<string, ScenarioResult> folder in results.GroupBy(RunReport.FolderOf))
        {
            HistoricResult[] designs = [.. folder.SelectMany(result => result.Historic)];
            int caught = designs.Count(design => design.Caught);
            table.AddRow(
            [
                new Text(folder.Key), .. verdicts.Select(verdict => Number(folder.Count(result => result.Verdict == verdict))),
                designs.Length == 0 ? new Text("") : caught == designs.Length ? Number(caught) : new Markup($"[red]{caught} of {designs.Length}[/]"),
                new Text(folder.Sum(result => result.Elapsed.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture)),
            ]);
        }
        return table;
    }

    private static TableColumn Right(string heading) => new TableColumn(heading).NoWrap().RightAligned();

    private static Text Number(int number) => new(number == 0 ? "" : number.ToString(CultureInfo.InvariantCulture));
}
