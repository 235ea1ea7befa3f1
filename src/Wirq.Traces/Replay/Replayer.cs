using Wirq.Events;
using Wirq.Laws;
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
    /// <summary>Called before each line that is fed or compared. Tests use it to break the chips.</summary>
    internal Action<TraceLine, Fabric>? Before { get; init; }
    /// <summary>What is said of a file without an event, and what was expected of it.</summary>
    internal string Nothing { get; init; } = "none of its lines tells an event";
    internal string Expected { get; init; } = QemuLogReader.ExpectedLines;
}

/// <summary>Feeds a QEMU log to the chips, and reports differences between the two.</summary>
public sealed class Replayer
{
    private const int ReportEvery = 1 << 16;

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

    private Replayer(LogSurvey survey, TriggerModes triggers, ReplayOptions options)
    {
        (_survey, _triggers, _options) = (survey, triggers, options);
        _surroundings = new() { Kept = options.Reports };
        _verdicts = new Verdicts(_surroundings, new Coverage(survey)) { Parted = Part };
        _clock = new LogClock(survey.FirstStamp);
        options.Log?.Invoke(survey.Facts);
        options.Machine?.Invoke(ReplayMachine.OptionsFor(survey));
        _session = NewSession();
        _session.BeginLog();
    }

    /// <summary>Replays a log.</summary>
    /// <param name="open">Opens the log. It is called at least twice, because some facts must be known before the first
    /// line is replayed.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="TraceException">It is damaged, or is not a log of QEMU.</exception>
    public static ReplayReport Run(Func<Stream> open, string file, ReplayOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(open);
        options ??= new ReplayOptions();
        long lines;
        ushort changing = 0;
        LogSurvey survey;
        var others = new LeftOut(LeftOut.OfKvm);
        using (var reader = new QemuLogReader(open(), file) { Others = others })
        {
            if (!reader.IsTrace())
            {
                throw new TraceException(file, reader.Lines, 0, reader.Lines == 0 ? "the file is empty" : options.Nothing,
                    options.Expected);
            }
            survey = LogSurvey.Of(reader, read => options.Progress?.Invoke(read, 0));
            lines = reader.Lines;
        }
        if (!survey.MayShowTriggers)
            return Pass(new TriggerModes(0), options);
        // Most logs that may show a level input show none, and then the pass that finds this out is the one that is wanted.
        var edges = new TriggerModes(0);
        ReplayReport report = Pass(edges, options.MayBeginAnew ? options : Learning());
        if (options.MayBeginAnew && edges.ShownLevel == 0)
            return report;
        // These passes report nothing. Their results apply from the first line on.
        (ushort level, changing) = TriggerModes.Learn(modes => Pass(modes, Learning()), edges);
        return Pass(new TriggerModes(level), options);

        ReplayOptions Learning() => new() { Progress = options.Progress, Reports = false };

        ReplayReport Pass(TriggerModes modes, ReplayOptions how)
        {
            var replayer = new Replayer(survey, modes, how);
            using var reader = new QemuLogReader(open(), file);
            replayer.Play(reader, lines);
            return replayer.Report(reader, changing, others);
        }
    }

    private void Play(QemuLogReader reader, long lines)
    {
        long count = 0;
        // The line and the one after it take turns: a copy of each would be most of what is done here.
        var pair = new TraceLine[2];
        int at = 0;
        bool more = reader.TryRead(out pair[at]);
        while (more)
        {
            more = reader.TryRead(out pair[1 - at]);
            Take(pair[at], pair[1 - at]);
            at = 1 - at;
            if (++count % ReportEvery == 0)
                _options.Progress?.Invoke(reader.Lines, lines);
        }
        _session.End();
        _surroundings.Finish();
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
        _surroundings.Note(line);
        _options.Before?.Invoke(line, _session.Machine.Fabric);
        if (line.Microseconds >= 0)
            _session.Machine.SetTime(_clock.Nanoseconds(line.Microseconds));
        _session.Take(line, next);
    }

    private void Part(long line, string? missing) => _options.Record?.Invoke(
        new LogParted(line, missing is not null, missing is null ? 0 : (uint)EventNames.Find(missing)).ToEvent() with { Time = _session.Machine.Fabric.Now });

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
        _session = NewSession(_session.Machine.Fabric.Now);
        _session.BeginLife();
    }

    private ReplaySession NewSession(long now = 0) => new(_survey, _verdicts, _surroundings, _delivered, _remapping,
        _triggers, _options, now);

    private ReplayReport Report(QemuLogReader reader, ushort changing, LeftOut others)
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
