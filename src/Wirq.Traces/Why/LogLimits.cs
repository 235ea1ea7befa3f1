using Wirq.Traces.Recordings;

namespace Wirq.Traces.Why;

/// <summary>Lists what a log does not show, so that "nothing is owed" cannot be concluded, and what to record
/// instead.</summary>
internal sealed class LogLimits(WhyEngine engine)
{
    /// <summary>The option of QEMU that adds times and threads.</summary>
    public const string Stamps = "-msg timestamp=on";

    private const string Chips = "-trace 'ioapic_*' -trace 'apic_*' -trace 'pic_*' -msg timestamp=on";
    private const string Kernel = "the kvm events of the host's kernel (trace-cmd record -e kvm)";
    private const string FromTheStart = "the log from QEMU's start on";

    public IEnumerable<LimitAnswer> Find() =>
        [.. engine.Incomplete is { } cut ? [new LimitAnswer(cut, "")] : Array.Empty<LimitAnswer>(), .. OfLog(), .. Differences(),
            .. engine.LeftOut is { } left ? [left.Limit] : Array.Empty<LimitAnswer>()];

    private IEnumerable<LimitAnswer> OfLog()
    {
        if (engine.Log is not { } log)
            return [];
        // A log that only has counts of acknowledges is from a QEMU whose chips are in the kernel.
        if (log.Parts == LogParts.Counts)
        {
            return [new("All that it has of the chips counts interrupts (apic_report_irq_delivered): they are KVM's own, and a log "
                + "of QEMU's tells nothing of them", $"{Kernel}, or run with -machine kernel-irqchip=off or -accel tcg")];
        }
        if (log.Parts == LogParts.Taking)
            return [new("Its only lines are those of -d int: they tell what a CPU took, and of nothing that was raised", Chips)];
        return Of(log);
    }

    private IEnumerable<LimitAnswer> Of(LogFacts log)
    {
        string before = "what was pending, masked or in service at its first line is not known";
        if (!engine.FromReset && log.MidLife != MidLifeSign.None)
            yield return new($"It begins in mid-life (its line {log.MidLifeLine} {Words(log.MidLife)}): {before}", FromTheStart);
        else if (!engine.FromReset)
            yield return new($"It does not show the reset of the machine: {before}", FromTheStart);
        if (engine.IsSplit)
        {
            yield return new("The local APICs are a kernel's (kernel-irqchip=split): what they accepted, and what a CPU took or ended, shows only where an "
                + "EOI reaches the I/OAPIC", $"with it {Kernel}");
        }
        string[] missing = [.. Missing(log)];
        if (missing.Length > 0)
        {
            bool apics = (log.Parts & (LogParts.LocalApics | LogParts.KernelRoutes)) != 0;
            yield return new($"It has no {string.Join(", no ", missing)}", apics ? Chips
                : $"{Chips}; where the local APICs are KVM's (kernel-irqchip=on or split), {Kernel}");
        }
        else if (!engine.KnowsCpus && !engine.IsSplit)
            yield return new("It does not tell which CPU's lines are whose", Stamps);
        if (log.Damaged > 0)
            yield return new($"{Phrase.Count(log.Damaged, "line has", "lines have")} an event's name and not its fields", "");
    }

    // If the chips differ from the log, an all-clear is not possible, even if everything else is known.
    private IEnumerable<LimitAnswer> Differences()
    {
        if (engine.NotJudged.Count > 0)
        {
            string chips = engine.Log is { } log && (log.Parts & LogParts.Remapping) != 0 ? $"-trace 'vtd_*' {Chips}" : Chips;
            string lacks = engine.Lacking.Count == 0 ? "" : $" (it has no {string.Join(", no ", engine.Lacking)})";
            yield return new($"Where the log and the chips differ it does not show what would decide it{lacks}, so what the chips say may not be "
                + "what happened", engine.FromReset ? chips : $"{FromTheStart}, with {chips}");
        }
        if (engine.Parted.Count > 0)
            yield return new("The chips and the log part, so what the chips say may not be what happened", "");
    }

    private static IEnumerable<string> Missing(LogFacts log)
    {
        if ((log.Parts & (LogParts.PicInputs | LogParts.PicWrites)) == 0)
            yield return "line of the 8259 pair (pic_*)";
        else if ((log.Parts & LogParts.PicInputs) == 0)
            yield return "input of the 8259 pair (pic_set_irq)";
        else if ((log.Parts & LogParts.PicWrites) == 0)
            yield return "write to the 8259 pair (pic_ioport_write)";
        if ((log.Parts & (LogParts.Pins | LogParts.Entries)) == 0)
            yield return "line of the I/OAPIC (ioapic_*)";
        else if ((log.Parts & LogParts.Pins) == 0)
            yield return "pin of the I/OAPIC (ioapic_set_irq)";
        else if ((log.Parts & LogParts.Entries) == 0)
            yield return "write to the I/OAPIC (ioapic_mem_write)";
        if ((log.Parts & (LogParts.LocalApics | LogParts.KernelRoutes)) == 0)
            yield return "write to a local APIC (apic_mem_writel), so no EOI";
    }

    private static string Words(MidLifeSign sign) => sign switch
    {
        MidLifeSign.UnwrittenEntrySends => "is sent by a pin whose entry no line had written",
        MidLifeSign.UnsentEnded => "ends an interrupt before one was sent",
        MidLifeSign.UnsentTaken => "takes a vector before one was sent",
        _ => "is of an 8259 that works, and no line had initialised it",
    };
}
