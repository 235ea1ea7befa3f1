namespace Wirq.Traces.Kvm.Replay;

// KVM's brake on storms (ioapic.c, kvm_ioapic_update_eoi_one): it counts the EOIs that find the line of a level pin high. The brake of the chips
// here is off: a write of an entry ends their count, and not KVM's; and a log may begin while KVM counts, so that the count is not known.
internal sealed partial class KvmChips
{
    private const int MostEois = 10_000;

    /// <summary>Counts an EOI that is about to come.</summary>
    /// <returns>The pin that KVM does not serve at it; negative for none. Its line is low for the chips meanwhile.</returns>
    private int HoldStorm(Step step, int vector)
    {
        for (int pin = 0; pin < KvmMachine.Pins && !Machine.IsSplit && vector >= 0; pin++)
        {
            RedirectionEntry entry = Machine.IoApic.Entry(pin);
            ref PinFacts facts = ref _facts.Pins[pin];
            if (entry.Vector != vector || !entry.LevelBitSet)
                continue;
            bool shown = step.Braked is { } braked && Fits(entry, braked);
            if (!Machine.IoApic.IsAsserted(pin) && !shown || entry.Masked)
            {
                (facts.Count, facts.CountKnown) = (0, true);
                continue;
            }
            facts.Count++;
            if (facts.CountKnown ? facts.Count < MostEois : !shown)
                continue;
            facts.Count = 0;
            Machine.SetPinLevel(pin, false);
            return pin;
        }
        return -1;
    }

    private void CompareBrake(Step step, int vector, int held)
    {
        bool known = held >= 0 && _facts.Pins[held].CountKnown && IsPinKnown(held) && Machine.Heard;
        if (held >= 0)
        {
            Machine.SetPinLevel(held, true);
            _facts.Pins[held].CountKnown |= step.Braked is not null;
        }
        if (step.Braked is { } braked)
        {
            if (held < 0 && IsVectorKnown(vector) && AreEntriesKnown())
                Part(braked, "no brake: the EOI finds no line high for the 10,000th time");
            else
                Check(braked, known);
        }
        else if (known)
            Missing(step, KvmEvent.DelayedEoi, Text(held, Machine.IoApic.Entry(held)));
    }

    /// <summary>The delayed work of a brake, on a thread of the kernel, serves a pin that waits.</summary>
    private bool TryRelease(Step step)
    {
        if (step.Kind != StepKind.Accept || !step.Cause.LevelTrigger || Machine.IsSplit)
            return false;
        for (int pin = 0; pin < KvmMachine.Pins; pin++)
        {
            RedirectionEntry entry = Machine.IoApic.Entry(pin);
            if (entry.Vector != step.Cause.Vector || !IsPinKnown(pin) || !entry.LevelBitSet || entry.Masked || entry.RemoteIrr || !Machine.IoApic.IsAsserted(pin))
                continue;
            Machine.DrivePin(pin, true);
            Settle();
            Check(step.Cause, Machine.Accepts.Exists(one => one.Known && IsMet(one, step.Cause)));
            return true;
        }
        return false;
    }
}
