namespace Wirq.Traces.Why;

/// <summary>Finds CPUs that have done nothing since an interrupt was owed to them.</summary>
internal sealed class Silence(WhyEngine engine)
{
    private const long Long = 100_000_000;
    private const int MostNamed = 6;

    private string At(Mark mark) => engine.Stamps.At(mark);

    /// <summary>Whether a place is so long before the end that more events should have come. A recording of a Wirq
    /// machine ends when nothing more happens.</summary>
    public static bool IsLong(WhyEngine engine, Mark since) =>
        engine.Stamps.Style == StampStyle.Virtual || engine.End.Time - since.Time >= Long;

    /// <summary>The CPUs that are silent, given what is owed.</summary>
    public SilentAnswer[] Of(OwedAnswer[] owed) => engine.KnowsCpus
        ? [.. engine.Cpus.Select(cpu => Silent(cpu, owed)).OfType<SilentAnswer>()] : [];

    /// <summary>Why it cannot be decided whether the guest intends a mask: without times, silence cannot be
    /// detected.</summary>
    public LimitAnswer[] Limit(OwedAnswer[] masked)
    {
        if (engine.Stamps.HasTime || !engine.KnowsCpus)
            return [];
        string[] names = [.. masked.Where(one => WhoWaits(one) is { } cpu && CameSince(one, cpu)).Select(one => one.Source.ToString())];
        return names.Length == 0 ? [] : [new($"{string.Join(", ", names)} came under a mask after the last sign of a CPU, and "
            + "without time stamps nobody can tell whether the guest fell silent waiting for it", LogLimits.Stamps)];
    }

    /// <summary>Whether an interrupt was owed after the last sign of a CPU. Under a mask there may be many, and the
    /// first one represents all.</summary>
    private bool CameSince(OwedAnswer owed, CpuTrail cpu)
    {
        Mark last = MaskChoice.IsMask(owed) && engine.LogOf(owed.Source)?.Last is { } raise ? raise.At : owed.At;
        return Math.Max(last.Event, owed.At.Event) >= cpu.LastSign.Event;
    }

    /// <summary>The CPU that may wait for an interrupt under a mask: the CPU of a timer, else the last active
    /// CPU.</summary>
    private CpuTrail? WhoWaits(OwedAnswer masked) =>
        masked.Gate == Gate.LvtMasked ? engine.CpuAt(masked.Cpu) : LastAtWork();

    private CpuTrail? LastAtWork() => engine.Cpus.MaxBy(other => other.LastSign.Event);

    private SilentAnswer? Silent(CpuTrail cpu, OwedAnswer[] owed)
    {
        OwedAnswer[] mine = [.. owed.Where(one => one.Cpu == cpu.Cpu && one.Fate != Fate.InService && !MaskChoice.IsMask(one))];
        bool aimed = mine.Length > 0;
        // If this CPU was the last active one, it may wait for an interrupt that reaches no CPU, or for one that came
        // under a mask since then.
        if (!aimed)
        {
            mine = [.. owed.Where(one => one.Fate != Fate.InService && (MaskChoice.IsMask(one)
                ? WhoWaits(one) == cpu && CameSince(one, cpu)
                : LastAtWork() == cpu && (one.Cpu < 0 || one.Cpu == cpu.Cpu)))];
        }
        long since = engine.End.Time - cpu.LastSign.Time;
        if (mine.Length == 0 || cpu.LastSign.IsStart && !aimed)
            return null;
        bool before = mine.Any(one => CameSince(one, cpu));
        if (aimed ? !before && since < Long : !before || !IsLong(engine, cpu.LastSign))
            return null;
        SourceName[] names = [.. mine.Select(one => one.Source).Distinct()];
        string list = Phrase.First(names.Select(name => name.ToString()), names.Length, MostNamed);
        string idle = engine.TellsTaking ? "taken" : "ended";
        string ago = !engine.Stamps.HasTime ? "" : $", {Stamps.Span(since)} before the end";
        var sentences = new List<string>
        {
            (cpu.LastSign.IsStart ? $"cpu{cpu.Cpu} has {idle} nothing and written no register at all"
                : $"cpu{cpu.Cpu} has {idle} nothing and written no register since {At(cpu.LastSign)}{ago}")
                + (aimed ? $"; owed to it: {list}."
                    : mine.All(MaskChoice.IsMask) ? $". All that came since came under a mask: {list}."
                    : $". Owed, and let through to no CPU: {list}."),
        };
        if (!aimed && mine.All(MaskChoice.IsMask))
            sentences.Add("Whether it waits for that, or has nothing to do, no log tells.");
        if (cpu.LastRead.Event > cpu.LastSign.Event)
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
