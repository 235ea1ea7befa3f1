using Wirq.Traces.Kvm.Raises;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>Writes the answer about a log of KVM for a person.</summary>
internal static class KvmAnswerText
{
    private const int MostTold = 40, MostEach = 40, MostNamed = 4;
    private const string Indent = "    ";

    internal static void Write(KvmAnswer answer, TextWriter output)
    {
        Stamps stamps = answer.Stamps;
        if (answer.Raises is { } raises)
        {
            Write(raises, stamps, output);
            return;
        }
        WrappedText.Write(output, "", Headline(answer));
        foreach (LimitAnswer limit in answer.Limits)
            WrappedText.Write(output, "", limit.Sentence);
        if (answer.Survey.EndsAtInjection)
            WrappedText.Write(output, "", Host);
        output.WriteLine();
        // Of several, those with a fault stand on the first screen.
        foreach (VmAnswer vm in answer.Vms.Where(vm => vm.TellsSomething).OrderBy(vm => vm.Owed.Count + vm.Silent.Count == 0))
            Write(vm, answer.Vms.Count > 1, stamps, output);
        KvmVm[] mute = [.. answer.Vms.Where(vm => !vm.TellsSomething).Select(vm => vm.Trail.Vm)];
        if (answer.Vms.Count > 1 && mute.Length > 0)
        {
            WrappedText.Write(output, "", $"The records of {KvmVm.NameOf(mute, MostNamed)} tell of no interrupt.");
            output.WriteLine();
        }
        WrappedText.Write(output, "", KvmAnswer.NeverTold);
    }

    private static void Write(IReadOnlyList<KvmRaiseAnswer> raises, Stamps stamps, TextWriter output)
    {
        foreach (KvmRaiseAnswer one in raises.Take(MostEach))
            Write(one.Sentences, one.Evidence, stamps, output);
        if (raises.Count > MostEach)
            WrappedText.Write(output, "", $"And {raises.Count - MostEach} more; --json has all.");
        WrappedText.Write(output, "", KvmAnswer.NeverTold);
    }

    /// <summary>The verdict, in one sentence.</summary>
    internal static string Headline(KvmAnswer answer)
    {
        int owed = answer.Vms.Sum(vm => vm.Owed.Count), silent = answer.Vms.Sum(vm => vm.Silent.Count);
        string end = answer.Survey.End.IsStart ? "" : $" at the end, {answer.Stamps.At(answer.Survey.End)}";
        return answer.Verdict switch
        {
            WhyVerdict.NothingOwed => $"Nothing is owed{end}.",
            WhyVerdict.NotTold => $"Nothing is seen to be owed{end}; that nothing is cannot be told from this.",
            _ => $"Owed{end}: {Phrase.Count(owed, "interrupt")}; {Phrase.Count(silent, "silent vCPU")}.",
        };
    }

    internal const string Host = "This host's KVM ends an interrupt as it injects it (kvm_eoi with the vector, then -1 for the guest's own EOI): that is the host's way, "
        + "not an error of the guest, and nothing is ever in service.";

    private static void Write(VmAnswer vm, bool several, Stamps stamps, TextWriter output)
    {
        if (several)
        {
            string vcpus = string.Join(", ", vm.Trail.Vcpus.Select(vcpu => vcpu.Index));
            WrappedText.Write(output, "", $"{char.ToUpperInvariant(vm.Trail.Vm.Name[0])}{vm.Trail.Vm.Name[1..]} (vCPUs {vcpus}; records {stamps.At(vm.Trail.Begin)} to {stamps.At(vm.Trail.End)}):");
            output.WriteLine();
        }
        foreach (KvmSilent one in vm.Silent)
            Write(one.Sentences, [], stamps, output);
        Write(vm.Owed, stamps, output);
        Write(vm.Unknown, stamps, output);
        foreach (string note in vm.Notes)
            WrappedText.Write(output, "", note);
        if (vm.Notes.Count > 0)
            output.WriteLine();
        if (vm.Masked.Count > 0)
        {
            WrappedText.Write(output, "", "Under a mask, as the guest may want it:");
            output.WriteLine();
            Write(vm.Masked, stamps, output);
        }
        if (vm.Told.Count == 0)
            return;
        WrappedText.Write(output, "", "Raised, accepted and ended, as far as it tells:");
        foreach (ToldAnswer told in vm.Told.Take(MostTold))
            WrappedText.Write(output, Indent, $"{told.Source}: {told.What}");
        if (vm.Told.Count > MostTold)
            WrappedText.Write(output, Indent, $"and {Phrase.Count(vm.Told.Count - MostTold, "more source")}");
        output.WriteLine();
    }

    private static void Write(IReadOnlyList<KvmOwedAnswer> answers, Stamps stamps, TextWriter output)
    {
        foreach (KvmOwedAnswer one in answers.Take(MostEach))
            Write(one.Sentences, one.Evidence, stamps, output);
        if (answers.Count > MostEach)
            WrappedText.Write(output, "", $"And {answers.Count - MostEach} more of this kind; --json has all.");
    }

    private static void Write(IReadOnlyList<string> sentences, IReadOnlyList<Evidence> evidence, Stamps stamps, TextWriter output)
    {
        WrappedText.Write(output, "", string.Join(" ", sentences));
        if (evidence.Count > 0)
            WrappedText.Write(output, Indent, string.Join(", ", evidence.Select(one => $"{one.What} {stamps.At(one.At)}")));
        output.WriteLine();
    }
}
