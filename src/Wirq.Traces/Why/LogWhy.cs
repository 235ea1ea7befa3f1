using Wirq.Events;
using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Why;

/// <summary>Asks a log of QEMU's: it is fed to the chips, and what they tell is followed.</summary>
public sealed class LogWhy
{
    private const long PerMicrosecond = 1000;

    private readonly WhyQuestion? _question;
    private WhyEngine? _engine;
    private Fabric? _fabric;
    private long _line;
    private bool _stamped, _connected, _tells = true, _knows = true;

    private LogWhy(WhyQuestion? question) => _question = question;

    /// <summary>Feeds a log to the chips.</summary>
    /// <param name="open">Opens it; called twice.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="question">What is asked; null for what is owed at the end.</param>
    /// <param name="progress">Told now and then how many lines were worked on, of how many; 0 while that is not
    /// known.</param>
    /// <exception cref="TraceException">It is damaged, or no log of QEMU's.</exception>
    public static WhyEngine Read(Func<Stream> open, string file, WhyQuestion? question, Action<long, long>? progress = null)
    {
        var asked = new LogWhy(question);
        Replayer.Run(open, file, new ReplayOptions
        {
            Surveyed = asked.Note,
            Machine = asked.Build,
            Before = asked.Before,
            Record = happened => asked.Observe(happened),
            Progress = progress,
        });
        return asked.Finish();
    }

    private void Note(LogSurvey survey) => (_tells, _knows) = (survey.HasServicing, survey.KnowsCpus);

    private void Build(FabricOptions machine)
    {
        // The replay drives the two chips by lines of their own; the names of sources mean those of a PC.
        FabricOptions wiring = FabricOptions.Pc(1, Profile.Qemu);
        _engine = new WhyEngine(machine, _question, wiring)
        {
            Stamps = new Stamps(StampStyle.LinesOnly),
            TellsTaking = _tells,
            KnowsCpus = _knows,
        };
    }

    private void Before(TraceLine line, Fabric fabric)
    {
        _line = line.Number;
        _fabric = fabric;
        if (!_stamped && line.Microseconds >= 0)
        {
            _stamped = true;
            _engine!.Stamps = new Stamps(StampStyle.Stamped, line.Microseconds * PerMicrosecond);
        }
    }

    private void Observe(in Event happened)
    {
        // Each life of the machine begins with the same sources.
        if (happened is { Kind: EventKind.SourceConnected, Source: 0 })
        {
            if (_connected)
                _engine!.Restart();
            _connected = true;
        }
        // What a machine tells as it is put together comes before it is known.
        _engine?.Observe(happened, _line);
    }

    private WhyEngine Finish()
    {
        if (_fabric is { } fabric)
        {
            for (int cpu = 0; cpu < fabric.LocalApics.Count; cpu++)
            {
                int index = cpu;
                _engine!.Settle(cpu, vector => fabric.LocalApics.State(index).Irr.Has(vector),
                    vector => fabric.LocalApics.State(index).Isr.Has(vector));
            }
        }
        return _engine!;
    }
}
