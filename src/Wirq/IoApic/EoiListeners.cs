using Wirq.State;

namespace Wirq;

/// <summary>Whose EOIs the I/OAPICs hear, where a profile has a local APIC tell of those vectors only that a level entry
/// sends to it: Linux arch/x86/kvm/ioapic.c, kvm_ioapic_scan_entry, and lapic.c, kvm_ioapic_send_eoi.</summary>
internal sealed class EoiListeners
{
    // The real-time clock's pin: its EOIs are followed whatever its trigger mode is (ioapic.h, RTC_GSI).
    private const int ClockPin = 8;

    private readonly Fabric _fabric;
    private readonly LocalApics _apics;
    // For each CPU the vectors of entries that send elsewhere by now and were under way when that was last looked at.
    private readonly Block<OldVectors> _old;

    internal EoiListeners(Fabric fabric)
    {
        (_fabric, _apics) = (fabric, fabric.LocalApics);
        _old = fabric.Arena.Reserve<OldVectors>(_apics.Count);
    }

    /// <summary>Whether the I/OAPICs hear that a CPU ends a vector. One that was under way when its entry changed is
    /// heard of once.</summary>
    internal bool Hear(int cpu, int vector)
    {
        for (int chip = 0; chip < _fabric.IoApics.Count; chip++)
        {
            for (int pin = 0; pin < _fabric.IoApics[chip].Options.Pins; pin++)
            {
                RedirectionEntry entry = _fabric.IoApics[chip].Entry(pin);
                if (entry.Vector == vector && IsFollowed(chip, pin, entry) && IsAddressed(cpu, chip, entry))
                    return true;
            }
        }
        bool old = _old[cpu].Vectors.Has(vector);
        if (old && _old[cpu].Vectors.Highest == vector)
            LookAgain(cpu);
        return old;
    }

    /// <summary>An entry has changed: whoever it addressed or addresses now is looked at again.</summary>
    internal void EntryChanged(int chip, RedirectionEntry old, RedirectionEntry made)
    {
        // The destination that was is read by the mode that is (ioapic_write_indirect).
        old = old.WithDestinationModeOf(made);
        for (int cpu = 0; cpu < _apics.Count; cpu++)
        {
            if (made.Mode != DeliveryMode.Fixed || IsAddressed(cpu, chip, old) || IsAddressed(cpu, chip, made))
                LookAgain(cpu);
        }
    }

    /// <summary>Ids, modes or logical ids have changed.</summary>
    internal void LookAgain()
    {
        for (int cpu = 0; cpu < _apics.Count; cpu++)
            LookAgain(cpu);
    }

    private void LookAgain(int cpu)
    {
        ref ApicState apic = ref _apics.State(cpu);
        Vectors256 old = default;
        if (!apic.Irr.IsEmpty || !apic.Isr.IsEmpty)
        {
            for (int chip = 0; chip < _fabric.IoApics.Count; chip++)
                Collect(cpu, chip, in apic, ref old);
        }
        _old[cpu].Vectors = old;
    }

    private void Collect(int cpu, int chip, in ApicState apic, ref Vectors256 old)
    {
        for (int pin = 0; pin < _fabric.IoApics[chip].Options.Pins; pin++)
        {
            RedirectionEntry entry = _fabric.IoApics[chip].Entry(pin);
            if ((apic.Irr.Has(entry.Vector) || apic.Isr.Has(entry.Vector)) && IsFollowed(chip, pin, entry)
                && !IsAddressed(cpu, chip, entry))
                old.Add(entry.Vector);
        }
    }

    /// <summary>Whether anybody waits for the EOIs of an entry: a level interrupt, or a holder that is asked.</summary>
    private bool IsFollowed(int chip, int pin, RedirectionEntry entry) =>
        _fabric.IoApics[chip].IsLevel(entry) || pin == ClockPin || _fabric.Lines.HasSampled(_fabric.Gsis.OfPins(chip)[pin]);

    private bool IsAddressed(int cpu, int chip, RedirectionEntry entry)
    {
        _fabric.IoApics[chip].MessageOf(entry).TryDecode(_fabric.Options.Format, out InterruptMessage message);
        return _apics.IsAddressed(cpu, message.Destination, message.Logical);
    }

    private struct OldVectors : IState
    {
        public Vectors256 Vectors;
    }
}
