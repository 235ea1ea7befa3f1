using Wirq.Cli.Outputs;
using Wirq.Lab.Exploring;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Traces.Recordings;
using Wirq.Traces.Timelines;

namespace Wirq.Cli.Run;

/// <summary>Runs scenarios one after the other, and follows each.</summary>
/// <param name="options">The options of the command.</param>
/// <param name="record">The file of <c>--record</c>; null for none.</param>
internal sealed class RunPlayer(RunOptions options, OutputFile? record)
{
    // By reference: two results may be equal.
    private readonly Dictionary<ScenarioResult, RunAnswer> _answers = new(ReferenceEqualityComparer.Instance);

    /// <summary>What <c>why</c> says of those that failed.</summary>
    internal IReadOnlyDictionary<ScenarioResult, RunAnswer> Answers => _answers;

    /// <summary>The picture of the last; null if none is drawn.</summary>
    internal Picture? Picture { get; private set; }

    /// <summary>Runs one.</summary>
    internal ScenarioResult Play(Scenario scenario, IBackend backend) => Watch(scenario, watch => backend.Run(scenario, options.Seed, watch), backend.Repeats);

    /// <summary>Performs the order of a file.</summary>
    internal ScenarioResult Follow(Scenario scenario, OrderFile order) =>
        Watch(scenario, watch => ScenarioRunner.Follow(scenario, order, watch is null ? null : watch.Observe, watch?.Options), repeats: true);

    /// <summary>Most runs hold, and nobody asks why. So one that can be repeated is followed at its second time.</summary>
    private ScenarioResult Watch(Scenario scenario, Func<RunWatch?, ScenarioResult> run, bool repeats)
    {
        bool isWanted = record is not null || options.Timeline is not null || !repeats;
        if (!isWanted && run(null) is { } unwatched && (unwatched.Verdict != Verdict.Failed || options.Json))
            return unwatched;
        using RecordingWriter? writer = record is null ? null
            : new RecordingWriter(record.Stream, new RecordingHeader { Subject = scenario.Name, Machine = scenario.Machine.Fabric });
        var watch = new RunWatch(scenario, writer, options.Timeline?.Options);
        ScenarioResult result = run(watch);
        writer?.Complete();
        Picture = watch.Draw(scenario.Name);
        if (result.Verdict == Verdict.Failed)
            _answers.Add(result, watch.Answer);
        return result;
    }
}
