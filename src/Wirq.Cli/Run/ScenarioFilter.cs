using System.IO.Enumeration;
using Wirq.Lab.Scenarios;

namespace Wirq.Cli.Run;

/// <summary>Chooses scenarios by a text that stands in their name, the path of their file, or an id that they cover.</summary>
internal static class ScenarioFilter
{
    /// <summary>The scenarios that one of the texts fits, whatever the case of its letters; all if there is no text. In a
    /// text, * stands for any letters.</summary>
    /// <exception cref="UsageException">A text fits none.</exception>
    internal static IReadOnlyList<Scenario> Choose(IReadOnlyList<Scenario> scenarios, IReadOnlyList<string> texts)
    {
        foreach (string text in texts)
        {
            if (!scenarios.Any(scenario => Fits(scenario, text)))
            {
                throw new UsageException($"--filter {text}: stands in no name, file or covered id of {Phrase.Count(scenarios.Count, "scenario")}; "
                    + "run --list shows the names, and * stands for any letters");
            }
        }
        return texts.Count == 0 ? scenarios : [.. scenarios.Where(scenario => texts.Any(text => Fits(scenario, text)))];
    }

    private static bool Fits(Scenario scenario, string text) =>
        scenario.Covers.Append(scenario.Name).Append(scenario.At.File).Any(place => FileSystemName.MatchesSimpleExpression($"*{text}*", place));
}
