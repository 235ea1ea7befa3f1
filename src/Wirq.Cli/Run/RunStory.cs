using System.Globalization;
using Wirq.Lab.Running;

namespace Wirq.Cli.Run;

/// <summary>The story of a failing scenario, in lines that fit a width: what failed, then what happened.</summary>
/// <remarks>Unless all is asked for it fits a screen: the beginning, what is repeated once, and the end.</remarks>
internal sealed class RunStory
{
    /// <summary>How many lines it has at most.</summary>
    internal const int MostLines = 40;

    private const int MostReasons = 6, LinesOfReason = 4, LeastOfTimeline = 16;
    private const int FirstLines = 8, LastLines = 6;
    private const string Indent = "  ", Repeated = " │", RepeatedEnd = " └";

    private readonly int _width;
    private readonly bool _whole;
    private readonly List<string> _lines = [];
    private long _leftOut;

    private RunStory(int width, bool whole) => (_width, _whole) = (width, whole);

    /// <summary>Tells it.</summary>
    /// <param name="failed">A scenario that failed.</param>
    /// <param name="width">Columns.</param>
    /// <param name="whole">Whether to leave nothing out.</param>
    internal static IReadOnlyList<string> Of(ScenarioResult failed, int width, bool whole)
    {
        var story = new RunStory(width, whole);
        story.TellReasons(failed);
        if (failed.Timeline is { } timeline)
            story.TellTimeline(timeline);
        if (story._leftOut > 0)
            story._lines.Add($"{Indent}{Number(story._leftOut)} lines are left out; --verbose shows them, --record FILE keeps every event");
        return story._lines;
    }

    private void TellReasons(ScenarioResult failed)
    {
        string[] reasons =
        [
            .. failed.Failures.Select(failure => failure.Times == 1 ? failure.ToString() : $"{failure} ({Number(failure.Times)} times)"),
            .. failed.Storms.Where(storm => !storm.Endless).Select(storm => storm.ToString()),
            .. failed.Laws.Where(law => !law.Held).Select(law => $"{law.Name}: {law.Detail}"),
            .. failed.Historic.Where(one => !one.Caught).Select(missed => $"as {missed.Design}, {missed.Breaks} should have failed: {missed.Detail}"),
        ];
        foreach (string reason in _whole ? reasons : reasons.Take(MostReasons))
        {
            List<string> lines = Wrap(Indent, reason);
            int shown = _whole ? lines.Count : Math.Min(lines.Count, LinesOfReason);
            _lines.AddRange(lines.Take(shown));
            _leftOut += lines.Count - shown;
        }
        if (_whole || reasons.Length <= MostReasons)
            return;
        _lines.Add($"{Indent}… and {Number(reasons.Length - MostReasons)} more");
        _leftOut += reasons.Skip(MostReasons).Sum(reason => Wrap(Indent, reason).Count);
    }

    private void TellTimeline(Timeline timeline)
    {
        var told = new List<TimelineLine>();
        foreach (TimelinePart part in timeline.Beginning)
            Tell(part, Indent, told);
        if (timeline.Dropped > 0)
            told.Add(new TimelineLine([$"{Indent}… {Number(timeline.Dropped)} entries are not kept; --record FILE keeps every event"], Matters: true));
        foreach (TimelinePart part in timeline.End)
            Tell(part, Indent, told);
        _lines.Add($"{Indent}timeline:");
        int room = _whole ? int.MaxValue : Math.Max(LeastOfTimeline, MostLines - 2 - _lines.Count);
        bool[] shown = Choose(told, room);
        for (int i = 0; i < told.Count;)
        {
            if (shown[i])
            {
                _lines.AddRange(told[i++].Lines);
                continue;
            }
            int first = i;
            while (i < told.Count && !shown[i])
                i++;
            int leftOut = told.Skip(first).Take(i - first).Sum(line => line.Lines.Count);
            _leftOut += leftOut;
            _lines.Add($"{Indent}… {Number(leftOut)} lines …");
        }
    }

    private void Tell(TimelinePart part, string margin, List<TimelineLine> told)
    {
        foreach (TimelineEntry entry in part.Entries)
        {
            string time = (entry.Time / 1000.0).ToString("0.###", CultureInfo.InvariantCulture);
            bool apart = entry.Step is not null || entry.Note is not null;
            told.Add(new TimelineLine(Wrap($"{margin}{time,10} us  {(apart ? "" : "  ")}", entry.Text), Matters: entry.Note is not null));
        }
        if (part.Parts.Count == 0)
            return;
        int first = told.Count;
        foreach (TimelinePart repeated in part.Parts)
            Tell(repeated, Repeated, told);
        for (int i = first; i < told.Count; i++)
            told[i] = told[i] with { Turn = true };
        told.Add(new TimelineLine([$"{RepeatedEnd} … {(part.Times == 2 ? "repeated once" : $"repeated {Number(part.Times - 1)} times")} …"], Matters: true));
    }

    /// <summary>Chooses lines until the room is full: how it began, what came last, what is repeated how often and what
    /// was not as expected, the first turn of what is repeated, and the rest from the beginning on.</summary>
    private static bool[] Choose(List<TimelineLine> told, int room)
    {
        var shown = new bool[told.Count];
        if (told.Sum(line => (long)line.Lines.Count) <= room)
        {
            Array.Fill(shown, true);
            return shown;
        }
        IEnumerable<int> all = Enumerable.Range(0, told.Count);
        int[] turn = [.. all.Where(i => told[i].Turn)];
        int[] wanted =
        [
            .. all.Take(FirstLines), .. all.Reverse().Take(LastLines), .. all.Where(i => told[i].Matters).Take(FirstLines),
            .. turn, .. all,
        ];
        foreach (int line in wanted.Distinct())
        {
            shown[line] = true;
            if (Height(told, shown) <= room)
                continue;
            shown[line] = false;
            break;
        }
        return shown;
    }

    // A gap takes a line to say so.
    private static int Height(List<TimelineLine> told, bool[] shown)
    {
        int height = 0;
        for (int i = 0; i < told.Count; i++)
        {
            if (shown[i])
                height += told[i].Lines.Count;
            else if (i == 0 || shown[i - 1])
                height++;
        }
        return height;
    }

    /// <summary>Breaks a text at words into lines of the width, those after the first indented as it is.</summary>
    private List<string> Wrap(string prefix, string text)
    {
        var lines = new List<string>();
        string indent = prefix[..Indent.Length] + new string(' ', prefix.Length - Indent.Length + Indent.Length);
        string line = prefix;
        bool empty = true;
        foreach (string word in text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            string rest = word;
            if (!empty && line.Length + 1 + rest.Length > _width)
            {
                lines.Add(line);
                (line, empty) = (indent, true);
            }
            // A word that is longer than a line, such as a path, is cut.
            while (empty && line.Length + rest.Length > _width && _width > line.Length)
            {
                int fits = _width - line.Length;
                lines.Add(line + rest[..fits]);
                (line, rest) = (indent, rest[fits..]);
            }
            line += (empty ? "" : " ") + rest;
            empty = false;
        }
        lines.Add(line);
        return lines;
    }

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>An entry of the timeline as it is printed.</summary>
    /// <param name="Lines">Its lines.</param>
    /// <param name="Matters">Whether it is more than one thing that happened among others.</param>
    /// <param name="Turn">Whether it belongs to what is repeated.</param>
    private readonly record struct TimelineLine(IReadOnlyList<string> Lines, bool Matters = false, bool Turn = false);
}
