using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Cli.Replay;

/// <summary>Writes the result of a replay, for a person.</summary>
internal static class ReplayText
{
    internal static void Write(ReplayReport report, string log, TextWriter output)
    {
        Wrap(output, $"{log}: {Phrase.Count(report.Lines, "line")}, {Phrase.Count(report.Stimuli, "stimulus", "stimuli")}, {Phrase.Count(report.Cpus, "CPU")}; "
            + $"acknowledges {report.Acknowledges}", "");
        foreach (string note in report.Notes)
            Wrap(output, $"note: {note}", "  ");
        WriteResponses(report.Responses, output);
        WriteDelivered(report.Delivered, output);
        if (report.Remapping is { } remapping)
            WriteRemapping(remapping, output);
        WriteLaws(report.Laws, output);
        if (report.First is { } first)
            WriteMismatch(first, output);
        output.WriteLine();
        output.WriteLine(Conclusion(report));
    }

    private static string Conclusion(ReplayReport report)
    {
        long mismatched = report.Responses.Total(ResponseVerdict.Mismatched);
        int broken = report.Laws.Count(law => !law.Held);
        string mismatches = mismatched == 0 ? "no mismatch" : Phrase.Count(mismatched, "mismatch", "mismatches");
        string left = report.NotJudged == 0 ? "" : $"; {Phrase.Count(report.NotJudged, "difference")} that cannot be judged";
        string laws = broken == 0 ? "all laws held" : $"{Phrase.Count(broken, "law")} broken";
        return $"{mismatches}{left}; {laws}";
    }

    private static void WriteResponses(ResponseCounts counts, TextWriter output)
    {
        output.WriteLine();
        Row(output, "responses", "matched", "mismatched", "waived", "unchecked");
        string[] names = [.. Enum.GetValues<ResponseVerdict>().SelectMany(verdict => counts.ByEvent(verdict))
            .Select(pair => pair.Name).Distinct().Order(StringComparer.Ordinal)];
        foreach (string name in names)
        {
            Row(output, name, [.. Enum.GetValues<ResponseVerdict>()
                .Select(verdict => counts.Of(verdict, name) is var count and > 0 ? $"{count}" : "")]);
        }
        Row(output, "all", [.. Enum.GetValues<ResponseVerdict>().Select(verdict => $"{counts.Total(verdict)}")]);
        foreach ((string name, long count) in counts.Waivers)
            output.WriteLine($"  waiver {name}: {count}");
    }

    private static void Row(TextWriter output, string name, params string[] cells) =>
        output.WriteLine($"  {name,-30}{cells[0],10}{cells[1],12}{cells[2],10}{cells[3],11}");

    private static void WriteDelivered(IReadOnlyList<Delivered> delivered, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("  accepted                        by cpu: count");
        foreach (IGrouping<string, Delivered> source in delivered.GroupBy(one => one.Source))
        {
            string cpus = string.Join(", ", source.Select(one => $"{(one.Cpu < 0 ? "?" : one.Cpu)}: {one.Count}"));
            Wrap(output, $"{source.Key,-30}  {cpus}", "  ");
        }
    }

    private static void WriteRemapping(RemappingReport remapping, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"  {"remapping",-30}  {remapping.Translated} translated, {remapping.Unremapped} not remapped, "
            + $"{remapping.Blocked} blocked");
        output.WriteLine($"  {"invalidations",-30}  {remapping.Global} of all entries, {remapping.Selective} of some");
        output.WriteLine($"  {"cached routes they touched",-30}  {remapping.Touched} in all, {remapping.MostTouched} at most");
        if (remapping.Stale > 0)
        {
            Wrap(output, $"{"rewritten, not invalidated",-30}  entries used so {Phrase.Times(remapping.Stale)}, "
                + $"first at line {remapping.FirstStale}", "  ");
        }
    }

    private static void WriteLaws(IReadOnlyList<LawVerdict> laws, TextWriter output)
    {
        output.WriteLine();
        foreach (LawVerdict law in laws)
        {
            if (law.Held)
                output.WriteLine($"  {law.Name,-30}  held");
            else
                Wrap(output, $"{law.Name,-30}  BROKEN: {law.Detail}", "  ");
        }
    }

    private static void WriteMismatch(Mismatch first, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"first mismatch, line {first.Line}:");
        Wrap(output, $"the log says   {first.Logged}", "  ");
        Wrap(output, $"the chips say  {first.Predicted}", "  ");
        output.WriteLine("  the log:");
        foreach (string line in first.LogAround)
            Wrap(output, line, "    ");
        output.WriteLine("  the chips:");
        foreach (string happened in first.EventsAround)
            Wrap(output, happened, "    ");
    }

    /// <summary>Writes text, broken at spaces; the lines after the first are indented.</summary>
    internal static void Wrap(TextWriter output, string text, string indent)
    {
        const string hanging = "    ";
        int width = WrappedText.WidthOf(output);
        string prefix = indent;
        while (prefix.Length + text.Length > width)
        {
            int at = text.LastIndexOf(' ', width - prefix.Length);
            if (at <= 0)
                at = width - prefix.Length;
            output.WriteLine(prefix + text[..at].TrimEnd());
            text = text[at..].TrimStart();
            prefix = indent + hanging;
        }
        output.WriteLine(prefix + text);
    }
}
