namespace Wirq.Traces.Why;

/// <summary>Decides how a raise ended, and what holds it if it has stopped.</summary>
internal sealed class FateJudge(WhyEngine engine) : IFateJudge
{
    private static readonly Held s_alreadyPending = new(Gate.AlreadyPending);

    private readonly Certainty _certainty = new(engine);

    /// <summary>A gate; or that it is not known, if it depends on a register that no line shows.</summary>
    public Held Firm(Held held) => _certainty.Doubt(null, held) is { } doubt ? new(Gate.NotKnown) { Who = doubt } : held;

    public Fate FateOf(Raise raise) => Judge(raise, out _);

    public bool IsSettled(Raise raise, ref Gate? at8259, out Awaited awaited) => !IsUnderWay(raise, ref at8259, out awaited) && IsSettled(raise, out _);

    public bool Waits(Raise request) => request is { IsDropped: false, Last: null, WaitsAt: { } irq } && AtThe8259(irq.Irq).Gate != Gate.None;

    /// <summary>Whether a raise waits or is served, as is decided without what holds it: then it is not settled. Many raises are
    /// asked about again and again.</summary>
    private bool IsUnderWay(Raise raise, ref Gate? at8259, out Awaited awaited)
    {
        awaited = default;
        bool ofIrq = raise.Source.Class == SourceClass.Irq;
        if (raise.IsDropped)
            return false;
        if (raise.Last is not { } attempt)
        {
            if (!ofIrq || raise.Lost || raise.Joined || !engine.PicTrail!.All[raise.Source.Index].Holds(raise))
                return false;
            at8259 ??= AtThe8259(raise.Source.Index).Gate;
            return !raise.MergedEarly || at8259 != Gate.None;
        }
        if (EndsUnseen(raise, attempt))
        {
            awaited = new(Nothing: true);
            return true;
        }
        if (!ofIrq && engine.IsSplit || attempt.Reason != RefusalReason.None)
            return false;
        bool dropped = false;
        Delivery? served = null;
        foreach (Delivery one in attempt.Deliveries)
        {
            if (one.IsPending)
            {
                awaited = new(one);
                return true;
            }
            served = one.IsInService ? one : served;
            dropped |= one.IsDropped;
        }
        // Of several, another one may be dropped.
        awaited = attempt.Deliveries.Length == 1 ? new(served) : default;
        return served is not null && !dropped;
    }

    public bool IsSettled(Raise raise, out Fate fate)
    {
        fate = Judge(raise, out Held held);
        return fate switch
        {
            Fate.Ended or Fate.Signalled => raise.Level != true || raise.Fell is not null,
            Fate.Withdrawn or Fate.Lost or Fate.Dropped => true,
            Fate.Refused => raise.Level != true || raise.Fell is not null,
            Fate.Merged => held.Gate is Gate.None or Gate.AlreadyPending,
            Fate.Joined => raise.Fell is not null,
            _ => false,
        };
    }

    /// <summary>How a raise ended.</summary>
    /// <param name="raise">The raise.</param>
    /// <param name="held">What holds it now, if anything; else what determined its end.</param>
    public Fate Judge(Raise raise, out Held held)
    {
        Fate fate = JudgeByChips(raise, out held);
        // The log shows what was taken. For registers that were never written, the state of the chips is a guess.
        if (fate is not (Fate.Lost or Fate.Held or Fate.Withdrawn or Fate.Joined or Fate.Refused or Fate.Pending or Fate.Merged)
            || fate == Fate.Merged && raise.Last is { } last && !Array.Exists(last.Deliveries, static one => one.IsPending))
            return fate;
        if (_certainty.Doubt(raise, held) is not { } doubt)
            return fate;
        held = new(Gate.NotKnown) { Who = doubt };
        // The earlier actions of a CPU show that it accepted it.
        return fate == Fate.Pending ? fate : Fate.NotKnown;
    }

    private Fate JudgeByChips(Raise raise, out Held held)
    {
        held = raise.AtFirst;
        if (raise.Dropped is { } dropped)
        {
            held = new(raise.DroppedBy, dropped);
            return Fate.Dropped;
        }
        if (raise.Last is not { } attempt)
            return Unsent(raise, ref held);
        if (engine.IsSplit && raise.Source.Class == SourceClass.Pin)
            return OfKernel(raise, attempt, ref held);
        if (EndsUnseen(raise, attempt))
            return WaitsAgain(raise, ref held) ? Fate.Held : Fate.Sent;
        if (attempt.Reason != RefusalReason.None)
        {
            held = PinTrail.Refused(attempt);
            return Fate.Refused;
        }
        if (attempt.Deliveries.Length == 0)
        {
            if (AwaitsEoiOfKernel(raise, attempt))
            {
                held = new(Gate.NoEoi, attempt.Answered ?? attempt.Sent) { By = attempt };
                return Fate.InService;
            }
            held = attempt.Answered is null ? new(Gate.InFlight, attempt.Sent) : Held.Nothing;
            return attempt.Answered is null ? Fate.Held : Fate.Signalled;
        }
        return Delivered(raise, attempt, ref held);
    }

    /// <summary>Whether no line tells what became of what was sent, for it is not known which lines are whose. A message that the remapping unit
    /// blocks reaches no CPU all the same.</summary>
    private bool EndsUnseen(Raise raise, Attempt attempt) => !engine.KnowsCpus && raise.Source.Class != SourceClass.Irq
        && !(engine.IsSplit && raise.Source.Class == SourceClass.Pin) && attempt.Reason != RefusalReason.RemappingFault;

    /// <summary>The kernel's local APICs have it. Of them only the EOI of a level interrupt shows.</summary>
    private Fate OfKernel(Raise raise, Attempt attempt, ref Held held)
    {
        bool ended = attempt.EndedAt is not null;
        if (attempt.Stale is not null && !ended)
        {
            held = new(Gate.StaleRoute, attempt.Stale.Since) { By = attempt };
            return Fate.Sent;
        }
        if (WaitsAgain(raise, ref held))
            return Fate.Held;
        held = Held.Nothing;
        return ended ? Fate.Ended : Fate.Sent;
    }

    /// <summary>Whether a kernel accepted a level interrupt and has reported no EOI since.</summary>
    private bool AwaitsEoiOfKernel(Raise raise, Attempt attempt) => attempt.ToKernel && raise.Source.Class == SourceClass.Pin
        && engine.PinAt(raise.Source.Unit, raise.Source.Index) is { RemoteIrr: true } pin && pin.RemoteIrrBy == attempt;

    private Fate Unsent(Raise raise, ref Held held)
    {
        if (raise.Lost)
            return Fate.Lost;
        if (raise.Joined)
            return raise.Fell is null && Waits(raise, ref held) ? Fate.Held : Fate.Joined;
        if (raise.Source.Class == SourceClass.Irq)
            return Waiting(raise, ref held);
        if (raise.Fell is not null)
            return Fate.Withdrawn;
        held = raise.Source.Class == SourceClass.Pin ? StandsAt(raise) : held;
        return Fate.Held;
    }

    private bool Waits(Raise raise, ref Held held)
    {
        if (StandsAt(raise) is not { Gate: not Gate.None } now)
            return false;
        held = now;
        return true;
    }

    private Fate Waiting(Raise raise, ref Held held)
    {
        PicTrail pic = engine.PicTrail!;
        int irq = raise.Source.Index;
        if (!pic.All[irq].Holds(raise))
            return Fate.Withdrawn;
        held = AtThe8259(irq);
        return raise.MergedEarly ? Fate.Merged : Fate.Held;
    }

    /// <summary>What holds a request of the 8259: the pair itself, LINT0, or the CPU.</summary>
    public Held AtThe8259(int irq)
    {
        Held held = engine.PicTrail!.GateOf(irq);
        if (held.Gate != Gate.None)
            return held;
        if (engine.PicTrail.Requested != irq)
            return Held.Nothing;
        CpuTrail first = engine.CpuAt(0)!;
        if (engine.PassesIntr is { } open)
            return new(Gate.CpuUnknown, engine.PicTrail.RequestedSince, open.Cpu, irq);
        if (engine.Machine.IntrAtPinZero && engine.Machine.IoApics.Count > 0
            && engine.PinAt(0, 0)!.Entry is { Masked: false, Mode: DeliveryMode.ExtInt })
            return new(Gate.CpuUnknown, engine.PicTrail.RequestedSince, Number: irq);
        return new(Gate.Lint0Closed, first.EntrySince(LocalVector.Lint0), first.Cpu);
    }

    private Held StandsAt(Raise raise) => raise.Source.Class == SourceClass.Pin
        ? engine.PinAt(raise.Source.Unit, raise.Source.Index)!.Gate
        : Held.Nothing;

    private Fate Delivered(Raise raise, Attempt attempt, ref Held held)
    {
        if (Array.Find(attempt.Deliveries, static one => one.IsPending) is { } pending)
        {
            held = engine.CpuAt(pending.Cpu)!.GateOf(pending.Vector);
            return attempt.Merged ? Fate.Merged : Fate.Pending;
        }
        if (Array.Find(attempt.Deliveries, static one => one.IsDropped) is { } lost)
        {
            held = new(raise.Source.Class == SourceClass.Irq ? Gate.PicInitialised : Gate.ApicReset, lost.Dropped!.Value, lost.Cpu);
            return Fate.Dropped;
        }
        if (Array.Find(attempt.Deliveries, static one => one.IsInService) is { } serving)
        {
            held = new(Gate.NoEoi, serving.Taken!.Value, serving.Cpu, serving.Vector);
            return attempt.Merged || raise.MergedEarly ? Fate.Merged : Fate.InService;
        }
        if (WaitsAgain(raise, ref held))
            return Fate.Held;
        bool merged = attempt.Merged || raise.MergedEarly;
        held = merged ? s_alreadyPending : Held.Nothing;
        return merged ? Fate.Merged : Fate.Ended;
    }

    /// <summary>Whether a level that is still asserted waits to be delivered again.</summary>
    private bool WaitsAgain(Raise raise, ref Held held)
    {
        if (raise is not { Level: true, Fell: null, Source.Class: SourceClass.Pin }
            || engine.PinAt(raise.Source.Unit, raise.Source.Index) is not { Asserted: true, Entry.Level: true } pin
            || pin.Current != raise && !raise.Joined || pin.Gate is not { Gate: not Gate.None } gate)
            return false;
        held = gate;
        return true;
    }
}
