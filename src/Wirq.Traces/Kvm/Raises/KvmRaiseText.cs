using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Raises;

/// <summary>Says what became of one raise. What waits at the end, the judge of the end has said.</summary>
internal sealed class KvmRaiseText(KvmAnswer answer)
{
    private const string Vector = "vector";

    private string At(Mark mark) => answer.Stamps.At(mark);

    /// <summary>The answer about a raise.</summary>
    /// <param name="raise">The raise.</param>
    /// <param name="later">How many came after the place.</param>
    internal KvmRaiseAnswer Of(KvmRaise raise, long later)
    {
        KvmOwedAnswer? owed = Owed(raise);
        (Fate fate, KvmGate? gate, Mark? since) = FateOf(raise, owed);
        bool ofVector = raise.Last.Count > 0 && raise.Source.StartsWith(Vector, StringComparison.Ordinal);
        // The answer of the end says itself what was accepted, and where.
        List<string> sentences = [.. ofVector && owed is not null ? (string[])[] : [Head(raise, ofVector)], .. Clauses(raise, owed is null)];
        if (owed is not null)
            sentences.AddRange(raise.Gap is null ? owed.Sentences : [owed.Sentences[^1]]);
        else if (fate == Fate.NotKnown)
            sentences.Add(raise.Gap is { } gap ? $"What became of it is not known: records are missing at {At(gap)}." : "What became of it is in no record.");
        if (later > 0)
            sentences.Add($"{Phrase.Count(later, "more raise comes", "more raises come")} later.");
        return new(raise.Vm.Vm.Number, raise.Source, raise.At, fate, gate, since, later, sentences, ofVector && owed is not null ? owed.Evidence : [.. Evidence(raise)]);
    }

    private string Head(KvmRaise raise, bool ofVector)
    {
        string vm = answer.Vms.Count > 1 ? $" of {raise.Vm.Vm.Name}" : "";
        // Each accept line is a raise of a vector, and what was accepted is said next.
        return ofVector ? $"{Capital(raise.Source)}{vm}{(raise.Last[0].Accepted.Source is { } source ? $", sent by {source}" : "")}:"
            : $"{Capital(raise.Source)}{vm} {raise.Verb} at {At(raise.At)}.";
    }

    private IEnumerable<string> Clauses(KvmRaise raise, bool withOpen)
    {
        if (raise.WasMasked)
        {
            string since = raise.MaskSince is { } mask ? $" since {At(mask)}" : "";
            yield return raise.EdgeLost ? $"Its entry was masked{since}: the edge is lost." : $"It was masked{since} when it rose.";
        }
        if (raise.Attempts > 1)
            yield return $"It was delivered {Phrase.Times(raise.Attempts)}, first at {At(raise.FirstAttempt)}, last at {At(raise.LastAttempt)}.";
        foreach (KvmDelivery one in raise.Last.Where(one => withOpen || !one.IsOpen && one.Outcome != AcceptOutcome.Refused))
            yield return Of(one);
        if (raise.MoreVcpus > 0)
            yield return $"{Phrase.Count(raise.MoreVcpus, "more vCPU accepts it", "more vCPUs accept it")}.";
        if (raise.Lost is { } lost && raise.Last.Count == 0)
        {
            yield return raise.Vm.IsToNobody(lost) ? $"No vCPU accepted it: none of this log has APIC id {lost.Destination}."
                : "No accept line follows: whether it was sent, or a route was only looked at, is not told.";
        }
        if (raise.Injected is { } injected)
            yield return $"The 8259 gave its vector to vCPU 0 at {At(injected)}.";
        if (raise.Ended is { } ended)
            yield return $"Its EOI reached the 8259 at {At(ended)}.";
        if (raise.Acknowledged is { } acknowledged)
            yield return $"The pin heard of an EOI at {At(acknowledged)}.";
        if (raise.Fell is { } fell)
            yield return $"Its line fell at {At(fell)}{(raise is { Attempts: 0, WasMasked: true, EdgeLost: false, Ended: null } ? ", before anything was delivered" : "")}.";
    }

    private string Of(KvmDelivery one)
    {
        string what = $"vCPU {one.Vcpu.Index} accepted vector 0x{one.Accepted.Vector:x2} at {At(one.Accepted.At)}";
        return one.Outcome switch
        {
            AcceptOutcome.Refused => $"vCPU {one.Vcpu.Index} refused vector 0x{one.Accepted.Vector:x2} at {At(one.Accepted.At)}, although an accept line is printed: its local APIC was software-disabled.",
            AcceptOutcome.Taken => $"{what}; a record that stands before it shows that it was taken then.",
            _ => $"{what}{(one.Outcome == AcceptOutcome.Merged ? ", merged into one that was pending" : "")}{Taken(one)}.",
        };
    }

    private string Taken(KvmDelivery one)
    {
        if (one.Dropped is { } dropped)
            return $", and lost it in a reset, seen at {At(dropped)}";
        if (one.Ended is not { } ended)
            return one.Injected is { } injected ? $"; KVM injected it at {At(injected)}, and no EOI has come" : "";
        if (answer.Survey.EndsAtInjection)
            return $", and KVM injected and ended it at {At(ended)}, as this host does";
        return one.Injected is { } taken ? $"; KVM injected it at {At(taken)}, and the guest ended it at {At(ended)}" : $"; the guest ended it at {At(ended)}";
    }

    /// <summary>What the judge says of it at the end, if it waits there.</summary>
    private KvmOwedAnswer? Owed(KvmRaise raise)
    {
        VmAnswer vm = answer.Vms.First(one => one.Trail == raise.Vm);
        IEnumerable<KvmOwedAnswer> all = vm.Owed.Concat(vm.Unknown).Concat(vm.Masked);
        if (raise.Last.FirstOrDefault(one => one.IsOpen) is { } open)
            return all.FirstOrDefault(one => one.Lost is null && one.Cpu == open.Vcpu.Index && one.Vector == open.Accepted.Vector);
        if (raise.Last.FirstOrDefault(one => one.Outcome == AcceptOutcome.Refused) is { } refused)
            return all.FirstOrDefault(one => one.Gate == KvmGate.RefusedByApic && one.Cpu == refused.Vcpu.Index && one.Vector == refused.Accepted.Vector && one.At == refused.Accepted.At);
        return raise is { Fell: null, Ended: null, Lost: null } ? all.FirstOrDefault(one => one.Source == raise.Source && one.Lost is null && one.At.Event >= raise.At.Event) : null;
    }

    private static (Fate, KvmGate?, Mark?) FateOf(KvmRaise raise, KvmOwedAnswer? owed)
    {
        if (raise.Gap is not null && (raise.Last.Exists(one => one.IsOpen) || raise.Last.Count == 0))
            return (Fate.NotKnown, KvmGate.RecordsLost, raise.Gap);
        if (owed is not null)
            return (owed.Fate, owed.Gate, owed.Since);
        if (raise.Lost is { } lost && raise.Last.Count == 0)
            return raise.Vm.IsToNobody(lost) ? (Fate.Refused, KvmGate.NoDestination, null) : (Fate.NotKnown, KvmGate.NotKnown, null);
        if (raise.EdgeLost)
            return (Fate.Lost, KvmGate.EdgeLost, raise.MaskSince);
        if (raise.Last.Exists(one => one.IsOpen))
            return (Fate.NotKnown, KvmGate.NotKnown, null);
        if (raise.Last.Exists(one => one.Dropped is not null))
            return (Fate.Dropped, null, null);
        if (raise.Last.Count > 0 && raise.Last.TrueForAll(one => one.Outcome == AcceptOutcome.Refused))
            return (Fate.Refused, KvmGate.RefusedByApic, null);
        if (raise.Last.Exists(one => one.Outcome == AcceptOutcome.Merged))
            return (Fate.Merged, null, null);
        if (raise.Last.Count > 0 || raise.Ended is not null)
            return (Fate.Ended, null, null);
        return raise is { Fell: not null, WasMasked: true } ? (Fate.Withdrawn, KvmGate.PinMasked, raise.MaskSince) : (Fate.NotKnown, KvmGate.NotKnown, null);
    }

    private static IEnumerable<Evidence> Evidence(KvmRaise raise)
    {
        if (raise.Last.FirstOrDefault()?.Accepted.At != raise.At)
            yield return new("raised", raise.At);
        foreach (KvmDelivery one in raise.Last.Take(4))
        {
            yield return new($"accepted by vCPU {one.Vcpu.Index}", one.Accepted.At);
            if (one.Injected is { } injected)
                yield return new("injected", injected);
            if (one.Ended is { } ended)
                yield return new("ended", ended);
        }
        if (raise.MaskSince is { } masked)
            yield return new("masked", masked);
        if (raise.Injected is { } given)
            yield return new("injected", given);
        if ((raise.Ended ?? raise.Acknowledged) is { } eoi)
            yield return new("EOI", eoi);
        if (raise.Fell is { } fell)
            yield return new("fell", fell);
    }

    private static string Capital(string text) => text.StartsWith(Vector, StringComparison.Ordinal) ? $"V{text[1..]}" : text;
}
