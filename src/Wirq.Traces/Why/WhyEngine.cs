using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;
using Wirq.Traces.Recordings;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Why;

/// <summary>Follows every interrupt of a log or recording from its source to its end, and finds where it
/// stopped.</summary>
/// <remarks>It uses only the events. It keeps the last few raises of each source. Its memory depends on the registers
/// of the machine, not on the length of the log. Not thread-safe.</remarks>
public sealed partial class WhyEngine : IEventSink
{
    private const int KeptOfChosen = 20, KeptOfOthers = 2, MostSources = 8192;

    private readonly FabricOptions _machine;
    private readonly GsiMap _gsis;
    private readonly WhyQuestion? _question;
    private readonly CpuTrail?[] _cpus;
    private readonly PinTrail?[][] _pins;
    private readonly LineTrail _lines;
    private PicTrail? _pic;
    // What the machine is; the trails say since when, and what came through it.
    private readonly MachineShadow _shadow;
    private readonly CpuShadow _cpuShadow;
    private readonly Dictionary<SourceName, RaiseLog> _logs = [];
    private readonly FateJudge _judge;
    private readonly SortedSet<string> _lacking = new(StringComparer.Ordinal);
    private readonly bool _ownLines;
    private readonly (long Count, Mark First, Mark Last)[] _someCpuTook = new (long, Mark, Mark)[byte.MaxValue + 1];
    private Mark _now;
    private long _turns;
    private bool _connected;

    /// <summary>Starts.</summary>
    /// <param name="machine">The machine whose events will come.</param>
    /// <param name="question">The question; null for what is owed at the end.</param>
    /// <param name="log">The log that was replayed, if the events are those of a replay.</param>
    public WhyEngine(FabricOptions machine, WhyQuestion? question = null, LogFacts? log = null)
    {
        ArgumentNullException.ThrowIfNull(machine);
        machine.Validate();
        _machine = machine;
        _addressees = new(vtd: machine.Vtd is not null);
        // A replay drives the two chips by lines of its own; the names of sources mean those of a PC.
        _gsis = new GsiMap(log is null ? machine : FabricOptions.Pc(1, Profile.Qemu));
        _ownLines = log is null;
        Log = log;
        FromReset = log is null or { FromReset: true };
        if (log is not null)
        {
            KnowsCpus = log.KnowsCpus;
            TellsTaking = (log.Parts & LogParts.Taking) != 0;
            Stamps = new Stamps(log.Stamped ? StampStyle.Stamped : StampStyle.None, log.FirstStamp);
        }
        _question = question;
        _cpus = new CpuTrail?[machine.LocalApics.Count];
        _pins = [.. machine.IoApics.Select(chip => new PinTrail?[chip.Pins])];
        var arena = new StateArena();
        (_shadow, _cpuShadow) = (new MachineShadow(machine, _gsis, arena), new CpuShadow(machine.LocalApics, arena));
        _lines = new LineTrail(_shadow.Lines);
        _pic = NewPic();
        _judge = new FateJudge(this);
        Storms = new Storms(this);
    }

    /// <summary>How places are written.</summary>
    internal Stamps Stamps { get; set; } = new(StampStyle.Virtual);
    /// <summary>Whether the log shows when a CPU takes a vector, and not only when it ends one.</summary>
    public bool TellsTaking { get; set; } = true;
    /// <summary>Whether the log shows which CPU did what.</summary>
    public bool KnowsCpus { get; set; } = true;
    /// <summary>What the log contains; null for a recording of a Wirq machine, which contains everything.</summary>
    public LogFacts? Log { get; internal set; }
    /// <summary>Whether the current life of the machine began with a reset, so that what was not written since has its
    /// reset value.</summary>
    public bool FromReset { get; private set; }
    /// <summary>How often the chips and the log differ, and where first.</summary>
    public (long Count, Mark First) Parted { get; private set; }
    /// <summary>How often they differ while the log lacks what would decide which is right, and where first.</summary>
    public (long Count, Mark First) NotJudged { get; private set; }
    /// <summary>What the log lacks that would decide those, by QEMU's names.</summary>
    public IReadOnlyCollection<string> Lacking => _lacking;

    /// <summary>The messages that a kernel sent by a route that the guest had replaced.</summary>
    internal StaleSends Stale { get; } = new();
    /// <summary>Levels that were delivered again and again.</summary>
    internal Storms Storms { get; }
    /// <summary>Where the machine was reset last; null if it was not, or if a CPU has acted since.</summary>
    internal Mark? JustReset => LifeBegan is { IsStart: false } began && !_acted ? began : null;
    private Mark LifeBegan { get; set; }
    private bool _acted;
    /// <summary>Why and where the input ends too early; null if it does not.</summary>
    public string? Incomplete { get; set; }
    /// <summary>Lines of the log that are of another form, and are no part of the answer; null for none.</summary>
    internal LeftOutLines? LeftOut { get; set; }

    /// <summary>Where the log ends, so far.</summary>
    public Mark End => _now;

    /// <summary>Events seen.</summary>
    public long Events { get; private set; }

    /// <inheritdoc/>
    public void Observe(in Event happened, long line)
    {
        _now = new(++Events, line, happened.Time, _turns);
        // A replay's lines represent something else.
        if (!_ownLines && happened.Subsystem == Subsystem.Lines && happened.Kind != EventKind.SourceConnected)
            return;
        Follow(happened);
        // What the event changes, it is compared with first.
        switch (happened.Subsystem)
        {
            case Subsystem.Lines when _ownLines:
                _shadow.Observe(happened);
                _lines.Observe(happened, _now);
                break;
            case Subsystem.Lines:
                break;
            case Subsystem.Access or Subsystem.LocalApic or Subsystem.Log when happened.Kind is not (EventKind.LogEntryShown or EventKind.LogPicShown):
                LearnCpu(happened);
                break;
            default:
                _shadow.Observe(happened);
                break;
        }
        if (happened.Kind == EventKind.MachineReset)
            RaiseHeld();
    }

    private void Follow(in Event happened)
    {
        switch (happened.Kind)
        {
            case EventKind.MessageSent:
                Sent(happened);
                break;
            case EventKind.Rest:
                _turns++;
                break;
            // The shadows follow it themselves: the wires stay as they are.
            case EventKind.MachineReset:
                BeginLife();
                break;
            // Each life of a replayed machine begins with the same sources.
            case EventKind.SourceConnected when !_ownLines && happened.Source == 0:
                if (_connected)
                    Restart();
                _connected = true;
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
                _addressees.Note(RemapFaulted.Of(happened));
                break;
            // The causes of these were reported before them.
            case EventKind.EoiBroadcast or EventKind.CpuInterrupt or EventKind.RouteChanged or EventKind.PinInjected:
                break;
            default:
                ObservePart(happened);
                break;
        }
    }

    private void ObservePart(in Event happened)
    {
        switch (happened.Subsystem)
        {
            case Subsystem.Access:
                _acted = true;
                Access(happened);
                break;
            case Subsystem.Log:
                OfLog(happened);
                break;
            case Subsystem.Lines when _ownLines:
                Line(happened);
                break;
            case Subsystem.Pic:
                Pic(happened);
                break;
            case Subsystem.IoApic:
                Pin(happened);
                break;
            case Subsystem.LocalApic:
                Cpu(happened);
                break;
        }
    }

    /// <summary>The source in a slot has a name from now on.</summary>
    /// <param name="source">Slot of the source.</param>
    /// <param name="name">The label that its device gave it; empty for none.</param>
    internal void Name(int source, string name) => _lines.Name(source, name);

    /// <summary>What the source in a slot is called now.</summary>
    internal string NameOf(int source) => _lines.NameOf(source) ?? LineTrail.NumberOf(source);

    /// <summary>The machine was reset: all interrupts that have not ended are dropped.</summary>
    public void Restart()
    {
        BeginLife();
        _shadow.ForgetChips();
    }

    private void BeginLife()
    {
        foreach (RaiseLog log in _logs.Values)
            log.Drop(_now, _judge);
        Array.Clear(_cpus);
        foreach (PinTrail?[] chip in _pins)
            Array.Clear(chip);
        _cpuShadow.Forget();
        _pic = NewPic();
        _open.Clear();
        _openCount = 0;
        _addressees.Version++;
        FromReset = true;
        (LifeBegan, _acted) = (_now, false);
    }

    private void OfLog(in Event happened)
    {
        switch (happened.Kind)
        {
            // Recordings of earlier versions do not tell the two apart: all are disagreements there.
            case EventKind.LogParted when LogParted.Of(happened).Undecided:
                if (EventNames.OfNumber(LogParted.Of(happened).Lacking) is { } lacking)
                    _lacking.Add(lacking);
                NotJudged = (NotJudged.Count + 1, NotJudged.Count == 0 ? PartedAt(happened) : NotJudged.First);
                break;
            case EventKind.LogParted:
                Parted = (Parted.Count + 1, Parted.Count == 0 ? PartedAt(happened) : Parted.First);
                break;
            case EventKind.LogRouteSet when PinAt(happened.IoApic, happened.Pin) is { } routed:
                routed.SetRoute(happened.Msi, _now);
                break;
            case EventKind.LogEntryShown when PinAt(happened.IoApic, LogEntryShown.Of(happened).Pin) is { } shown:
                shown.Learn(LogEntryShown.Of(happened), ShownAt(LogEntryShown.Of(happened).Line));
                break;
            case EventKind.LogPicShown:
                _pic?.Learn(LogPicShown.Of(happened), ShownAt(LogPicShown.Of(happened).Line));
                break;
            case EventKind.LogVectorTaken:
                ref (long Count, Mark First, Mark Last) took = ref _someCpuTook[happened.Vector];
                took = (took.Count + 1, took.Count == 0 ? _now : took.First, _now);
                break;
            case EventKind.LogVectorsLeft:
                Settle(LogVectorsLeft.Of(happened));
                break;
        }
    }

    /// <summary>A fact of a log is reported with the line that shows it, not with the line at which the replay found it
    /// missing.</summary>
    private Mark PartedAt(in Event happened) => _now.Line > 0 ? _now with { Line = LogParted.Of(happened).Line } : _now;

    private Mark ShownAt(long line) => Stamps.OfLog ? _now with { Line = line } : _now;

    /// <summary>Whether the local APICs are a kernel's, and the log shows its routes.</summary>
    internal bool IsSplit => Log is { } log && (log.Parts & LogParts.KernelRoutes) != 0;

    /// <summary>Whether the log shows the initial state of a part of the machine, and what was written since.</summary>
    internal bool Knows(LogParts parts) => Log is null || FromReset && (Log.Parts & parts) == parts;

    /// <summary>Whether the state of all local APICs is known.</summary>
    internal bool KnowsApics => Knows(LogParts.LocalApics) && KnowsCpus;

    private PicTrail? NewPic() => _machine.Pic is null ? null
        : new PicTrail(_machine.Pic, _shadow.Pic, irq => new IrqTrail(irq, LogFor(SourceName.Irq(irq)), _shadow.Pic));

    internal FabricOptions Machine => _machine;
    /// <summary>What the machine is now.</summary>
    internal MachineShadow Shadow => _shadow;
    /// <summary>Whether lines and sources are those of the machine, and not those of a replay.</summary>
    internal bool OwnLines => _ownLines;
    internal PicTrail? PicTrail => _pic;
    internal IFateJudge Judge => _judge;
    internal IEnumerable<RaiseLog> Logs => _logs.Values;
    internal IEnumerable<CpuTrail> Cpus => _cpus.OfType<CpuTrail>();
    /// <summary>The first CPU that INTR of the 8259 reaches; null for none.</summary>
    internal CpuTrail? PassesIntr => Array.Find(_cpus, static cpu => cpu is { PassesIntr: true });
    internal IEnumerable<CpuTrail> AllCpus => Enumerable.Range(0, _cpus.Length).Select(cpu => CpuAt(cpu)!);
    internal IEnumerable<PinTrail> Pins => _pins.SelectMany(chip => chip).OfType<PinTrail>();
    internal GsiMap Gsis => _gsis;
    internal LineTrail Lines => _lines;

    internal RaiseLog? LogOf(SourceName source) => _logs.GetValueOrDefault(source);

    internal CpuTrail? CpuAt(int cpu)
    {
        if ((uint)cpu >= (uint)_cpus.Length)
            return null;
        return _cpus[cpu] ??= new CpuTrail(cpu, _machine.LocalApics, _cpuShadow);
    }

    internal PinTrail? PinAt(int chip, int pin)
    {
        if (!HasPin(chip, pin))
            return null;
        return _pins[chip][pin] ??= new PinTrail(chip, pin, _machine.IoApics[chip], LogFor(SourceName.Pin(chip, pin)), _shadow.Pins);
    }

    // A recording may claim to be a replay's and have another machine: the lines of a PC lead to 24 pins.
    private bool HasPin(int chip, int pin) => (uint)chip < (uint)_pins.Length && (uint)pin < (uint)_pins[chip].Length
        && (_ownLines || chip == 0 && pin < ReplayMachine.Pins);

    private IrqTrail? IrqAt(int irq) => _pic is not null && (uint)irq < GsiMap.IsaIrqs ? _pic.All[irq] : null;

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
        SourceClass.Pin when HasPin(source.Unit, source.Index) => _gsis.OfPin(source.Unit, source.Index),
        SourceClass.Irq when source.Index != GsiMap.CascadeIrq => _gsis.OfIsaIrq(source.Index),
        _ => -1,
    };

    private Raise Begin(RaiseLog log, Raise raise)
    {
        bool later = _question?.At is { } place && place.IsBefore(raise.At, Stamps.First);
        log.Add(raise, later, _judge);
        return raise;
    }
}
