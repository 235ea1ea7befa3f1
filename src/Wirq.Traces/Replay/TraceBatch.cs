using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Lines of a log, in order.</summary>
/// <param name="most">How many it takes.</param>
internal sealed class TraceBatch(int most)
{
    private readonly TraceLine[] _lines = new TraceLine[most];

    /// <summary>How many lines it has.</summary>
    internal int Count { get; private set; }

    /// <summary>Lines of any kind that were read with it and before it.</summary>
    internal long Read { get; private set; }

    /// <summary>What the log shows up to its end; null where nobody asked, or where the log is damaged.</summary>
    internal LogSurvey? Survey { get; set; }

    internal ref readonly TraceLine this[int index] => ref _lines[index];

    /// <summary>Fills it with the next lines of a log. If the log is damaged, it has those before the damage.</summary>
    /// <param name="reader">The log.</param>
    /// <param name="survey">Gets them too; null for nobody.</param>
    /// <returns>Whether the log may go on.</returns>
    internal bool Fill(QemuLogReader reader, SurveyBuilder? survey)
    {
        (Count, Read, Survey) = (0, reader.Lines, null);
        TraceLine[] lines = _lines;
        for (int at = 0; at < lines.Length && reader.TryRead(out lines[at]); at++)
        {
            survey?.Add(lines[at]);
            Count = at + 1;
        }
        Read = reader.Lines;
        Survey = survey is null ? null : new LogSurvey(survey, reader.Malformed);
        return Count == _lines.Length;
    }
}
