namespace Wirq.Traces.Why;

/// <summary>Distinguishes what the end of a log cut off from what is owed.</summary>
/// <remarks>A log ends where it was stopped. If something came to a CPU just before, or a CPU is just handling it, it
/// would have ended if the guest had continued. Whether it would have, the log does not show. The same holds for what
/// the running handler will end: a handler masks its pin or IRQ, serves its device and unmasks it (operating systems do
/// so with a level line at the 8259, and with work that a thread does). What was there before the handler began, and
/// needs another write of the guest to change (an earlier mask, a destination, LINT0), is owed, however late it came. A
/// recording of a Wirq machine ends when nothing more happens, and a log without stamps has no times: for these there
/// is no such rule.</remarks>
internal sealed class LogEnd(WhyEngine engine)
{
    /// <summary>Within this time before the end nothing can be said to be owed: two ticks of a guest of 250 Hz, and more
    /// than guests keep interrupts off.</summary>
    internal const long Short = 10_000_000;

    /// <summary>Whether the log ends too soon to say that it is owed: it, and what it waits for, came within a short time
    /// before the end, and the CPU that would take it was at work within that time too; or its pin or IRQ was masked within
    /// that time, and some CPU was at work.</summary>
    internal bool CutsOff(OwedAnswer owed)
    {
        if (engine.Stamps.Style != StampStyle.Stamped)
            return false;
        if (IsOfHandler(owed.Gate))
            return owed.Since is { IsStart: false } masked && IsNear(masked) && AtWork(-1);
        return owed.Gate is Gate.CpuUnknown or Gate.NoEoi or Gate.VectorInService or Gate.TaskPriority or Gate.PicInService or Gate.PicBehind
                or Gate.RemoteIrr or Gate.InFlight
            && IsNear(owed.At) && (owed.Since is not { IsStart: false } since || IsNear(since)) && AtWork(owed.Cpu);
    }

    /// <summary>The same as what is not known, and why.</summary>
    internal OwedAnswer Unknown(OwedAnswer owed)
    {
        (Mark mark, string what) = IsOfHandler(owed.Gate) ? (owed.Since!.Value, "the mask was set, and a CPU") : (owed.At, "it came, and its CPU");
        return owed with
        {
            Sentences = [.. owed.Sentences,
                $"The log ends {Stamps.Span(engine.End.Time - mark.Time)} after {what} was at work until then: whether it is owed is not known."],
        };
    }

    // What a handler does at its beginning and takes back at its end.
    private static bool IsOfHandler(Gate gate) => gate is Gate.AckWithheld or Gate.PinMasked or Gate.PicMasked or Gate.CascadeMasked;

    internal static LimitAnswer Limit => new($"It ends less than {Stamps.Span(Short)} after something came that is not at its end",
        "a log that goes on for longer");

    private bool IsNear(Mark mark) => engine.End.Time - mark.Time < Short;

    private bool AtWork(int cpu) => engine.Cpus.Any(one => (cpu < 0 || one.Cpu == cpu) && !one.LastSign.IsStart && IsNear(one.LastSign));
}
