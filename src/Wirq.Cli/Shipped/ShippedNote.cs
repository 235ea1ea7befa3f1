using Spectre.Console;
using Wirq.Cli.Outputs;

namespace Wirq.Cli.Shipped;

/// <summary>Says that an input was not a file of the user's.</summary>
internal static class ShippedNote
{
    /// <summary>Says it before the answer: the user may have meant another folder.</summary>
    /// <param name="path">What the user named.</param>
    /// <param name="json">Whether the answer is for a program; then it is said on standard error.</param>
    internal static void Write(string path, bool json)
    {
        if (ShippedFiles.FileOf(path) is not { } file)
            return;
        string line = $"{file} is not in this folder; this is the one that ships with wirq.";
        (json ? Console.Error : Console.Out).WriteLine(json ? line : line + Environment.NewLine);
    }

    /// <summary>Says after the verdicts that scenarios are those that ship.</summary>
    internal static void WriteOfScenarios() =>
        Screen.Output().WriteLine("These scenarios ship with wirq; wirq scenarios copy FOLDER copies them.");
}
