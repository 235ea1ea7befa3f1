using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Replay;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>What was compared of one VM.</summary>
internal sealed record VmReplay(VmScan Scan, VmTally Tally, bool IsPlayed)
{
    private static readonly ResponseVerdict[] Shown = [ResponseVerdict.Matched, ResponseVerdict.Mismatched, ResponseVerdict.Unchecked];

    /// <summary>The laws' verdicts; none where the log does not begin with the VM, or records are missing.</summary>
    internal IReadOnlyList<LawVerdict> Laws => Tally.LawVerdicts;

    /// <summary>The events of which something was compared, by name.</summary>
    internal IReadOnlyList<KvmEvent> Events => [.. Enum.GetValues<KvmEvent>().Where(happened => Shown.Any(verdict => Tally.Of(verdict, happened) > 0))
        .OrderBy(KvmNames.NameOf, StringComparer.Ordinal)];

    internal IReadOnlyList<string> Notes => [.. FindNotes()];

    private IEnumerable<string> FindNotes()
    {
        if (!IsPlayed)
            yield return "not replayed: the log has more VMs or vCPUs than are followed";
        if (Scan.Vm.HasNoChips)
            yield return "its VMM has all chips (kernel-irqchip=off): KVM has the injections alone, and nothing to compare them with";
        else if (!Scan.FromStart)
            yield return "the log begins in mid-life: what nothing in it tells is not checked";
        if (Scan.TooMany)
            yield return $"only the first {KvmReplayer.MostVcpusOfVm} vCPUs are followed";
        if (Scan.SawPosted || !Scan.ShowsTaking)
            yield return "APICv or AVIC may be at work: what the processor takes and ends itself is in no record, so EOIs are not checked";
        if (Tally.NotJudged > 0)
            yield return $"{Phrase.Count(Tally.NotJudged, "difference")} that cannot be judged: too many orders of the threads are possible";
    }
}

/// <summary>The result of a replay of a log of a KVM host.</summary>
/// <param name="Why">What <c>wirq why</c> says of the same log.</param>
/// <param name="Vms">What was compared of each VM.</param>
internal sealed record KvmReplayReport(KvmAnswer Why, IReadOnlyList<VmReplay> Vms)
{
    internal KvmSurvey Survey => Why.Survey;

    /// <summary>The picture; null where none was asked for.</summary>
    internal Picture? Picture { get; init; }

    internal long Total(ResponseVerdict verdict) => Vms.Sum(vm => vm.Tally.Total(verdict));

    /// <summary>Whether something was checked, nothing parts, and every law held.</summary>
    internal bool Succeeded => Total(ResponseVerdict.Mismatched) == 0 && Vms.All(vm => vm.Laws.All(law => law.Held));

    /// <summary>Whether anything of the log could be compared.</summary>
    internal bool ComparedNothing => Total(ResponseVerdict.Matched) + Total(ResponseVerdict.Mismatched) == 0;

    internal IReadOnlyList<string> Notes => [.. FindNotes()];

    internal string Conclusion
    {
        get
        {
            if (ComparedNothing)
                return "nothing could be checked: the log does not tell enough of the chips' state, or of what they did";
            long mismatched = Total(ResponseVerdict.Mismatched);
            int broken = Vms.Sum(vm => vm.Laws.Count(law => !law.Held));
            string laws = Vms.All(vm => vm.Laws.Count == 0) ? "" : broken == 0 ? "; all laws held" : $"; {Phrase.Count(broken, "law")} broken";
            return (mismatched == 0 ? "no mismatch" : Phrase.Count(mismatched, "mismatch", "mismatches")) + laws;
        }
    }

    private IEnumerable<string> FindNotes()
    {
        if (Survey.EndsAtInjection)
            yield return KvmAnswerText.Host;
        if (Survey.Vms.Count > Vms.Count)
            yield return $"{Phrase.Count(Survey.Vms.Count - Vms.Count, "further VM is", "further VMs are")} not replayed: the log has more than {KvmReplayer.MostVms}";
        if (Survey.GapCount > Survey.Jumps.Count)
            yield return $"records are missing at {Phrase.Count(Survey.GapCount - Survey.Jumps.Count, "place")}: what may have changed there is not known";
        if (Survey.Jumps.Count > 0)
            yield return $"its times go back {Phrase.Times(Survey.Jumps.Count)}: its records are not in one order, and nothing is predicted from one part for the next";
        string[] untraced = [.. new[] { KvmEvent.SetIrq, KvmEvent.AcceptIrq, KvmEvent.Eoi, KvmEvent.Apic, KvmEvent.AckIrq, KvmEvent.Mmio, KvmEvent.Pio }
            .Where(happened => Survey.Counts[happened] == 0).Select(KvmNames.NameOf)];
        if (untraced.Length > 0)
            yield return $"not in it, so neither fed nor compared: {string.Join(", ", untraced)}";
    }
}
