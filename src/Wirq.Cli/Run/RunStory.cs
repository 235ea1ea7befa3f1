using System.Globalization;
using Wirq.Events;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Traces.Why;

namespace Wirq.Cli.Run;

/// <summary>The story of a failing scenario, in lines of a given width: what failed, then what happened.</summary>
/// <remarks>Unless all of it is requested, it fits on a screen: the beginning, the repeated part once, and the
/// end.</remarks>
internal sealed class RunStory
{
    /// <summary>The highest number of lines.</summary>
    internal const int MostLines = 40;

    private const int LinesOfReasons = 14, LinesOfWhy = 9, LeastOfTimeline = 16;
    private const int FirstLines = 6, LastLines = 4;
    /// <summary>The beginning of the story.</summary>
    internal const string Headline = "failed ";

    private const string Indent = "  ", Repeated = " │", RepeatedEnd = " └";

    private readonly int _width;
    private readonly bool _whole;
    private readonly List<string> _lines = [];
    private long _leftOut;

    private RunStory(int width, bool whole) => (_width, _whole) = (width, whole);

    /// <summary>Writes the story.</summary>
    /// <param name="failed">A scenario that failed.</param>
    /// <param name="width">Columns.</param>
    /// <param name="whole">Whether to print all lines.</param>
    /// <param name="answer">What <c>why</c> says of its recording; null for nothing.</param>
    internal static IReadOnlyList<string> Of(ScenarioResult failed, int width, bool whole, RunAnswer? answer = null)
    {
        var story = new RunStory(width, whole);
        story._lines.AddRange(story.Wrap(Headline, $"{failed.Scenario.Name} ({failed.Scenario.At.File})"));
        story.TellReasons(failed);
        if (answer is not null)
            story.TellWhy(answer, isStopped: failed.Storms.Any(storm => storm.Endless));
        if (failed.Timeline is { } timeline)
            story.TellTimeline(timeline);
        if (story._leftOut > 0)
            story._lines.Add($"{Indent}{Number(story._leftOut)} lines are left out; --verbose shows them, --record FILE keeps every event");
        return story._lines;
    }

    /// <summary>The headline, and the first reason.</summary>
    internal static IReadOnlyList<string> ReasonOf(ScenarioResult failed, int width)
    {
        var story = new RunStory(width, whole: false);
        string[] reasons = ReasonsOf(failed);
        return [.. story.Wrap(Headline, $"{failed.Scenario.Name} ({failed.Scenario.At.File})"), .. story.Wrap(Indent, reasons[0]),
            .. reasons.Length == 1 ? [] : (string[])[$"{Indent}… and {Number(reasons.Length - 1)} more"]];
    }

    private static string[] ReasonsOf(ScenarioResult failed) =>
        [
            // An endless storm is already a failure.
            .. failed.Storms.Where(storm => !storm.Endless).Select(storm => storm.ToString()),
            .. failed.Failures.Select(failure => failure.Times == 1 ? failure.ToString() : $"{failure} ({Number(failure.Times)} times)"),
            .. failed.Laws.Where(law => !law.Held).Select(law => $"{law.Name}: {law.Detail}"),
            .. failed.Historic.Where(one => !one.Caught).Select(missed => missed.Finished
                ? $"as {missed.Design}, {missed.Breaks} should have failed: {missed.Detail}"
                : $"as {missed.Design} it did not finish, so whether it breaks {missed.Breaks} is not known: {missed.Detail}"),
        ];

    private void TellReasons(ScenarioResult failed)
    {
        string[] reasons = ReasonsOf(failed);
        int told = 0;
        foreach (string reason in reasons)
        {
            List<string> lines = Wrap(Indent, reason);
            if (!_whole && told > 0 && _lines.Count + lines.Count > LinesOfReasons)
                break;
            _lines.AddRange(lines);
            told++;
        }
        if (told == reasons.Length)
            return;
        _lines.Add($"{Indent}… and {Number(reasons.Length - told)} more");
        _leftOut += reasons.Skip(told).Sum(reason => Wrap(Indent, reason).Count);
    }

    /// <summary>What <c>why</c> says: the verdict, and as many answers as there is room for, silent CPUs first.</summary>
    private void TellWhy(RunAnswer answer, bool isStopped)
    {
        OwedList owed = answer.Owed;
        string[] answers =
        [
            .. owed.Storms.Select(one => string.Join(' ', one.Sentences)),
            .. owed.Silent.Select(one => string.Join(' ', one.Sentences)), .. owed.Owed.Select(one => string.Join(' ', one.Sentences)),
            .. owed.Masked.Select(one => $"under a mask, as the guest may want it: {string.Join(' ', one.Sentences)}"),
        ];
        // A run that goes round has no end, and an all-clear at the place where it was stopped is none.
        _lines.AddRange(Wrap(Indent, isStopped && owed.Verdict != WhyVerdict.Owed
            ? $"why: nothing was owed at {answer.Engine.Stamps.At(owed.End)}, where the run was stopped because it goes round"
            : $"why: {WhyText.Headline(owed, answer.Engine)}"));
        int room = _whole ? int.MaxValue : _lines.Count + LinesOfWhy - 1, told = 0;
        foreach (string one in answers)
        {
            List<string> lines = Wrap(Indent + Indent, one);
            if (told > 0 && _lines.Count + lines.Count > room)
                break;
            _lines.AddRange(lines);
            told++;
        }
        if (told == answers.Length)
            return;
        _lines.Add($"{Indent}{Indent}… and {Number(answers.Length - told)} more; wirq why says all of a recording that --record FILE makes");
        _leftOut += answers.Skip(told).Sum(one => Wrap(Indent + Indent, one).Count);
    }

    private void TellTimeline(Timeline timeline)
    {
        var told = new List<TimelineLine>();
        foreach (TimelinePart part in timeline.Beginning)
            Tell(part, Indent, told);
        if (timeline.Dropped > 0)
            told.Add(new TimelineLine([$"{Indent}… {Number(timeline.Dropped)} entries are not kept; --record FILE keeps every event"], Note: true));
        foreach (TimelinePart part in timeline.End)
            Tell(part, Indent, told);
        _lines.Add($"{Indent}timeline:");
        int room = _whole ? int.MaxValue : Math.Max(LeastOfTimeline, MostLines - 1 - _lines.Count);
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
            // What is expected is no event: it may not have happened.
            string text = entry.Step is ExpectStep ? $"(checked here: {entry.Text})" : entry.Text;
            told.Add(new TimelineLine(Wrap($"{margin}{time,10} us  {(apart ? "" : "  ")}", text), Note: entry.Note is not null,
                Leads: entry.Step is not null || entry.Event.Kind == EventKind.VectorTaken));
        }
        if (part.Parts.Count == 0)
            return;
        int first = told.Count;
        foreach (TimelinePart repeated in part.Parts)
            Tell(repeated, Repeated, told);
        for (int i = first; i < told.Count; i++)
            told[i] = told[i] with { Repeats = part.Times };
        told.Add(new TimelineLine([$"{RepeatedEnd} … {(part.Times == 2 ? "repeated once" : $"repeated {Number(part.Times - 1)} times")} …"], Repeats: part.Times, EndsTurn: true));
    }

    /// <summary>Chooses lines until the room is full: the beginning, the end, the most frequent repetition with its
    /// count, failed expectations, steps and taken interrupts, and then the rest in order.</summary>
    private static bool[] Choose(List<TimelineLine> told, int room)
    {
        var shown = new bool[told.Count];
        if (told.Sum(line => (long)line.Lines.Count) <= room)
        {
            Array.Fill(shown, true);
            return shown;
        }
        IEnumerable<int> all = Enumerable.Range(0, told.Count);
        long most = told.Max(line => line.Repeats);
        int[] turn = most == 0 ? [] : [.. all.SkipWhile(i => told[i].Repeats != most).TakeWhile(i => told[i].Repeats == most)];
        int[] wanted =
        [
            .. all.Take(FirstLines), .. all.Reverse().Take(LastLines), .. turn.Where(i => told[i].EndsTurn), .. turn,
            .. all.Where(i => told[i].EndsTurn || told[i].Note), .. all.Where(i => told[i].Leads), .. all,
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

    // A gap needs one line.
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

    /// <summary>Breaks a text at words into lines of the given width. Lines after the first are indented like
    /// it.</summary>
    private List<string> Wrap(string prefix, string text)
    {
        var lines = new List<string>();
        string margin = prefix == Headline ? Indent : prefix[..Indent.Length];
        string indent = margin + new string(' ', prefix.Length);
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
            // A word that is longer than a line, for example a path, is split.
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
    /// <param name="Note">Whether it is a note, and not an event.</param>
    /// <param name="Repeats">The number of repetitions, if it is in a repeated part; else 0.</param>
    /// <param name="EndsTurn">Whether it is the line with that number.</param>
    /// <param name="Leads">Whether it is a step or a taken interrupt, which caused the lines after it.</param>
    private readonly record struct TimelineLine(IReadOnlyList<string> Lines, bool Note = false, long Repeats = 0, bool EndsTurn = false,
        bool Leads = false);
}
