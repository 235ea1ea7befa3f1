using System.Globalization;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>An order of transitions as a file of lines: <c>wirq explore --record</c> writes it, and <c>wirq run --order</c>
/// follows it.</summary>
/// <remarks><code>
/// wirq order 1
/// design: read-after-bind          where it was found under one
/// script 1                         # device: nvme: send
/// repeats:                         the rest is a cycle, which goes on forever
/// fetch 0                          # the poll reports eventfd 0
/// effect
/// </code>A number sign begins a comment. Kinds and numbers are those of <see cref="Transition"/>.</remarks>
internal sealed record OrderFile
{
    private const string Head = "wirq order 1", DesignKey = "design:", RepeatsKey = "repeats:";
    private const int MostLines = 1_000_000;

    private static readonly Dictionary<string, TransitionKind> s_kinds =
        Enum.GetValues<TransitionKind>().ToDictionary(kind => kind.ToString().ToLowerInvariant());

    /// <summary>The historic design; null for none.</summary>
    public string? Design { get; init; }
    /// <summary>The transitions, with their lines.</summary>
    public required IReadOnlyList<(Transition Transition, FilePosition At)> Transitions { get; init; }
    /// <summary>How many of the last transitions are a cycle; 0 for none.</summary>
    public int Repeats { get; init; }

    /// <summary>Writes the order of a story.</summary>
    public static void Write(Story story, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(story);
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine(Head);
        output.WriteLine($"# {story.Scenario.Name}");
        output.WriteLine($"# {story.Violation.Name}: {story.Violation.Text}".ReplaceLineEndings(" "));
        if (story.Design is { } design)
            output.WriteLine($"{DesignKey} {design}");
        int next = 0;
        foreach (StoryStep step in story.Steps)
        {
            for (int i = 0; i < step.Transitions; i++)
            {
                if (story.Repeats > 0 && next == story.Way.Count - story.Repeats)
                    output.WriteLine(RepeatsKey);
                Transition transition = story.Way[next++];
                string line = string.Create(CultureInfo.InvariantCulture, $"{transition.Kind.ToString().ToLowerInvariant()} {transition.Index}");
                output.WriteLine(i == 0 ? $"{line,-20} # {step.Text.ReplaceLineEndings(" ")}" : line);
            }
        }
    }

    /// <summary>Reads an order.</summary>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="text">Its contents; they are not trusted.</param>
    /// <exception cref="ScenarioException">It is none.</exception>
    public static OrderFile Read(string file, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var transitions = new List<(Transition, FilePosition)>();
        string? design = null;
        int number = 0, before = -1;
        using var lines = new StringReader(text);
        while (lines.ReadLine() is { } whole)
        {
            var at = new FilePosition(file, ++number, 1);
            string line = whole.Split('#')[0].Trim();
            if (number == 1 && line != Head)
                throw new ScenarioException(at, "this is no order of transitions", $"\"{Head}\"");
            if (number == 1 || line.Length == 0)
                continue;
            if (number > MostLines)
                throw new ScenarioException(at, "the order is too long", $"at most {MostLines} lines");
            if (line.StartsWith(DesignKey, StringComparison.Ordinal))
            {
                design = line[DesignKey.Length..].Trim();
                if (!Designs.Names.Contains(design))
                    throw new ScenarioException(at, "there is no historic design of that name", $"one of {string.Join(", ", Designs.Names)}");
                continue;
            }
            if (line == RepeatsKey)
            {
                if (before >= 0)
                    throw new ScenarioException(at, $"{RepeatsKey} stands twice", "one cycle, up to the end");
                before = transitions.Count;
                continue;
            }
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            int index = 0;
            if (words.Length > 2 || !s_kinds.TryGetValue(words[0], out TransitionKind kind)
                || words.Length == 2 && !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out index))
                throw new ScenarioException(at, "this is no transition", $"one of {string.Join(", ", s_kinds.Keys)}, and a number");
            transitions.Add((new Transition(kind, index), at));
        }
        return number == 0 ? throw new ScenarioException(new FilePosition(file, 1, 1), "the file is empty", $"\"{Head}\"")
            : new OrderFile { Design = design, Transitions = transitions, Repeats = before < 0 ? 0 : transitions.Count - before };
    }
}
