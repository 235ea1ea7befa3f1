namespace Wirq.Traces.Why;

/// <summary>Distinguishes interrupts that are owed from interrupts that were cut off by the end of the log.</summary>
/// <remarks>A log ends when it was stopped. An interrupt that came to a CPU just before the end, or that a CPU is
/// handling, might have ended later; the log does not show this. The same is true for the interrupts that a running
/// handler will end: a handler masks its pin or IRQ, serves its device and unmasks it (operating systems do this with a
/// level line at the 8259, and for work that a thread does). But a state from before the handler that needs another
/// write of the guest (an earlier mask, a destination, LINT0) means that the interrupt is owed, even if it came late. A
/// recording of a Wirq machine ends when nothing more happens, and a log without time stamps has no times: for these
/// there is no such rule.</remarks>
internal sealed class LogEnd(WhyEngine engine)
{
    /// <summary>In this time before the end, in ns, it cannot be decided whether an interrupt is owed. It is two ticks
    /// of a guest with 250 Hz, and longer than guests keep interrupts off.</summary>
    internal const long Short = 10_000_000;

    /// <summary>Whether the log ends too early to say that an interrupt is owed. Either the interrupt and its gate came
    /// within this time before the end, and the CPU that would take it was active in that time too. Or its pin or IRQ
    /// was masked in that time, and some CPU was active.</summary>
    internal bool CutsOff(OwedAnswer owed)
    {
        // The answer would stand in the next lines.
        if (owed.Gate == Gate.InFlight && engine.Stamps.Style != StampStyle.Virtual && owed.At.Turn >= engine.End.Turn - 1)
            return true;
        if (engine.Stamps.Style != StampStyle.Stamped)
            return false;
        if (IsOfHandler(owed.Gate))
            return owed.Since is { IsStart: false } masked && IsNear(masked) && AtWork(-1);
        // A CPU that nothing forbids to take it may have idled until it came.
        if (owed.Gate == Gate.CpuUnknown && IsNear(owed.At) && WorkedLately(owed.Cpu))
            return true;
        return owed.Gate is Gate.CpuUnknown or Gate.NoEoi or Gate.VectorInService or Gate.TaskPriority or Gate.PicInService or Gate.PicBehind
                or Gate.RemoteIrr or Gate.InFlight
            && IsNear(owed.At) && (owed.Since is not { IsStart: false } since || IsNear(since)) && AtWork(owed.Cpu);
    }

    /// <summary>The same interrupt as not known, with the reason.</summary>
    internal OwedAnswer Unknown(OwedAnswer owed)
    {
        if (engine.JustReset is not null)
            return owed;
        (Mark mark, string what) = IsOfHandler(owed.Gate) ? (owed.Since!.Value, "the mask was set, and a CPU was at work until then")
            : AtWork(owed.Cpu) ? (owed.At, "it came, and its CPU was at work until then") : (owed.At, "it came");
        return owed with
        {
            Sentences = [.. owed.Sentences,
                $"The log ends {Stamps.Span(engine.End.Time - mark.Time)} after {what}: whether it is owed is not known."],
        };
    }

    // What a handler does at its beginning and reverts at its end.
    private static bool IsOfHandler(Gate gate) => gate is Gate.AckWithheld or Gate.PinMasked or Gate.PicMasked or Gate.CascadeMasked;

    /// <summary>A guest that has not begun owes nothing.</summary>
    internal static LimitAnswer AfterReset(string reset) =>
        new($"It ends before a CPU does anything after the reset of the machine at {reset}: what came since may still be served", "the log until the machine works");

    internal static LimitAnswer Limit => new($"It ends less than {Stamps.Span(Short)} after something came that is not at its end",
        "a log that goes on for longer");

    private bool IsNear(Mark mark) => engine.End.Time - mark.Time < Short;

    private bool WorkedLately(int cpu) =>
        engine.Cpus.Any(one => (cpu < 0 || one.Cpu == cpu) && !one.LastSign.IsStart && !Silence.IsLong(engine, one.LastSign));

    private bool AtWork(int cpu) => engine.Cpus.Any(one => (cpu < 0 || one.Cpu == cpu) && !one.LastSign.IsStart && IsNear(one.LastSign));
}
