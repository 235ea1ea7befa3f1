using System.Globalization;
using Spectre.Console;
using Wirq.Traces.Why;

namespace Wirq.Cli.Outputs;

/// <summary>The console to which an answer is printed.</summary>
internal static class Screen
{
    /// <summary>Columns where nothing says how many there are.</summary>
    internal const int UsualWidth = 80;
    // Below this, words are cut; beyond it, no line is longer.
    private const int LeastWidth = 20, MostWidth = 1000;

    /// <summary>Prepares the console: COLUMNS says how wide it is, where it is set. Where the output is no terminal, it has no
    /// colours, and <see cref="UsualWidth"/> columns unless COLUMNS says otherwise.</summary>
    internal static IAnsiConsole Output()
    {
        IAnsiConsole console = AnsiConsole.Console;
        int? columns = ColumnsOf(Environment.GetEnvironmentVariable("COLUMNS"));
        if (Console.IsOutputRedirected)
        {
            console.Profile.Capabilities.Ansi = false;
            console.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
            columns ??= UsualWidth;
        }
        if (columns is { } width)
            console.Profile.Width = width;
        return console;
    }

    /// <summary>Standard output for an answer in sentences, which are broken by the console's width.</summary>
    internal static TextWriter Words() => new ColumnWriter(Console.Out, Output().Profile.Width);

    /// <summary>A width from the environment; null if it is none.</summary>
    internal static int? ColumnsOf(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int columns) && columns > 0
        ? Math.Clamp(columns, LeastWidth, MostWidth) : null;
}
