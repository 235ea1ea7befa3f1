using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Traces.Recordings;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Cli.Run;

/// <summary>Follows the run of a scenario: for its recording, its timeline, and for what <c>why</c> says if it
/// fails.</summary>
internal sealed class RunWatch
{
    private readonly WhyEngine _engine;
    private readonly PictureBuilder? _picture;
    private readonly RecordingWriter? _writer;

    /// <summary>Starts.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="writer">Writes the recording; null for none.</param>
    /// <param name="drawn">Which part is drawn; null for none.</param>
    internal RunWatch(Scenario scenario, RecordingWriter? writer, PictureOptions? drawn)
    {
        _engine = new WhyEngine(scenario.Machine.Fabric);
        _picture = drawn is null ? null : new PictureBuilder(_engine, drawn);
        _writer = writer;
        Options = new WorldOptions { Named = Name };
    }

    /// <summary>The options of a simulated world that reports to this.</summary>
    internal WorldOptions Options { get; }

    /// <summary>What is owed at the end.</summary>
    internal RunAnswer Answer => new(_engine, _engine.Owed());

    /// <summary>The picture; null if none is drawn.</summary>
    internal Picture? Draw(string subject) => _picture?.Build(subject);

    internal void Observe(Event happened)
    {
        _writer?.Write(happened);
        if (_picture is null)
            _engine.Observe(happened, 0);
        else
            _picture.Observe(happened, 0);
    }

    internal void Name(int source, string label)
    {
        _writer?.Name(source, label);
        _engine.Name(source, label);
    }
}

/// <summary>What <c>why</c> says of the recording of a run.</summary>
/// <param name="Engine">The engine that followed it.</param>
/// <param name="Owed">Its list.</param>
internal sealed record RunAnswer(WhyEngine Engine, OwedList Owed);
