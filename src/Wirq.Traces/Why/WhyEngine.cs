using Wirq.Events;

namespace Wirq.Traces.Why;

/// <summary>Follows every interrupt of a log or recording from its source to its end, and says where it
/// stopped.</summary>
/// <remarks>It knows what the events tell and nothing else, keeps the last few raises of each source, and needs the
/// memory of the machine's registers, whatever the length of the log. Not thread-safe.</remarks>
public sealed partial class WhyEngine : IEventSink
{
    private const int KeptOfChosen = 20, KeptOfOthers = 2, MostSources = 8192;

    private readonly FabricOptions _machine;
    private readonly GsiMap _gsis;
    private readonly WhyQuestion? _question;
    private readonly CpuShadow?[] _cpus;
    private readonly PinShadow?[][] _pins;
    private readonly LineShadow _lines = new();
    private PicShadow? _pic;
    private readonly Dictionary<SourceName, RaiseLog> _logs = [];
    private readonly FateJudge _judge;
    private readonly bool _ownLines;
    private Mark _now;

    /// <summary>Begins.</summary>
    /// <param name="machine">The machine whose events will come.</param>
    /// <param name="question">What is asked; null for what is owed at the end.</param>
    /// <param name="wiring">Whose lines the names of sources mean, where they are not those of the machine.</param>
    public WhyEngine(FabricOptions machine, WhyQuestion? question = null, FabricOptions? wiring = null)
    {
        ArgumentNullException.ThrowIfNull(machine);
        _machine = machine;
        _gsis = new Fabric(wiring ?? machine).Gsis;
        _ownLines = wiring is null;
        _question = question;
        _cpus = new CpuShadow?[machine.LocalApics.Count];
        _pins = [.. machine.IoApics.Select(chip => new PinShadow?[chip.Pins])];
        _pic = NewPic();
        _judge = new FateJudge(this);
    }

    /// <summary>How places are written.</summary>
    public Stamps Stamps { get; set; } = new(StampStyle.Virtual);
    /// <summary>Whether the log tells when a CPU takes a vector, and not only when it ends one.</summary>
    public bool TellsTaking { get; set; } = true;
    /// <summary>Whether the log tells which CPU did what.</summary>
    public bool KnowsCpus { get; set; } = true;

    /// <summary>Where the log ends, so far.</summary>
    public Mark End => _now;

    /// <summary>Events seen.</summary>
    public long Events { get; private set; }

    /// <inheritdoc/>
    public void Observe(in Event happened, long line)
    {
        Events++;
        _now = new(line, happened.Time);
        switch (happened.Kind)
        {
            case EventKind.MemoryMappedWrite or EventKind.MemoryMappedRead or EventKind.PortWrite or EventKind.PortRead
                or EventKind.MsrWrite or EventKind.MsrRead or EventKind.TaskPriorityWrite:
                Access(happened);
                break;
            case EventKind.MessageSent:
                Sent(happened);
                break;
            case >= EventKind.SourceConnected and <= EventKind.LineChanged:
                // Of lines that stand for something else nobody wants to hear.
                if (_ownLines)
                    Line(happened);
                break;
            case >= EventKind.PicPinChanged and <= EventKind.PicResampled:
                Pic(happened);
                break;
            case >= EventKind.PinChanged and <= EventKind.PinResampled:
            case EventKind.Deliver:
                Pin(happened);
                break;
            case EventKind.PinInjected when PinAt(happened.IoApic, happened.Pin)?.InFlight is { } attempt:
                attempt.ToKernel = true;
                break;
            case EventKind.MessageAccepted or EventKind.MessageRefused:
                Answered(happened);
                break;
            case EventKind.VectorAccepted:
                Accepted(happened);
                break;
            case EventKind.RemapFaulted:
                _addressees.Note(happened);
                break;
            case >= EventKind.VectorTaken and <= EventKind.SpuriousVectorChanged:
            case >= EventKind.CpuNmi and <= EventKind.CpuStartUp:
                Cpu(happened);
                break;
        }
    }

    /// <summary>The machine was reset, and all that was on its way is gone.</summary>
    public void Restart()
    {
        foreach (RaiseLog log in _logs.Values)
            log.Drop(_now, _judge);
        Array.Clear(_cpus);
        foreach (PinShadow?[] chip in _pins)
            Array.Clear(chip);
        _pic = NewPic();
        _open.Clear();
        _openCount = 0;
        _addressees.Version++;
    }

    private PicShadow? NewPic() => _machine.Pic is null ? null
        : new PicShadow(_machine.Pic, irq => new IrqShadow(irq, LogFor(SourceName.Irq(irq))));

    internal FabricOptions Machine => _machine;
    internal PicShadow? PicShadow => _pic;
    internal IFateJudge Judge => _judge;
    internal IEnumerable<RaiseLog> Logs => _logs.Values;
    internal IEnumerable<CpuShadow> Cpus => _cpus.OfType<CpuShadow>();
    internal IEnumerable<PinShadow> Pins => _pins.SelectMany(chip => chip).OfType<PinShadow>();
    internal GsiMap Gsis => _gsis;
    internal LineShadow Lines => _lines;

    internal RaiseLog? LogOf(SourceName source) => _logs.GetValueOrDefault(source);

    internal CpuShadow? CpuAt(int cpu)
    {
        if ((uint)cpu >= (uint)_cpus.Length)
            return null;
        return _cpus[cpu] ??= new CpuShadow(cpu, _machine.LocalApics);
    }

    internal PinShadow? PinAt(int chip, int pin)
    {
        if ((uint)chip >= (uint)_pins.Length || (uint)pin >= (uint)_pins[chip].Length)
            return null;
        return _pins[chip][pin] ??= new PinShadow(chip, pin, _machine.IoApics[chip], LogFor(SourceName.Pin(chip, pin)));
    }

    private IrqShadow? IrqAt(int irq) => _pic is not null && (uint)irq < PicShadow.Irqs ? _pic.All[irq] : null;

    private RaiseLog LogFor(SourceName source)
    {
        if (_logs.TryGetValue(source, out RaiseLog? known))
            return known;
        var log = new RaiseLog(source, IsAsked(source) ? KeptOfChosen : KeptOfOthers);
        _logs.Add(source, log);
        return log;
    }

    /// <summary>The log of a source that is known by what it sent; of too many, the rest goes without.</summary>
    private RaiseLog? FindLog(SourceName source) =>
        _logs.Count < MostSources || _logs.ContainsKey(source) || IsAsked(source) ? LogFor(source) : null;

    private bool IsAsked(SourceName source)
    {
        if (_question is not { } question)
            return false;
        if (question.Source == source)
            return true;
        if (question.Source.Class != SourceClass.Line)
            return false;
        int gsi = GsiOf(source);
        return gsi >= 0 && gsi == question.Source.Index;
    }

    /// <summary>The line of a pin; -1 for what is no pin.</summary>
    internal int GsiOf(SourceName source) => source.Class switch
    {
        SourceClass.Line => source.Index,
        SourceClass.Pin when source.Unit < _machine.IoApics.Count && source.Index < _machine.IoApics[source.Unit].Pins =>
            _gsis.OfPin(source.Unit, source.Index),
        SourceClass.Irq when source.Index != PicShadow.Cascade => _gsis.OfIsaIrq(source.Index),
        _ => -1,
    };

    private Raise Begin(RaiseLog log, Raise raise)
    {
        bool later = _question?.At is { } place && place.IsBefore(raise.At, Stamps.First);
        log.Add(raise, later, _judge);
        return raise;
    }
}
