using Wirq.Traces.Recordings;

namespace Wirq.Traces.Why;

/// <summary>Describes how a raise ended.</summary>
internal sealed class RaiseText(WhyEngine engine, FateJudge judge)
{
    private readonly GateText _gates = new(engine);

    public GateText Gates => _gates;

    private string At(Mark mark) => engine.Stamps.At(mark);

    public RaiseAnswer Answer(Raise raise)
    {
        Fate fate = judge.Judge(raise, out Held held);
        PinTrail? pin = raise.Source.Class == SourceClass.Pin
            ? engine.PinAt(raise.Source.Unit, raise.Source.Index) : null;
        List<string> sentences = [$"{Head(raise)}: {Clause(raise, fate, held, pin)}."];
        AddDelays(sentences, raise, fate, pin);
        AddStanding(sentences, raise, fate, pin);
        DeliveryAnswer[] deliveries = raise.Last is not { } last ? [] : [.. last.Deliveries.Select(one =>
            new DeliveryAnswer(one.Cpu, one.Vector, one.Accepted, last.Merged || raise.MergedEarly, one.Taken, one.Ended))];
        bool gated = held.Gate is not (Gate.None or Gate.CpuUnknown or Gate.AlreadyPending or Gate.NotKnown);
        return new(raise.Source, raise.At, fate, held.Gate, gated ? held.Since : null, raise.Attempts, deliveries,
            sentences, EvidenceOf(raise, held));
    }

    private string Head(Raise raise)
    {
        string by = raise.Slot is { } slot ? $" by {raise.By ?? LineTrail.NumberOf(slot)}" : "";
        string verb = raise.Source.Class switch
        {
            _ when raise.Implied => "was raised before",
            SourceClass.Pin or SourceClass.Irq when raise.Joined => $"was raised{by} at",
            SourceClass.Pin when raise.ByPolarity => "was asserted by a change of polarity at",
            SourceClass.Pin or SourceClass.Irq => $"rose{by} at",
            SourceClass.Local when raise.Source.Index == (int)LocalVector.Timer => "expired at",
            SourceClass.Local => "fired at",
            _ => "was sent at",
        };
        return $"{raise.Source} {verb} {At(raise.At)}";
    }

    private string Clause(Raise raise, Fate fate, Held held, PinTrail? pin)
    {
        switch (fate)
        {
            case Fate.Ended when engine.IsSplit && raise.Last is { EndedAt: { } ended } sent:
                return $"{Tried(raise)}{By(sent)}; the EOI of its vector reached the pin at {At(ended)}";
            case Fate.Sent when held.Gate == Gate.StaleRoute:
                return $"sent at {At(raise.Last!.Sent)} to the wrong destination: {_gates.Words(held, pin)}. No EOI of it reached the pin";
            case Fate.Sent when engine.IsSplit && raise.Source.Class == SourceClass.Pin:
                return $"{Tried(raise)}{By(raise.Last!)}; the local APICs are the kernel's, and no line tells what became of it there";
            case Fate.Ended:
                return $"{Delivered(raise)}, taken and ended";
            case Fate.Signalled:
                return raise.Last!.HasMessage && raise.Last.Message.Mode is not (DeliveryMode.Fixed or DeliveryMode.LowestPriority)
                    ? $"delivered as {raise.Last.Message.Mode}" : "delivered";
            case Fate.Merged:
                return Merged(raise, held);
            case Fate.Joined:
                return $"{_gates.Words(held, pin, past: true)}, so nothing new reached the pin"
                    + (raise.Fell is { } fell ? $"; it let go at {At(fell)}" : "; what is delivered for them serves this one too");
            case Fate.Withdrawn:
                return Withdrawn(raise, held, pin);
            case Fate.Sent:
                return $"{Tried(raise)}{(raise.Last!.HasMessage ? $" as {raise.Last.Message}" : "")}; {NoCpus(raise.Last)}";
            case Fate.NotKnown:
                return raise.Last is null ? $"what became of it is not known: {held.Who}"
                    : $"{Tried(raise)}; what became of it is not known: {held.Who}";
            case Fate.Lost:
                return $"lost: {_gates.Words(held, pin)}";
            case Fate.Refused when IsToNobodyElse(raise):
                return "sent to all other CPUs, and there is none";
            case Fate.Refused:
                return $"{Tried(raise)}, and no CPU accepted it: {_gates.Words(held, pin)}";
            case Fate.Dropped:
                return $"lost: {_gates.Words(held, pin)}";
            case Fate.Pending:
                return $"{Delivered(raise)} and not taken: {_gates.Words(held, pin)}";
            case Fate.InService when held.By is { ToKernel: true }:
                return $"sent; {_gates.Words(held, pin)}";
            case Fate.InService:
                return $"{Delivered(raise)}, taken at {At(held.Since)} and not ended: no EOI came";
            default:
                string waits = _gates.Words(held, pin);
                return raise.Last is not { } last ? $"it waits: {waits}"
                    : last.Deliveries.Length > 0 ? $"{Delivered(raise)}, taken and ended; the line still stands and waits: {waits}"
                    : held.Gate == Gate.InFlight ? waits : $"{Tried(raise)}; the line still stands and waits: {waits}";
        }
    }

    /// <summary>Whether it was sent to all other CPUs of a machine with one CPU.</summary>
    public static bool IsToNobodyElse(Raise raise) => raise is { Source.Class: SourceClass.Ipi, Last: { } last }
        && last.Reason == RefusalReason.NoDestination && last.Message is { Logical: false, Destination: uint.MaxValue };

    private static string Times(int count) => count switch
    {
        1 => "",
        2 => "twice",
        _ => $"{count} times",
    };

    private static string Tried(Raise raise) => raise.Attempts > 1 ? $"sent {Times(raise.Attempts)}" : "sent";

    /// <summary>Why it is not known what became of a message at the local APICs.</summary>
    private string NoCpus(Attempt sent)
    {
        if (sent.EndedAt is { } ended)
            return $"an EOI of its vector reached the pin at {At(ended)}";
        return engine.Log is { } log && (log.Parts & LogParts.LocalApics) == 0 ? "no line tells of the local APICs, so what became of it there is unknown"
            : "the log does not tell which CPU's lines are whose, so what became of it there is unknown";
    }

    /// <summary>Where the kernel sent a message, as far as its route is known.</summary>
    private static string By(Attempt sent) => sent.HasMessage ? $" to {GateText.Target(sent.Message)}"
        : ", by a route of the kernel that no line shows";

    private static string Delivered(Raise raise)
    {
        Attempt last = raise.Last!;
        string often = raise.Attempts > 1 ? $"delivered {Times(raise.Attempts)}, at last" : "delivered";
        string cpus = string.Join(" and ", last.Deliveries.Select(one => one.Cpu < 0 ? "a CPU" : $"cpu{one.Cpu}"));
        if (last.More > 0)
            cpus += $" and {last.More} more";
        return $"{often} to {cpus} as vector 0x{last.Deliveries[0].Vector:x2}";
    }

    private string Merged(Raise raise, Held held)
    {
        if (raise.Last?.Deliveries is not [var one, ..])
            return $"merged into the request that was waiting already: {_gates.Words(held)}";
        string into = raise.MergedEarly
            ? "merged into the request that was waiting already"
            : $"merged into vector 0x{one.Vector:x2}, pending at cpu{one.Cpu} since {At(one.Accepted)}"
                + (one.Source is { } other && other != raise.Source ? $" (from {other})" : "");
        if (one.IsPending)
            return $"{into} and not taken: {_gates.Words(held)}";
        return one.IsInService ? $"{into}, taken at {At(one.Taken!.Value)} and not ended: no EOI came"
            : $"{into}; one interrupt served both";
    }

    private string Withdrawn(Raise raise, Held held, PinTrail? pin)
    {
        string fell = raise.Fell is { } at ? $"the line fell at {At(at)} before it was delivered" : "it was withdrawn";
        return held.Gate == Gate.None ? fell : $"{fell}; when it rose, {_gates.Words(held, pin, past: true)}";
    }

    /// <summary>What made it late.</summary>
    private void AddDelays(List<string> sentences, Raise raise, Fate fate, PinTrail? pin)
    {
        if (raise.First is not { } first || raise.Joined)
            return;
        if (engine.IsSplit && raise.Attempts > 1 && raise.Source.Class == SourceClass.Pin)
        {
            string ended = first.EndedAt is { } at ? $", and an EOI of its vector reached the pin at {At(at)}" : "";
            sentences.Add($"It was first sent at {At(first.Sent)}{By(first)}{ended}.");
        }
        if (raise.AtFirst.Gate != Gate.None && fate is not (Fate.Lost or Fate.Merged) && first.Sent.Turn > raise.At.Turn)
        {
            sentences.Add($"When it rose, {_gates.Words(raise.AtFirst, pin, past: true)}; it went on at {At(first.Sent)}"
                + $"{(engine.Stamps.HasTime ? $", {Stamps.Span(first.Sent.Time - raise.At.Time)} later" : "")}.");
        }
        if (raise.Last!.Deliveries is [{ Taken: { } taken } late, ..] && late.AtFirst.Gate is Gate.VectorInService or Gate.TaskPriority
            or Gate.SoftwareDisabled or Gate.HardwareDisabled)
        {
            string span = engine.Stamps.HasTime ? $"{Stamps.Span(taken.Time - late.Accepted.Time)} after" : "later than";
            sentences.Add($"cpu{late.Cpu} took it {span} it had accepted it, "
                + $"for {_gates.Words(late.AtFirst, past: true)}.");
        }
    }

    /// <summary>The state of the line at the end, if it explains why no more interrupts come.</summary>
    private void AddStanding(List<string> sentences, Raise raise, Fate fate, PinTrail? pin)
    {
        if (pin is null || pin.Current != raise)
            return;
        if (pin is { Asserted: true, Entry.Level: false } && fate is Fate.Lost or Fate.Refused or Fate.Ended or Fate.Signalled)
        {
            string unmasked = fate == Fate.Lost && !pin.Entry.Masked ? $" It was unmasked at {At(pin.MaskSince)}, too late." : "";
            sentences.Add("The line is still asserted; an edge pin sends nothing more until it falls and rises again." + unmasked);
        }
        if (pin.AckOwed is { } owed)
        {
            sentences.Add($"Its acknowledge is withheld since {At(owed)}, for the pin was masked at the EOI; "
                + (pin.Entry.Masked ? "it still is." : "it is not any more."));
        }
    }

    private List<Evidence> EvidenceOf(Raise raise, Held held)
    {
        var evidence = new List<Evidence>();
        if (!raise.Implied)
            evidence.Add(new("raised", raise.At));
        if (raise.AtFirst.Gate != Gate.None)
            Add(evidence, GateWord(raise.AtFirst.Gate), raise.AtFirst.Since);
        if (raise.First is { } first && raise.Attempts > 1)
            Add(evidence, "first sent", first.Sent);
        if (raise.Last is { } last)
        {
            if (raise.Source.Class != SourceClass.Irq)
                Add(evidence, "sent", last.Sent);
            foreach (Delivery one in last.Deliveries)
            {
                string cpu = one.Cpu < 0 ? "" : $" by cpu{one.Cpu}";
                if (raise.Source.Class != SourceClass.Irq)
                    Add(evidence, $"accepted{cpu}", one.Accepted);
                Add(evidence, $"taken{cpu}", one.Taken);
                Add(evidence, $"ended{cpu}", one.Ended);
            }
            if (last.Reason != RefusalReason.None)
                Add(evidence, "refused", last.Answered);
        }
        if (held.Gate is not (Gate.None or Gate.NoEoi) && held.Gate != raise.AtFirst.Gate)
            Add(evidence, GateWord(held.Gate), held.Since);
        Add(evidence, "shown", held.Shown);
        Add(evidence, "route updated", held.Gate == Gate.StaleRoute ? held.By!.Stale?.Fixed : null);
        Add(evidence, "EOI at the pin", engine.KnowsCpus ? null : raise.Last?.EndedAt);
        if (held.Gate is Gate.PinMasked or Gate.EdgeLost)
            Add(evidence, "entry written", held.Written);
        if (held.By is { } by && by != raise.Last)
            Add(evidence, "earlier delivery", by.Sent);
        Add(evidence, "acknowledged", raise.Acked);
        Add(evidence, "fell", raise.Fell);
        return evidence;
    }

    private static void Add(List<Evidence> evidence, string what, Mark? at)
    {
        if (at is { IsStart: false } mark)
            evidence.Add(new(what, mark));
    }

    /// <summary>The write or event that closed a gate.</summary>
    public static string GateWord(Gate gate) => gate switch
    {
        Gate.LineHeld => "held since",
        Gate.PicMasked or Gate.CascadeMasked => "8259 mask",
        Gate.PicInService => "in service at the 8259",
        Gate.PicBehind => "INTR stands for another",
        Gate.Lint0Closed => "LINT0 entry",
        Gate.PinMasked or Gate.EdgeLost => "masked",
        Gate.RemoteIrr => "Remote IRR set",
        Gate.StaleRoute => "route set",
        Gate.StormBrake => "braked",
        Gate.NoDestination => "last write of ids",
        Gate.SoftwareDisabled => "SVR",
        Gate.HardwareDisabled => "IA32_APIC_BASE",
        Gate.LvtMasked => "entry masked",
        Gate.VectorInService => "other vector taken",
        Gate.TaskPriority => "TPR",
        Gate.ApicReset or Gate.PicInitialised => "reset",
        _ => "gate",
    };
}
