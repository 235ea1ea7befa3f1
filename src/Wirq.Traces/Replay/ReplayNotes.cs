using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>The limits of the comparison, in words.</summary>
internal static class ReplayNotes
{
    internal static string Acknowledges(LogSurvey survey) => !survey.KnowsCpus ? "not known, nor whose lines are whose"
        : survey.HasServicing ? "told by the log" : "inferred from EOIs";

    internal static IReadOnlyList<string> Of(LogSurvey survey, QemuLogReader reader, Verdicts verdicts,
        TriggerModes triggers, ushort changing)
    {
        var notes = new List<string>();
        if (survey.FirstCpuLine == long.MaxValue)
            notes.Add("no line of a CPU: nothing is compared");
        if (!survey.KnowsCpus)
        {
            notes.Add(!survey.Saw(TraceEvent.ApicWrite) && !survey.Saw(TraceEvent.ApicRead) ? "no local APIC is traced, so none is checked"
                : survey.FirstCpuLine == long.MaxValue || !survey.ShowsCpus ? "no CPU shows, so the lines of local APICs are not checked"
                : survey.HasThreads
                ? "a thread's CPU does not show, so the lines of local APICs are not checked"
                : "several CPUs and no threads (-msg timestamp=on), so the lines of local APICs are not checked");
        }
        if (!survey.KnowsCpus && !survey.Saw(TraceEvent.ReportDelivered))
            notes.Add("what was accepted cannot be told from what was sent");
        if (survey.Remaps && !survey.Saw(TraceEvent.RemapFetch))
            notes.Add("entries of the remapping table are not traced (vtd_ir_irte_get): what they say is taken from the log");
        // Without lines of the pair, no input's trigger mode matters.
        if (triggers.FromStart == 0 && survey.Saw(TraceEvent.PicSetIrq) && verdicts.Coverage.MissingOfPic is { } absent)
        {
            notes.Add($"which inputs of the 8259 are level-triggered is not known, for no {absent} shows: all are taken to be "
                + "edge-triggered");
        }
        if (triggers.FromStart != 0)
            notes.Add($"level-triggered from the start, by what the log shows: {TriggerModes.Words(triggers.FromStart)} of the 8259");
        if (changing != 0)
        {
            notes.Add("level-triggered in one part of the log and edge-triggered in another, as the guest changed it, and no line says "
                + $"when: {TriggerModes.Words(changing)} of the 8259");
        }
        foreach ((Responder chip, string missing, long count, long first) in verdicts.Excused)
        {
            notes.Add($"{Phrase.Count(count, "difference")} at {Name(chip)} left unchecked, first at line {first}: no {missing} shows, and without "
                + "it the state is not known");
        }
        foreach ((Responder chip, string input) in verdicts.Untold)
            notes.Add($"nothing is predicted of {Name(chip)}: no {input} shows");
        if (verdicts.Untraced.Any())
            notes.Add($"the chips expect {string.Join(", ", verdicts.Untraced)}, which never shows: not traced, so not compared");
        if (reader.Malformed > 0)
            notes.Add($"{Phrase.Count(reader.Malformed, "line has", "lines have")} an event's name and not its fields");
        return notes;
    }

    private static string Name(Responder chip) => chip switch
    {
        Responder.Pic => "the 8259",
        Responder.IoApic => "the I/OAPIC",
        Responder.LocalApic => "the local APICs",
        _ => "the remapping unit",
    };
}
