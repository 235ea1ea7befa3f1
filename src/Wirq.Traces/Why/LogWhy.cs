using Wirq.Events;
using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Why;

/// <summary>Answers questions about a log of QEMU: the log is fed to the chips, and their events are
/// followed.</summary>
public sealed class LogWhy : IReplayObserver
{
    /// <summary>What <c>wirq why</c> reads besides logs.</summary>
    internal const string OtherKinds = "a recording, saved state or a dump (wirq why --help names all kinds)";

    private readonly WhyQuestion? _question;
    private readonly Func<WhyEngine, IEventSink>? _watch;
    private WhyEngine? _engine;
    private IEventSink? _sink;
    private LogFacts? _log;
    private long _line;

    private LogWhy(WhyQuestion? question, Func<WhyEngine, IEventSink>? watch) => (_question, _watch) = (question, watch);

    /// <summary>Feeds a log to the chips.</summary>
    /// <param name="open">Opens the log; it may be called several times.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="question">The question; null for the interrupts that are owed at the end.</param>
    /// <param name="progress">Called regularly with the number of lines done and the total, which is 0 while it is not
    /// known.</param>
    /// <exception cref="TraceException">The log is damaged, or is not a log of QEMU.</exception>
    public static WhyEngine Read(Func<Stream> open, string file, WhyQuestion? question, Action<long, long>? progress = null) =>
        Read(open, file, question, watch: null, new ReplayOptions { Progress = progress, Reports = false }).Engine;

    /// <summary>Feeds a log to the chips, and lets another see the events.</summary>
    /// <param name="open">Opens the log; it may be called several times.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="question">The question; null for the interrupts that are owed at the end.</param>
    /// <param name="watch">Gets the events instead of the engine, and passes them on to it; null for the engine alone.</param>
    /// <param name="options">How it is replayed, besides.</param>
    internal static (WhyEngine Engine, ReplayReport Report) Read(Func<Stream> open, string file, WhyQuestion? question, Func<WhyEngine, IEventSink>? watch,
        ReplayOptions options)
    {
        var asked = new LogWhy(question, watch);
        ReplayReport report = Replayer.Run(open, file, options with
        {
            Nothing = "none of its lines has a form that is known",
            Expected = $"{QemuLogReader.ExpectedLines}, records of KVM's tracepoints such as 'kvm_eoi: apicid 0 vector 49' ({Kvm.KvmLog.Record}), "
                + OtherKinds,
            MayBeginAnew = options is { Record: null, Log: null, Machine: null, Observer: null },
            Log = options.Log + (log => asked._log = log),
            Machine = options.Machine + asked.Build,
            Observer = asked,
        });
        WhyEngine engine = asked._engine!;
        engine.LeftOut = report.LeftOut;
        // The facts were given before the whole log was read.
        engine.Log = engine.Log! with { Damaged = report.Malformed };
        return (engine, report);
    }

    void IReplayObserver.Begin(in TraceLine line) => _line = line.Number;

    void IReplayObserver.Observe(in Event happened) => _sink!.Observe(happened, _line);

    private void Build(FabricOptions machine)
    {
        _engine = new WhyEngine(machine, _question, _log);
        _engine.Stamps = _engine.Stamps with { OfLog = true };
        _sink = _watch?.Invoke(_engine) ?? _engine;
    }
}
