using Wirq.Lab.Exploring;

namespace Wirq.Cli.Explore;

/// <summary>A story in lines: who moves, and below it what happened.</summary>
internal static class ExploreStory
{
    private const int MostEvents = 12;

    internal static IReadOnlyList<string> LinesOf(Story story, int width)
    {
        var lines = new List<string>();
        lines.AddRange(Wrap("  ", "    ", $"{story.Violation.Name}: {story.Violation.Text}", width));
        int before = story.Way.Count - story.Repeats, made = 0;
        for (int i = 0; i < story.Steps.Count; i++)
        {
            StoryStep step = story.Steps[i];
            if (story.Repeats > 0 && made <= before && made + step.Transitions > before)
                lines.Add("   from here on it repeats forever:");
            made += step.Transitions;
            lines.AddRange(Wrap($"  {i + 1,3}  ", "       ", step.Text, width));
            foreach ((_, string happened) in step.Events.Take(MostEvents))
                lines.AddRange(Wrap("         ", "           ", happened, width));
            if (step.Events.Count > MostEvents)
                lines.Add($"         … and {step.Events.Count - MostEvents} more events");
        }
        return lines;
    }

    /// <summary>Breaks a text at words.</summary>
    /// <param name="first">The beginning of the first line.</param>
    /// <param name="next">The beginning of the others.</param>
    /// <param name="text">The text.</param>
    /// <param name="width">Columns.</param>
    internal static IEnumerable<string> Wrap(string first, string next, string text, int width)
    {
        string line = first;
        bool isEmpty = true;
        foreach (string word in text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            string rest = word;
            if (!isEmpty && line.Length + 1 + rest.Length > width)
            {
                yield return line;
                (line, isEmpty) = (next, true);
            }
            while (isEmpty && line.Length + rest.Length > width && width > line.Length)
            {
                int fits = width - line.Length;
                yield return line + rest[..fits];
                (line, rest) = (next, rest[fits..]);
            }
            line += (isEmpty ? "" : " ") + rest;
            isEmpty = false;
        }
        yield return line;
    }
}
