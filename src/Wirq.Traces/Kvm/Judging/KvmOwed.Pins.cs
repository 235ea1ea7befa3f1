using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

// What is owed at a pin of KVM's I/OAPIC, or at its 8259 pair.
internal sealed partial class KvmOwed
{
    /// <summary>A level that is delivered this often without its line falling is a storm.</summary>
    private const long Storm = 50, BrakedStorm = 10;

    private void AtPin(PinState pin)
    {
        if (pin.Withdrawn is { } withdrawn)
            Withdrew(pin, withdrawn);
        if (pin.Redelivered >= (pin.Braked is null ? Storm : BrakedStorm))
        {
            Stormy(pin);
            return;
        }
        if (pin is { LostEdge: { } lost, Programmed: true })
        {
            EdgeLost(pin, lost);
            return;
        }
        // The message of an edge is sent when its line rises: that the line fell does not serve it.
        if (pin is { Level: false, Nobody: { Refused: false } pulse })
        {
            Unaddressed(pin, pulse.At, pulse.Destination, pulse.Logical);
            return;
        }
        if (!pin.High || pin.Raised is not { } raised)
            return;
        if (!pin.Programmed && (pin.Vector < 0x10 || pin is { Masked: true, Level: false }))
        {
            Unheard(pin, raised);
            return;
        }
        if (pin is { Masked: true, Level: true })
        {
            KvmOwedAnswer answer = new(pin.Name, Fate.Held, KvmGate.PinMasked, raised, pin.MaskSince, -1, pin.Vector,
                [$"{pin.Name} (vector {Hex(pin.Vector)}) was raised at {At(raised)} and its line is still asserted; its entry is masked {Since(pin.MaskSince)} ({Entry(pin)})."],
                Masking(raised, pin.MaskSince));
            if (pin.Programmed)
                Add(answer, pin.RaisedEpoch, null, mayBeCut: true, closed: pin.MaskSince);
            else if (IsHeardElsewhere(pin, raised))
                _masked.Add(answer);
            else
                Chosen(answer);
            return;
        }
        if (pin.Nobody is { } nobody)
        {
            // An accept line that the local APIC refuses is listed at its vCPU.
            if (!nobody.Refused)
                Unaddressed(pin, nobody.At, nobody.Destination, nobody.Logical);
            return;
        }
        if (pin.Awaited is { } awaited && pin.Level && awaited.Epoch == epoch && survey.Counts[KvmEvent.AckIrq] > 0)
            Waiting(pin, awaited.At, awaited.Vector, raised);
        else if (pin is { Level: false, Masked: false })
            EdgeHeld(pin, raised);
        else if (pin is { Level: true, Awaited: null })
        {
            string after = pin.LastAck is { } ack && ack.Event > raised.Event ? $", and no delivery follows its EOI at {At(ack)}" : ", and no record shows its delivery";
            _unknown.Add(new(pin.Name, Fate.NotKnown, KvmGate.NotKnown, raised, null, -1, pin.Vector,
                [$"{pin.Name} (vector {Hex(pin.Vector)}) was raised at {At(raised)}, its line is still asserted{after}."], [new("raised", raised)]));
        }
    }

    private void Waiting(PinState pin, Mark delivered, int vector, Mark raised)
    {
        bool under = vm.Vcpus.Any(vcpu => vcpu.Pending.ContainsKey(vector) || vcpu.InService.ContainsKey(vector));
        if (under)
            return;
        Mark? ended = vm.Vcpus.Select(vcpu => vcpu.Counts.GetValueOrDefault(vector)).OfType<VectorCount>().Where(count => count.Ends > 0 && count.LastEnd.Event > delivered.Event)
            .Select(count => (Mark?)count.LastEnd).LastOrDefault();
        if (ended is not { } at)
            return;
        Add(new(pin.Name, Fate.Held, KvmGate.RemoteIrr, raised, delivered, -1, vector,
            [$"{pin.Name} waits for the EOI of its delivery at {At(delivered)} (Remote IRR): vector {Hex(vector)} was ended at {At(at)}, and no kvm_ack_irq says that the pin heard of it."],
            [new("delivered", delivered), new("EOI", at)]), epoch, null, mayBeCut: true);
    }

    private void Unaddressed(PinState pin, Mark at, uint? destination, bool logical)
    {
        string to = logical ? $"logical destination 0x{destination:x}" : $"APIC id {destination}";
        bool known = !logical && destination is { } id && id != 0xFF && !vm.HasVcpu((int)id);
        var answer = new KvmOwedAnswer(pin.Name, Fate.Refused, KvmGate.NoDestination, at, at, -1, pin.Vector,
            [$"{pin.Name} (vector {Hex(pin.Vector)}) was raised at {At(at)}, and no vCPU accepted its message to {to}."], [new("raised", at)]);
        if (known && survey.Counts[KvmEvent.AcceptIrq] > 0)
            Add(answer, pin.RaisedEpoch, null, mayBeCut: false);
        else
            _unknown.Add(answer with { Fate = Fate.NotKnown, Gate = KvmGate.NotKnown });
    }

    private void EdgeLost(PinState pin, Mark lost)
    {
        bool late = pin.UnmaskedAt is { } unmasked && unmasked.Event > lost.Event;
        string after = late ? $" It was unmasked at {At(pin.UnmaskedAt!.Value)}: too late." : "";
        Add(new(pin.Name, Fate.Lost, KvmGate.EdgeLost, lost, pin.MaskSince, -1, pin.Vector,
            [$"{pin.Name} (vector {Hex(pin.Vector)}): an edge came at {At(lost)} while its entry was masked, and is lost; its line is still asserted.{after}"],
            Masking(lost, pin.MaskSince)), pin.RaisedEpoch, null, mayBeCut: false);
    }

    private void Withdrew(PinState pin, WithdrawnRaise withdrawn)
    {
        var sentences = new List<string>
        {
            $"{pin.Name} (vector {Hex(pin.Vector)}) was raised at {At(withdrawn.Raised)} under a mask that is set {Since(withdrawn.MaskSince)} ({Entry(pin)}), "
                + $"and withdrawn at {At(withdrawn.Fell)}: it was never delivered, and is not owed.",
        };
        if (withdrawn.Served is { } served)
        {
            sentences.Add($"The handler that ran meanwhile (EOI at {At(served.LastEnd)}) was for the delivery of {At(served.LastAccept)}, of the raise before.");
        }
        _masked.Add(new(pin.Name, Fate.Withdrawn, KvmGate.PinMasked, withdrawn.Raised, withdrawn.MaskSince, -1, pin.Vector, sentences,
            [.. Masking(withdrawn.Raised, withdrawn.MaskSince), new("withdrawn", withdrawn.Fell)]));
    }

    private void Stormy(PinState pin)
    {
        long time = pin.LastRedelivery.Time - pin.FirstRedelivery.Time;
        string rate = _stamps.HasTime && time > 0 ? $", {pin.Redelivered * 1_000_000_000L / time} a second" : "";
        string raised = pin.Raised is { } at ? $"since {At(at)}" : "since before the log";
        string brake = pin.Braked is { } braked ? $" KVM's brake delays it (10 ms after 10,000 EOIs), last at {At(braked)}." : "";
        var answer = new KvmOwedAnswer(pin.Name, Fate.Held, pin.Braked is null ? KvmGate.LineHeld : KvmGate.StormBrake, pin.FirstRedelivery, pin.LastRedelivery, -1, pin.LastVector,
            [$"{pin.Name} (vector {Hex(pin.LastVector)}) is a storm: its line is asserted {raised}, and it was delivered again {Phrase.Times(pin.Redelivered)} at EOIs that found it so, "
                + $"{At(pin.FirstRedelivery)} to {At(pin.LastRedelivery)}{rate}: no handler serves its device.{brake}"],
            [new("first", pin.FirstRedelivery), new("last", pin.LastRedelivery)]);
        _owed.Add(answer);
    }

    private void AtPic(PicInput input)
    {
        if (input.Irq == GsiMap.CascadeIrq || input is { Requested: null, InService: null })
            return;
        if (input.InService is { } taken && survey.Counts[KvmEvent.InjectIrq] > 0)
        {
            var served = new KvmOwedAnswer(input.Name, Fate.InService, KvmGate.NoEoi, taken, taken, 0, -1,
                [$"{input.Name} is in service at the 8259 since {At(taken)}: no EOI has come."], [new("taken", taken)]);
            // An initialisation of the 8259 ends it too.
            KvmEvent[] untraced = [.. new[] { KvmEvent.AckIrq, KvmEvent.Pio }.Where(one => survey.Counts[one] == 0)];
            if (untraced.Length == 0)
                Add(served, input.InServiceEpoch, Boot, mayBeCut: true);
            else
            {
                NotTold(served, $"{input.Name} was taken at {At(taken)}; whether it was ended is not told: {string.Join(", ", untraced.Select(KvmNames.NameOf))} was not traced.");
                return;
            }
        }
        if (input.Requested is not { } requested || !input.WasUnmasked)
            return;
        bool usesPins = vm.Pins.Any(pin => pin.Programmed) || LintMasked;
        if (input.Masked == true)
        {
            if (input is { Level: true, Line: true } && !usesPins)
            {
                Add(new(input.Name, Fate.Held, KvmGate.PicMasked, requested, input.MaskSince, 0, -1,
                    [$"{input.Name} was raised at {At(requested)} and its line is still asserted; the 8259 masks it {Since(input.MaskSince)}."],
                    Masking(requested, input.MaskSince)), input.RequestedEpoch, Boot, mayBeCut: true);
            }
            return;
        }
        PinState other = vm.Pins[VmTrail.PinOfGsi(input.Irq)];
        // The line leads to both; a guest that uses the other end leaves this one.
        if (other is { Programmed: true, Masked: false })
            return;
        if (LintMasked)
        {
            Lint0(input, requested);
            return;
        }
        (KvmGate gate, Mark? since, string why) = PicGate(input);
        var waiting = new KvmOwedAnswer(input.Name, Fate.Held, gate, requested, since, 0, -1, [$"{input.Name} was raised at {At(requested)}, and is not ended since.", why],
            [new("raised", requested)]);
        if (survey.Counts[KvmEvent.Pio] == 0)
            NotTold(waiting, $"{input.Name} was raised at {At(requested)}, and no acknowledge follows. {why}");
        else if (usesPins && !LintOpen)
            NotTold(waiting, $"{First(waiting)} The guest uses pins of the I/OAPIC, and whether it listens to the 8259 is not told.");
        else
            Add(waiting, input.RequestedEpoch, Boot, mayBeCut: true);
    }

    private (KvmGate, Mark?, string) PicGate(PicInput input)
    {
        if (input.Irq >= PicPair.SlaveFirst && vm.Pic.Cascade.Masked == true)
            return (KvmGate.CascadeMasked, vm.Pic.Cascade.MaskSince, $"The cascade is masked {Since(vm.Pic.Cascade.MaskSince)}.");
        if (survey.Counts[KvmEvent.Pio] == 0)
            return (KvmGate.NotKnown, null, "Whether the guest initialised the 8259 since, which forgets it, is not told: kvm_pio was not traced.");
        if (!ShowsInjection)
            return (KvmGate.NotKnown, null, "Whether it waits, or is in service, is not told: kvm_inj_virq was not traced.");
        PicInput? above = vm.Pic.Inputs.FirstOrDefault(one => one.InService is not null && Priority(one) <= Priority(input));
        return above is { InService: { } at } && survey.Counts[KvmEvent.InjectIrq] > 0 && survey.Counts[KvmEvent.AckIrq] > 0
            ? (KvmGate.PicInService, at, $"{above.Name}, of the same priority or above, is in service since {At(at)}.")
            : (KvmGate.PicPending, null, "Nothing visible forbids it; whether interrupts are enabled (IF) is not known.");
    }

    private VcpuTrail? Boot => vm.VcpuAt(0);

    /// <summary>Whether LINT0, through which the 8259 reaches the first vCPU, is known to be masked.</summary>
    private bool LintMasked => Boot?.Known((int)ApicRegister.Lint0, epoch) is { } lint0 && new LocalVectorEntry((uint)lint0.Value).Masked;

    /// <summary>Whether LINT0 is known to let the 8259 through.</summary>
    private bool LintOpen => Boot?.Known((int)ApicRegister.Lint0, epoch) is { } lint0
        && new LocalVectorEntry((uint)lint0.Value) is { Masked: false, Mode: DeliveryMode.ExtInt };

    // The slave's inputs have the priority of the cascade, IRQ 2, in their own order.
    private static int Priority(PicInput input) => input.Irq >= PicPair.SlaveFirst ? GsiMap.CascadeIrq * 16 + input.Irq : input.Irq * 16;

    private string Since(Mark? mark) => mark is { } at ? $"since {At(at)}" : "since before its first record";

    private static string Entry(PinState pin) => $"entry 0x{pin.Low?.Value ?? 0:x}";

    private static Evidence[] Masking(Mark raised, Mark? masked) => masked is { } at ? [new("raised", raised), new("masked", at)] : [new("raised", raised)];
}
