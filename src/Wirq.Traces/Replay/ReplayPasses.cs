using Wirq.Traces.Qemu;
using Wirq.Traces.Why;

namespace Wirq.Traces.Replay;

/// <summary>Reads a log as often as it takes to know what must be known before its first line is replayed.</summary>
internal sealed class ReplayPasses(Func<Stream> open, string file, ReplayOptions options)
{
    private readonly LeftOut _others = new(LeftOut.OfKvm);
    private long _lines;

    /// <summary>Replays the log.</summary>
    /// <exception cref="TraceException">It is damaged, or is not a log of QEMU.</exception>
    internal ReplayReport Run()
    {
        // Most logs that may show a level input show none, and then the pass that finds this out is the one that is wanted.
        var edges = new TriggerModes(0);
        LogSurvey survey = Survey(edges, out ReplayReport? report);
        if (report is null)
        {
            edges = new TriggerModes(0);
            if (!survey.MayShowTriggers || options.MayBeginAnew)
                report = Pass(survey, edges, options);
            else
                Pass(survey, edges, Learning);
        }
        if (report is not null && (!survey.MayShowTriggers || edges.ShownLevel == 0))
            return report;
        // These passes report nothing. Their results apply from the first line on.
        (ushort level, ushort changing) = TriggerModes.Learn(modes => Pass(survey, modes, Learning), edges);
        return Pass(survey, new TriggerModes(level), options, changing);
    }

    private ReplayOptions Learning => new() { Progress = options.Progress, Reports = false };

    /// <summary>Surveys the log. Where it may be replayed again, it is replayed meanwhile, as its beginning shows it.</summary>
    /// <param name="edges">The trigger modes of that replay.</param>
    /// <param name="report">What was found, if the beginning was right; else null.</param>
    private LogSurvey Survey(TriggerModes edges, out ReplayReport? report)
    {
        using var reader = new QemuLogReader(open(), file) { Others = _others };
        if (!reader.IsTrace())
            throw new TraceException(file, reader.Lines, 0, reader.Lines == 0 ? "the file is empty" : options.Nothing, options.Expected);
        using var log = new ReadAhead(reader, new SurveyBuilder(), options.Pieces);
        LogSurvey survey = log.ReadBeginning();
        if (options.MayBeginAnew)
        {
            var replayer = new Replayer(survey, edges, options);
            if (replayer.TryPlay(log, lines: 0))
            {
                _lines = reader.Lines;
                report = replayer.Report(reader, changing: 0, _others);
                return log.Survey;
            }
        }
        report = null;
        while (log.Next() is { } batch)
        {
            options.Progress?.Invoke(batch.Read, 0);
            log.Return(batch);
        }
        _lines = reader.Lines;
        return log.Survey;
    }

    private ReplayReport Pass(LogSurvey survey, TriggerModes modes, ReplayOptions how, ushort changing = 0)
    {
        using var reader = new QemuLogReader(open(), file);
        using var log = new ReadAhead(reader, survey: null, options.Pieces);
        var replayer = new Replayer(survey, modes, how);
        replayer.TryPlay(log, _lines);
        return replayer.Report(reader, changing, _others);
    }
}
