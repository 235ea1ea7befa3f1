using System.Globalization;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>What the driver of the level device counted: the line <c>WIRQ-LEVEL</c> of <c>bench/linux/level.c</c>.</summary>
/// <param name="values">The numbers of the line, by name.</param>
internal sealed class LevelCounts(IReadOnlyDictionary<string, long> values)
{
    private const string Mark = "WIRQ-LEVEL ";

    /// <summary>Moves that the effective affinity followed.</summary>
    internal long Moved => values["moved"];
    /// <summary>Interrupts after which the handler found another effective affinity than before.</summary>
    internal long Moves => values["moves"];
    /// <summary>Interrupts that were handled on a CPU outside the effective affinity.</summary>
    internal long Misplaced => values["misplaced"];
    /// <summary>Interrupts without an event.</summary>
    internal long Phantoms => values["phantoms"];
    /// <summary>Events that the device made.</summary>
    internal long Made => values["made"];
    /// <summary>Events that were served.</summary>
    internal long Served => values["served"];
    /// <summary>Events that wait.</summary>
    internal long Queue => values["queue"];

    internal static LevelCounts Of(string console)
    {
        string? line = console.ReplaceLineEndings("\n").Split('\n').FirstOrDefault(each => each.StartsWith(Mark, StringComparison.Ordinal));
        Assert.True(line is not null, "the level device was not driven: is there a driver in the folder (bench/linux.sh)?");
        Dictionary<string, long> values = [];
        foreach (string word in line[Mark.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = word.Split('=');
            if (pair.Length == 2 && long.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out long value))
                values[pair[0]] = value;
        }
        return new LevelCounts(values);
    }
}
