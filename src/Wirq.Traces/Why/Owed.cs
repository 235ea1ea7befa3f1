using Wirq.Laws;
namespace Wirq.Traces.Why;

/// <summary>Finds what is owed at the end of a log.</summary>
internal sealed class OwedFinder(WhyEngine engine, FateJudge judge)
{
    private readonly RaiseText _text = new(engine, judge);
    private readonly List<OwedAnswer> _owed = [];
    private readonly List<OwedAnswer> _unknown = [];
    private readonly List<SourceName> _unheard = [];

    private string At(Mark mark) => engine.Stamps.At(mark);

    public OwedList Find()
    {
        foreach (PinTrail pin in engine.Pins.Where(pin => pin.Log.Count > 0 || pin.Asserted))
            AtPin(pin);
        foreach (IrqTrail irq in engine.PicTrail?.All ?? [])
            AtIrq(irq);
        foreach (RaiseLog log in engine.Logs.Where(log => log.Source.Class is not (SourceClass.Pin or SourceClass.Irq)))
            Message(log);
        foreach (CpuTrail cpu in engine.Cpus.Where(_ => engine.KnowsCpus))
            AtCpu(cpu);
        foreach (CpuTrail cpu in engine.Cpus.Where(_ => engine.KnowsCpus))
            AtTimer(cpu);
        var masks = new MaskChoice(engine);
        OwedAnswer[] masked = [.. _owed.Where(masks.IsChoice).OrderBy(one => one.At.Event)];
        OwedAnswer[] owed = [.. _owed.Where(one => !masks.IsChoice(one)).OrderBy(one => one.At.Event)];
        var end = new LogEnd(engine);
        OwedAnswer[] cut = [.. owed.Where(one => end.CutsOff(one) || engine.JustReset is not null)];
        owed = [.. owed.Except(cut)];
        var silence = new Silence(engine);
        SilentAnswer[] silent = silence.Of(owed);
        // A silent guest to which nothing else is owed may wait for an interrupt that it masked.
        if (owed.Length == 0 && silent.Length == 0)
        {
            silent = silence.Of(masked);
            owed = [.. masked.Where(one => silent.Any(cpu => cpu.Owed.Contains(one.Source)))];
            masked = [.. masked.Except(owed)];
        }
        OwedAnswer[] unknown = [.. _unknown.Concat(cut.Select(end.Unknown)).OrderBy(one => one.At.Event)];
        LimitAnswer[] limits = [.. new LogLimits(engine).Find(), .. silence.Limit(masked), .. engine.JustReset is { } reset ? [LogEnd.AfterReset(At(reset))]
            : cut.Length > 0 ? [LogEnd.Limit] : Array.Empty<LimitAnswer>()];
        WhyVerdict verdict = owed.Length + silent.Length > 0 ? WhyVerdict.Owed
            : limits.Length + unknown.Length > 0 ? WhyVerdict.NotTold : WhyVerdict.NothingOwed;
        return new(engine.End, owed, silent,
            [.. engine.Pins.Where(Stands).Select(Standing)],
            [.. engine.Pins.Where(pin => pin is { Entry.Masked: false, Asserted: false, Log.Count: 0 })
                .Select(pin => pin.Log.Source)],
            _unheard)
        {
            Verdict = verdict,
            Broken = Broken(),
            Storms = engine.Storms.Find(),
            Limits = limits,
            Unknown = unknown,
            Masked = masked,
            Told = limits.Length > 0 ? [.. engine.Told(judge)] : [],
        };
    }

    /// <summary>A message that went by a replaced route breaks the law of fresh routes, even if it was ended.</summary>
    private BrokenLaw[] Broken()
    {
        if (engine.Stale.First is not var (pin, first))
            return [];
        long count = engine.Stale.Count;
        string often = count > 1 ? $" It breaks {Phrase.Times(count)}: this is the first." : "";
        return [new(nameof(FreshRoute), count, first.Sent, pin.Log.Source,
            [$"The law {nameof(FreshRoute)} breaks at {At(first.Sent)}: {pin.Log.Source} sent, and {_text.Gates.StaleRoute(first)}.{often}"],
            [new("sent", first.Sent), .. first.Stale!.Since.IsStart ? Array.Empty<Evidence>() : [new("route set", first.Stale!.Since)],
                .. first.Stale!.Fixed is { } at ? [new("route updated", at)] : Array.Empty<Evidence>()])];
    }

    private bool Stands(PinTrail pin) => pin is { Asserted: true, Entry: { Level: false, Masked: false } }
        && pin.Current is { } raise && judge.FateOf(raise) == Fate.Ended && Silence.IsLong(engine, raise.At);

    private StandingAnswer Standing(PinTrail pin)
    {
        RaiseAnswer answer = _text.Answer(pin.Current!);
        return new(pin.Log.Source, answer.At, answer.Sentences, answer.Evidence);
    }

    /// <summary>A timer that was started with its entry masked: in QEMU it never expires.</summary>
    private void AtTimer(CpuTrail cpu)
    {
        Mark masked = cpu.EntrySince(LocalVector.Timer);
        if (cpu.Count == 0 || !cpu.Entry(LocalVector.Timer).Masked || masked.Event > cpu.CountSince.Event
            || judge.Firm(new(Gate.LvtMasked, masked, cpu.Cpu)).Gate == Gate.NotKnown)
            return;
        SourceName source = SourceName.Local(cpu.Cpu, LocalVector.Timer);
        if (_owed.Any(one => one.Source == source))
            return;
        string since = masked.IsStart ? "since the beginning" : $"since {At(masked)}";
        _owed.Add(new(source, Fate.Lost, Gate.LvtMasked, cpu.CountSince, masked, cpu.Cpu, -1,
            [$"{source} was started at {At(cpu.CountSince)} with its entry masked ({since}), and the entry still is: "
                + "it expires without an interrupt."],
            [new("initial count", cpu.CountSince), .. masked.IsStart ? Array.Empty<Evidence>() : [new("entry masked", masked)]]));
    }

    private void AtPin(PinTrail pin)
    {
        if (pin.AckOwed is { } owed)
        {
            _owed.Add(new(pin.Log.Source, Fate.Held, Gate.AckWithheld, owed, pin.MaskSince, -1, -1,
                [$"{pin.Log.Source}: its acknowledge is withheld since {At(owed)}, for the pin was masked at the EOI"
                    + (pin.Entry.Masked ? ", and still is." : ".")],
                [new("withheld", owed), new("masked", pin.MaskSince)]));
        }
        if (pin.Current is not { } raise || IsServed(judge.Judge(raise, out Held held)) && held.Gate != Gate.StaleRoute)
            return;
        IrqTrail? irq = IrqOf(pin);
        if (Served(irq?.Current, raise))
            return;
        bool heard = irq is { WasUnmasked: true };
        if (pin.WasProgrammed || held.Gate == Gate.NotKnown)
            Add(raise, held);
        else if (!heard && !(engine.Machine.IntrAtPinZero && pin is { Chip: 0, Pin: 0 }))
            _unheard.Add(pin.Log.Source);
    }

    /// <summary>Whether the other end of a line delivered the raise that this end did not. The two ends get a rise one
    /// after the other: in a log each is a separate input, with at most one input of another CPU between
    /// them.</summary>
    private static bool Served(Raise? other, Raise raise)
    {
        const int apart = 2;
        return other is { Attempts: > 0 } && other.At.Turn + apart >= raise.At.Turn;
    }

    private IrqTrail? IrqOf(PinTrail pin)
    {
        int irq = engine.Gsis[engine.Gsis.OfPin(pin.Chip, pin.Pin)].Irq;
        return irq >= 0 ? engine.PicTrail?.All[irq] : null;
    }

    private void AtIrq(IrqTrail irq)
    {
        if (irq.AckOwed is { } owed)
        {
            _owed.Add(new(irq.Log.Source, Fate.Held, Gate.AckWithheld, owed, irq.MaskSince, -1, -1,
                [$"{irq.Log.Source}: its acknowledge is withheld since {At(owed)}, for the IRQ was masked at the EOI."],
                [new("withheld", owed), new("masked", irq.MaskSince)]));
        }
        if (irq.InService is { } serving && irq.Irq != GsiMap.CascadeIrq)
        {
            Mark taken = serving.Taken!.Value;
            _owed.Add(new(irq.Log.Source, Fate.InService, Gate.NoEoi, taken, taken, serving.Cpu, serving.Vector,
                [$"{irq.Log.Source} is in service at the 8259 since {At(taken)}, vector 0x{serving.Vector:x2}: no EOI has come."],
                [new("taken", taken)]));
        }
        if (irq.Waiting.Count == 0 || irq.Waiting[0] is not { } raise)
            return;
        judge.Judge(raise, out Held held);
        PinTrail? pin = PinOf(irq);
        if (Served(pin?.Current, raise))
            return;
        if (held.Gate == Gate.NotKnown)
        {
            Add(raise, held);
            return;
        }
        // An IRQ that the guest never unmasked, or masks because it uses the pin of the I/OAPIC, is correct.
        bool elsewhere = !irq.WasUnmasked || pin is { WasProgrammed: true };
        if (held.Gate is not (Gate.PicMasked or Gate.CascadeMasked) || !elsewhere)
        {
            Add(raise, held, pin is not { WasProgrammed: false } ? null
                : $"Its line leads to {pin.Log.Source} too, where no guest ever gave it a vector.");
        }
        else if (pin is null)
            _unheard.Add(irq.Log.Source);
    }

    private PinTrail? PinOf(IrqTrail irq)
    {
        if (irq.Irq == GsiMap.CascadeIrq)
            return null;
        GsiTarget target = engine.Gsis[engine.Gsis.OfIsaIrq(irq.Irq)];
        return target.IoApic >= 0 ? engine.PinAt(target.IoApic, target.Pin) : null;
    }

    private void Message(RaiseLog log)
    {
        if (log.Last is not { } raise || RaiseText.IsToNobodyElse(raise) || IsServed(judge.Judge(raise, out Held held)))
            return;
        Add(raise, held);
    }

    private static bool IsServed(Fate fate) => fate is Fate.Ended or Fate.Signalled or Fate.Withdrawn or Fate.Joined
        or Fate.Sent;

    private void Add(Raise raise, Held held, string? more = null)
    {
        RaiseAnswer answer = _text.Answer(raise);
        Delivery? delivery = raise.Last?.Deliveries.FirstOrDefault(one => one.IsPending || one.IsInService);
        // A merged request was served later, and an interrupt at a CPU is reported with its CPU.
        bool served = answer.Fate == Fate.Merged && raise.Last is not null && delivery is null;
        bool told = IsAtCpu(answer.Fate) && delivery is { Cpu: >= 0 } && raise.Source.Class != SourceClass.Irq;
        if (served || told)
            return;
        int vector = delivery?.Vector ?? -1;
        int cpu = delivery?.Cpu ?? CpuOf(raise, held);
        (answer.Fate == Fate.NotKnown ? _unknown : _owed).Add(new(raise.Source, answer.Fate, answer.Gate, raise.At, answer.Since, cpu, vector,
            more is null ? answer.Sentences : [.. answer.Sentences, more], answer.Evidence));
    }

    private static bool IsAtCpu(Fate fate) => fate is Fate.Pending or Fate.InService or Fate.Merged;

    /// <summary>The CPU that an unsent interrupt is meant for, if its entry names one CPU.</summary>
    private int CpuOf(Raise raise, Held held)
    {
        if (held.Cpu >= 0)
            return held.Cpu;
        if (raise.Source.Class == SourceClass.Irq)
            return engine.Cpus.FirstOrDefault(cpu => cpu.PassesIntr)?.Cpu ?? -1;
        if (raise.Source.Class != SourceClass.Pin || held.Gate == Gate.NoDestination)
            return -1;
        RedirectionEntry entry = engine.PinAt(raise.Source.Unit, raise.Source.Index)!.Entry;
        // Without lines of local APICs, the id of a CPU is not known.
        if (!engine.KnowsCpus || entry.Remappable || entry.Mode != DeliveryMode.Fixed)
            return -1;
        CpuTrail[] named = [.. engine.Cpus.Where(cpu => cpu.Base.Mode == ApicMode.XApic && (entry.Logical
            ? cpu.Logical.MatchesXApic((byte)entry.Destination, cpu.Format)
            : cpu.XApicId.Id == entry.Destination))];
        return named.Length == 1 ? named[0].Cpu : -1;
    }

    private void AtCpu(CpuTrail cpu)
    {
        foreach (Delivery pending in cpu.Pending.All)
        {
            Held held = judge.Firm(cpu.GateOf(pending.Vector));
            SourceName source = pending.Source ?? new SourceName(SourceClass.Ipi, cpu.Cpu, pending.Vector);
            _owed.Add(new(source, Fate.Pending, held.Gate, pending.Accepted, Since(held), cpu.Cpu, pending.Vector,
                [$"Vector 0x{pending.Vector:x2}{From(pending)} is pending at cpu{cpu.Cpu} since {At(pending.Accepted)} "
                    + $"and not taken: {_text.Gates.Words(held)}.", .. Illegal(pending), .. Merges(pending)],
                EvidenceOf(pending, held)));
        }
        foreach (Delivery serving in cpu.InService.All)
        {
            Mark taken = serving.InServiceSince!.Value;
            SourceName source = serving.Source ?? new SourceName(SourceClass.Ipi, cpu.Cpu, serving.Vector);
            _owed.Add(new(source, Fate.InService, Gate.NoEoi, taken, taken, cpu.Cpu, serving.Vector,
                [$"Vector 0x{serving.Vector:x2}{From(serving)} is in service at cpu{cpu.Cpu} since {At(taken)}: no EOI has come.",
                    .. ClassZero(serving)],
                serving.Takes > 1 ? [new("taken", taken), new("taken last", serving.Taken!.Value)]
                    : [new("accepted", serving.Accepted), new("taken", taken)]));
        }
    }

    private string[] ClassZero(Delivery serving) => serving.Vector >= 0x10 ? []
        : ["A vector below 0x10 is of class 0, which raises no priority: it blocks nothing"
            + (serving.Takes > 1 ? $", and was taken {serving.Takes} times in that time, at last at {At(serving.Taken!.Value)}" : "")
            + ". It is illegal; other local APICs refuse it."];

    private static string[] Illegal(Delivery pending) => pending.Vector >= 0x10 ? []
        : ["A vector below 0x10 is illegal; other local APICs refuse it."];

    private string[] Merges(Delivery pending) => pending.Merges == 0 ? []
        : [$"{pending.Merges} more came for it and merged into it, the last at {At(pending.LastMerge)}."];

    private static string From(Delivery delivery) => delivery.Source is { } source ? $" of {source}" : "";

    private static Mark? Since(Held held) => held.Gate == Gate.CpuUnknown ? null : held.Since;

    private static List<Evidence> EvidenceOf(Delivery pending, Held held)
    {
        var evidence = new List<Evidence> { new("accepted", pending.Accepted) };
        if (held is { Gate: not Gate.CpuUnknown, Since.IsStart: false })
            evidence.Add(new(RaiseText.GateWord(held.Gate), held.Since));
        return evidence;
    }
}
