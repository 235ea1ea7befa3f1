using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>What limits the comparison, in words.</summary>
internal static class ReplayNotes
{
    internal static string Acknowledges(LogSurvey survey) => !survey.KnowsCpus ? "not known, nor whose lines are whose"
        : survey.HasServicing ? "told by the log" : "inferred from EOIs";

    internal static IReadOnlyList<string> Of(LogSurvey survey, QemuLogReader reader)
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
        if (reader.Malformed > 0)
            notes.Add($"{reader.Malformed} lines have an event's name and not its fields");
        return notes;
    }
}
