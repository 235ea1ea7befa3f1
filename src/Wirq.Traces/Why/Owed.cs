namespace Wirq.Traces.Why;

/// <summary>Finds what is owed at the end of a log.</summary>
internal sealed class OwedFinder(WhyEngine engine, FateJudge judge)
{
    private const long Long = 100_000_000;
    private const int MostNamed = 6;

    private readonly RaiseText _text = new(engine, judge);
    private readonly List<OwedAnswer> _owed = [];
    private readonly List<SourceName> _unheard = [];

    private string At(Mark mark) => engine.Stamps.At(mark);

    public OwedList Find()
    {
        foreach (PinShadow pin in engine.Pins.Where(pin => pin.Log.Count > 0 || pin.Asserted))
            AtPin(pin);
        foreach (IrqShadow irq in engine.PicShadow?.All ?? [])
            AtIrq(irq);
        foreach (RaiseLog log in engine.Logs.Where(log => log.Source.Class is not (SourceClass.Pin or SourceClass.Irq)))
            Message(log);
        foreach (CpuShadow cpu in engine.Cpus.Where(_ => engine.KnowsCpus))
            AtCpu(cpu);
        foreach (CpuShadow cpu in engine.Cpus.Where(_ => engine.KnowsCpus))
            AtTimer(cpu);
        OwedAnswer[] owed = [.. _owed.OrderBy(IsByChoice).ThenBy(one => one.At.Line)];
        IEnumerable<CpuShadow> cpus = engine.Cpus.Where(_ => engine.KnowsCpus);
        return new(engine.End, owed, [.. cpus.Select(cpu => Silent(cpu, owed)).OfType<SilentAnswer>()],
            [.. engine.Pins.Where(Stands).Select(Standing)],
            [.. engine.Pins.Where(pin => pin is { Entry.Masked: false, Asserted: false, Log.Count: 0 })
                .Select(pin => pin.Log.Source)],
            _unheard);
    }

    /// <summary>A mask may be what the guest wants; what else is in the way is not.</summary>
    private static bool IsByChoice(OwedAnswer owed) =>
        owed.Gate is Gate.PicMasked or Gate.CascadeMasked or Gate.EdgeLost or Gate.LvtMasked;

    private bool Stands(PinShadow pin) => pin is { Asserted: true, Entry: { Level: false, Masked: false } }
        && pin.Current is { } raise && judge.FateOf(raise) == Fate.Ended
        && (engine.Stamps.Style == StampStyle.Virtual || engine.End.Time - raise.At.Time >= Long);

    private StandingAnswer Standing(PinShadow pin)
    {
        RaiseAnswer answer = _text.Answer(pin.Current!);
        return new(pin.Log.Source, answer.At, answer.Sentences, answer.Evidence);
    }

    /// <summary>A timer that was started with its entry masked: QEMU does not even let it expire.</summary>
    private void AtTimer(CpuShadow cpu)
    {
        Mark masked = cpu.EntrySince(LocalVector.Timer);
        if (cpu.Count == 0 || !cpu.Entry(LocalVector.Timer).Masked || masked.Line > cpu.CountSince.Line)
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

    private void AtPin(PinShadow pin)
    {
        if (pin.AckOwed is { } owed)
        {
            _owed.Add(new(pin.Log.Source, Fate.Held, Gate.AckWithheld, owed, pin.MaskSince, -1, -1,
                [$"{pin.Log.Source}: its acknowledge is withheld since {At(owed)}, for the pin was masked at the EOI"
                    + (pin.Entry.Masked ? ", and still is." : ".")],
                [new("withheld", owed), new("masked", pin.MaskSince)]));
        }
        if (pin.Current is not { } raise || IsServed(judge.Judge(raise, out Held held)))
            return;
        IrqShadow? irq = IrqOf(pin);
        if (Served(irq?.Current, raise))
            return;
        bool heard = irq is { WasUnmasked: true };
        if (pin.WasProgrammed)
            Add(raise, held);
        else if (!heard && !(engine.Machine.IntrAtPinZero && pin is { Chip: 0, Pin: 0 }))
            _unheard.Add(pin.Log.Source);
    }

    /// <summary>Whether the other end of a line gave away what this end did not. The two ends hear of a rise one after
    /// the other, in a log some lines apart.</summary>
    private static bool Served(Raise? other, Raise raise)
    {
        const int apart = 8;
        return other is { Attempts: > 0 } && other.At.Line + apart >= raise.At.Line;
    }

    private IrqShadow? IrqOf(PinShadow pin)
    {
        int irq = engine.Gsis[engine.Gsis.OfPin(pin.Chip, pin.Pin)].Irq;
        return irq >= 0 ? engine.PicShadow?.All[irq] : null;
    }

    private void AtIrq(IrqShadow irq)
    {
        if (irq.AckOwed is { } owed)
        {
            _owed.Add(new(irq.Log.Source, Fate.Held, Gate.AckWithheld, owed, irq.MaskSince, -1, -1,
                [$"{irq.Log.Source}: its acknowledge is withheld since {At(owed)}, for the IRQ was masked at the EOI."],
                [new("withheld", owed), new("masked", irq.MaskSince)]));
        }
        if (irq.InService is { } serving && irq.Irq != PicShadow.Cascade)
        {
            Mark taken = serving.Taken!.Value;
            _owed.Add(new(irq.Log.Source, Fate.InService, Gate.NoEoi, taken, taken, serving.Cpu, serving.Vector,
                [$"{irq.Log.Source} is in service at the 8259 since {At(taken)}, vector 0x{serving.Vector:x2}: no EOI has come."],
                [new("taken", taken)]));
        }
        if (irq.Waiting.Count == 0 || irq.Waiting[0] is not { } raise)
            return;
        judge.Judge(raise, out Held held);
        PinShadow? pin = PinOf(irq);
        if (Served(pin?.Current, raise))
            return;
        // An IRQ that the guest never unmasked, or masks because it serves the line at the I/OAPIC, is as it should be.
        bool elsewhere = !irq.WasUnmasked || pin is { WasProgrammed: true };
        if (held.Gate is not (Gate.PicMasked or Gate.CascadeMasked) || !elsewhere)
        {
            Add(raise, held, pin is not { WasProgrammed: false } ? null
                : $"Its line leads to {pin.Log.Source} too, where no guest ever gave it a vector.");
        }
        else if (pin is null)
            _unheard.Add(irq.Log.Source);
    }

    private PinShadow? PinOf(IrqShadow irq)
    {
        if (irq.Irq == PicShadow.Cascade)
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
        // What merged was served since, and what is at a CPU is told of with its CPU.
        bool served = answer.Fate == Fate.Merged && raise.Last is not null && delivery is null;
        bool told = IsAtCpu(answer.Fate) && delivery is { Cpu: >= 0 } && raise.Source.Class != SourceClass.Irq;
        if (served || told)
            return;
        int vector = delivery?.Vector ?? -1;
        int cpu = delivery?.Cpu ?? CpuOf(raise, held);
        _owed.Add(new(raise.Source, answer.Fate, answer.Gate, raise.At, answer.Since, cpu, vector,
            more is null ? answer.Sentences : [.. answer.Sentences, more], answer.Evidence));
    }

    private static bool IsAtCpu(Fate fate) => fate is Fate.Pending or Fate.InService or Fate.Merged;

    /// <summary>Whom an interrupt that was not sent is meant for, where its entry names one CPU.</summary>
    private int CpuOf(Raise raise, Held held)
    {
        if (held.Cpu >= 0)
            return held.Cpu;
        if (raise.Source.Class == SourceClass.Irq)
            return engine.Cpus.FirstOrDefault(cpu => cpu.PassesIntr)?.Cpu ?? -1;
        if (raise.Source.Class != SourceClass.Pin || held.Gate == Gate.NoDestination)
            return -1;
        RedirectionEntry entry = engine.PinAt(raise.Source.Unit, raise.Source.Index)!.Entry;
        if (entry.Remappable || entry.Mode != DeliveryMode.Fixed)
            return -1;
        CpuShadow[] named = [.. engine.Cpus.Where(cpu => cpu.Base.Mode == ApicMode.XApic && (entry.Logical
            ? cpu.Logical.MatchesXApic((byte)entry.Destination, cpu.Format)
            : cpu.XApicId.Id == entry.Destination))];
        return named.Length == 1 ? named[0].Cpu : -1;
    }

    private void AtCpu(CpuShadow cpu)
    {
        foreach (Delivery pending in cpu.Pending.All)
        {
            Held held = cpu.GateOf(pending.Vector);
            SourceName source = pending.Source ?? new SourceName(SourceClass.Ipi, cpu.Cpu, pending.Vector);
            _owed.Add(new(source, Fate.Pending, held.Gate, pending.Accepted, Since(held), cpu.Cpu, pending.Vector,
                [$"Vector 0x{pending.Vector:x2}{From(pending)} is pending at cpu{cpu.Cpu} since {At(pending.Accepted)} "
                    + $"and not taken: {_text.Gates.Words(held)}.", .. Illegal(pending), .. Merges(pending)],
                EvidenceOf(pending, held)));
        }
        foreach (Delivery serving in cpu.InService.All)
        {
            Mark taken = serving.Taken!.Value;
            SourceName source = serving.Source ?? new SourceName(SourceClass.Ipi, cpu.Cpu, serving.Vector);
            _owed.Add(new(source, Fate.InService, Gate.NoEoi, taken, taken, cpu.Cpu, serving.Vector,
                [$"Vector 0x{serving.Vector:x2}{From(serving)} is in service at cpu{cpu.Cpu} since {At(taken)}: no EOI has come."],
                [new("accepted", serving.Accepted), new("taken", taken)]));
        }
    }

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

    /// <summary>Whether a CPU has done nothing since something was owed to it.</summary>
    private SilentAnswer? Silent(CpuShadow cpu, OwedAnswer[] owed)
    {
        OwedAnswer[] mine = [.. owed.Where(one => one.Cpu == cpu.Cpu && one.Fate != Fate.InService && !IsByChoice(one))];
        bool aimed = mine.Length > 0;
        // What reaches nobody, or is masked, may be what this one waits for; if it is the one that was at work last.
        if (!aimed && engine.Cpus.MaxBy(other => other.LastSign.Line) == cpu)
            mine = [.. owed.Where(one => one.Fate != Fate.InService && (one.Cpu < 0 || one.Cpu == cpu.Cpu))];
        long since = engine.End.Time - cpu.LastSign.Time;
        if (mine.Length == 0 || cpu.LastSign.IsStart && !aimed)
            return null;
        bool before = mine.Any(one => one.At.Line > cpu.LastSign.Line);
        if (aimed ? !before && since < Long : !before || since < Long)
            return null;
        SourceName[] names = [.. mine.Select(one => one.Source).Distinct()];
        string list = string.Join(", ", names.Take(MostNamed))
            + (names.Length > MostNamed ? $" and {names.Length - MostNamed} more" : "");
        string idle = engine.TellsTaking ? "taken" : "ended";
        var sentences = new List<string>
        {
            (cpu.LastSign.IsStart ? $"cpu{cpu.Cpu} has {idle} nothing and written no register at all"
                : $"cpu{cpu.Cpu} has {idle} nothing and written no register since {At(cpu.LastSign)}, "
                    + $"{Stamps.Span(since)} before the end")
                + (aimed ? $"; owed to it: {list}." : $". Owed, and let through to no CPU: {list}."),
        };
        if (cpu.LastRead.Line > cpu.LastSign.Line)
            sentences.Add($"It still reads registers, the last at {At(cpu.LastRead)}.");
        if (cpu.LastSign.IsStart && cpu.Cpu > 0 && cpu.LastStartUp is null)
            sentences.Add("It was never sent a start-up IPI.");
        if (cpu.LastSign.IsStart && cpu.LastStartUp is { } started)
            sentences.Add($"It was sent a start-up IPI at {At(started)}.");
        if (mine.Any(one => one.Gate == Gate.CpuUnknown))
            sentences.Add("Whether its interrupt flag is clear or it is halted is unknown: no log tells.");
        var evidence = new List<Evidence>();
        if (!cpu.LastTaken.IsStart)
            evidence.Add(new("last taken", cpu.LastTaken));
        if (!cpu.LastWrite.IsStart)
            evidence.Add(new("last write", cpu.LastWrite));
        return new(cpu.Cpu, cpu.LastSign, names, sentences, evidence);
    }
}
