using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>Writes the result of a replay of a log of a KVM host, for a person.</summary>
internal static class KvmReplayText
{
    internal static void Write(KvmReplayReport report, string log, TextWriter output)
    {
        KvmSurvey survey = report.Survey;
        WrappedText.Write(output, "", $"{log}: {Phrase.Count(survey.Counts.Records, "record")}, {Phrase.Count(report.Vms.Count, "VM")}");
        foreach (string note in report.Notes)
            WrappedText.Write(output, "  ", $"note: {note}");
        foreach (VmReplay vm in report.Vms)
            Write(vm, report, output);
        output.WriteLine();
        WrappedText.Write(output, "", report.Conclusion);
    }

    private static void Write(VmReplay vm, KvmReplayReport report, TextWriter output)
    {
        output.WriteLine();
        WrappedText.Write(output, "", $"{char.ToUpperInvariant(vm.Scan.Vm.Name[0])}{vm.Scan.Vm.Name[1..]} ({Phrase.Count(vm.Scan.Ids.Count, "vCPU")}, "
            + $"{(vm.Scan.Vm.HasNoChips ? "no chips of KVM's" : vm.Scan.IsSplit ? "KVM's local APICs alone" : "KVM's 8259 pair, I/OAPIC and local APICs")}):");
        foreach (string note in vm.Notes)
            WrappedText.Write(output, "  ", $"note: {note}");
        output.WriteLine($"  {"responses",-30}{"equal",10}{"mismatched",12}{"unchecked",11}");
        foreach (KvmEvent happened in vm.Events)
            Row(output, KvmNames.NameOf(happened), verdict => vm.Tally.Of(verdict, happened));
        Row(output, "all", vm.Tally.Total);
        foreach (LawVerdict law in vm.Laws)
            WrappedText.Write(output, "  ", $"{law.Name,-30}{(law.Held ? "held" : $"BROKEN: {law.Detail}")}");
        foreach (Finding finding in vm.Tally.Mismatches)
            Write(finding, report.Survey.Stamps, output);
        long more = vm.Tally.Total(ResponseVerdict.Mismatched) - vm.Tally.Mismatches.Count;
        if (more > 0)
            output.WriteLine($"  and {more} more");
    }

    private static void Row(TextWriter output, string name, Func<ResponseVerdict, long> count) =>
        output.WriteLine($"  {name,-30}{Cell(count(ResponseVerdict.Matched)),10}{Cell(count(ResponseVerdict.Mismatched)),12}{Cell(count(ResponseVerdict.Unchecked)),11}");

    private static string Cell(long count) => count == 0 ? "" : count.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static void Write(Finding finding, Stamps stamps, TextWriter output)
    {
        output.WriteLine();
        WrappedText.Write(output, "  ", $"mismatch at {stamps.At(finding.Line.At)}:");
        WrappedText.Write(output, "    ", $"the log says   {finding.Logged}");
        WrappedText.Write(output, "    ", $"the chips say  {finding.Predicted}");
    }
}
