using Wirq.Events;
using Wirq.Laws;
using Wirq.State;
using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;
using Wirq.Traces.Why;

namespace Wirq.Traces.Replay;

/// <summary>How a log is replayed.</summary>
public sealed record ReplayOptions
{
    /// <summary>Receives every event of the chips, in order.</summary>
    public Action<Event>? Record { get; init; }
    /// <summary>Receives the facts about the log, before anything else.</summary>
    public Action<LogFacts>? Log { get; init; }
    /// <summary>Receives the options of the chips, before the first event.</summary>
    public Action<FabricOptions>? Machine { get; init; }
    /// <summary>Called regularly with the number of lines done and the total, which is 0 while it is not
    /// known.</summary>
    public Action<long, long>? Progress { get; init; }
    /// <summary>Whether a report is wanted. An answer of <c>wirq why</c> rests on the events alone: then no law watches the chips, and
    /// the lines around the first difference are not kept.</summary>
    internal bool Reports { get; init; } = true;
    /// <summary>Whether the receivers may get everything a second time, from the beginning. Then the log is replayed as it most likely is,
    /// and again where it shows itself to be otherwise.</summary>
    internal bool MayBeginAnew { get; init; }
    /// <summary>Gets the lines that are fed or compared, each before its events, and the events that <see cref="Record"/> gets.</summary>
    internal IReplayObserver? Observer { get; init; }
    /// <summary>How the log is cut to be read. Tests make small pieces of small logs.</summary>
    internal ReadPieces Pieces { get; init; } = ReadPieces.Usual;
    /// <summary>Called before each line that is fed or compared. Tests use it to break the chips.</summary>
    internal Action<TraceLine, Fabric>? Before { get; init; }
    /// <summary>What is said of a file without an event, and what was expected of it.</summary>
    internal string Nothing { get; init; } = "none of its lines tells an event";
    internal string Expected { get; init; } = QemuLogReader.ExpectedLines;
}

/// <summary>Feeds a QEMU log to the chips, and reports differences between the two.</summary>
public sealed class Replayer
{
    private readonly ReplayOptions _options;
    private readonly Surroundings _surroundings;
    private readonly DeliveryCounts _delivered = new();
    private readonly RemappingReport _remapping = new();
    private readonly Verdicts _verdicts;
    private readonly LawLedger _laws = new();
    private readonly LogSurvey _survey;
    private readonly TriggerModes _triggers;
    private ReplaySession _session;
    private LogClock _clock;
    private long _stimuli, _skipped;
    private int _reset;

    /// <summary>Builds the chips.</summary>
    /// <param name="survey">What the log shows.</param>
    /// <param name="triggers">The trigger modes of the 8259's inputs.</param>
    /// <param name="options">The options.</param>
    internal Replayer(LogSurvey survey, TriggerModes triggers, ReplayOptions options)
    {
        (_survey, _triggers, _options) = (survey, triggers, options);
        _surroundings = new() { Kept = options.Reports };
        _verdicts = new Verdicts(_surroundings, new Coverage(survey)) { Parted = Part };
        _clock = new LogClock(survey.FirstStamp);
        options.Log?.Invoke(survey.Facts);
        options.Machine?.Invoke(ReplayMachine.OptionsFor(survey));
        _session = NewSession(new StateArena());
        _session.BeginLog();
    }

    /// <summary>Replays a log.</summary>
    /// <param name="open">Opens the log. It may be called several times, because some facts must be known before the first
    /// line is replayed.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="TraceException">It is damaged, or is not a log of QEMU.</exception>
    public static ReplayReport Run(Func<Stream> open, string file, ReplayOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(open);
        return new ReplayPasses(open, file, options ?? new ReplayOptions()).Run();
    }

    /// <summary>Replays a log to its end.</summary>
    /// <param name="log">The log.</param>
    /// <param name="lines">How many lines it has; 0 if that is not known.</param>
    /// <returns>False if the log is not what the survey says: then it was not replayed to its end.</returns>
    internal bool TryPlay(ReadAhead log, long lines)
    {
        TraceBatch? next, batch = log.Next();
        for (; batch is not null; batch = next)
        {
            next = log.Next();
            if (next?.Survey is { } more && !_survey.StillHolds(more, batch[0].Number))
                return false;
            int last = batch.Count - 1;
            for (int i = 0; i < last; i++)
                Take(batch[i], batch[i + 1]);
            Take(batch[last], next is null ? default : next[0]);
            _options.Progress?.Invoke(batch.Read, lines);
            log.Return(batch);
        }
        _session.End();
        _surroundings.Finish();
        return true;
    }

    private void Take(in TraceLine line, in TraceLine next)
    {
        if (IsSkipped(line))
        {
            _skipped++;
            return;
        }
        _verdicts.Compares = _survey.FirstCpuLine < long.MaxValue && (_survey.FromReset || line.Number >= _survey.FirstCpuLine);
        if (!_verdicts.Compares)
            _skipped++;
        if (_surroundings.Kept)
            _surroundings.Note(line);
        _options.Before?.Invoke(line, _session.Machine.Fabric);
        _options.Observer?.Begin(line);
        if (line.Microseconds >= 0)
            _session.Machine.SetTime(_clock.Nanoseconds(line.Microseconds));
        _session.Take(line, next);
    }

    private void Part(long line, string? missing) =>
        _session.Tell(new LogParted(line, missing is not null, missing is null ? 0 : (uint)EventNames.Find(missing)).ToEvent());

    /// <summary>If the log has the machine's reset, lines before the first line of a CPU show how the machine was set
    /// up, not how it runs. But a device that changes its line between the reset and that line does so permanently. A
    /// log that begins later is fed from its first line on, for questions about raises. What a remapping unit does with
    /// a message is not known before the log shows its registers.</summary>
    private bool IsSkipped(in TraceLine line)
    {
        while (_reset < _survey.Resets.Length && line.Number > _survey.Resets[_reset].To)
        {
            _reset++;
            if (line.Number > _survey.FirstCpuLine)
                StartAnew();
        }
        if (_reset < _survey.Resets.Length && line.Number >= _survey.Resets[_reset].From)
            return true;
        return (_survey.FromReset || _survey.Remaps) && _reset == 0 && line.Number < _survey.FirstCpuLine;
    }

    private void StartAnew()
    {
        _session.EndByReset();
        _stimuli += _session.Stimuli;
        _laws.Add(_session.Machine.Laws);
        ReplayMachine former = _session.Machine;
        _session = NewSession(new StateArena(spent: former.Fabric.Arena), former.Fabric.Now);
        _session.BeginLife();
    }

    private ReplaySession NewSession(StateArena arena, long now = 0) => new(_survey, _verdicts, _surroundings, _delivered, _remapping,
        _triggers, _options, arena, now);

    /// <summary>What was found, at the end of the log.</summary>
    /// <param name="reader">The log.</param>
    /// <param name="changing">Inputs of the 8259 whose trigger mode changes.</param>
    /// <param name="others">Lines of other forms.</param>
    internal ReplayReport Report(QemuLogReader reader, ushort changing, LeftOut others)
    {
        _laws.Add(_session.Machine.Laws);
        return new ReplayReport(_verdicts.Counts)
        {
            Lines = reader.Lines,
            Recognised = reader.Recognised,
            Malformed = reader.Malformed,
            Skipped = _skipped,
            Stimuli = _stimuli + _session.Stimuli,
            Cpus = _survey.ApicIds.Count,
            Acknowledges = ReplayNotes.Acknowledges(_survey),
            Notes = [.. ReplayNotes.Of(_survey, reader, _verdicts, _triggers, changing), .. others.Lines is { } left ? [left.Limit.What] : Array.Empty<string>()],
            LeftOut = others.Lines,
            First = _verdicts.First,
            NotJudged = _verdicts.Excused.Sum(excused => excused.Count),
            Delivered = _delivered.ToList(),
            Remapping = _survey.Remaps ? _remapping : null,
            Laws = _laws.Verdicts,
        };
    }
}
