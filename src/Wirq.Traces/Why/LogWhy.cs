using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Why;

/// <summary>Answers questions about a log of QEMU: the log is fed to the chips, and their events are
/// followed.</summary>
public sealed class LogWhy
{
    private readonly WhyQuestion? _question;
    private WhyEngine? _engine;
    private LogFacts? _log;
    private long _line;

    private LogWhy(WhyQuestion? question) => _question = question;

    /// <summary>Feeds a log to the chips.</summary>
    /// <param name="open">Opens the log; called twice.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="question">The question; null for the interrupts that are owed at the end.</param>
    /// <param name="progress">Called regularly with the number of lines done and the total, which is 0 while it is not
    /// known.</param>
    /// <exception cref="TraceException">The log is damaged, or is not a log of QEMU.</exception>
    public static WhyEngine Read(Func<Stream> open, string file, WhyQuestion? question, Action<long, long>? progress = null)
    {
        var asked = new LogWhy(question);
        Replayer.Run(open, file, new ReplayOptions
        {
            Log = log => asked._log = log,
            Machine = machine => asked.Build(machine),
            Before = (line, _) => asked._line = line.Number,
            Record = happened => asked._engine!.Observe(happened, asked._line),
            Progress = progress,
        });
        return asked._engine!;
    }

    private void Build(FabricOptions machine)
    {
        _engine = new WhyEngine(machine, _question, _log);
        _engine.Stamps = _engine.Stamps with { OfLog = true };
    }
}
