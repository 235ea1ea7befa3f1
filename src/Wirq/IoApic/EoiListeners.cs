using Wirq.State;

namespace Wirq;

/// <summary>Which EOIs reach the I/OAPICs, in a profile whose local APICs report only the EOIs of vectors that a level
/// entry sends to them: Linux arch/x86/kvm/ioapic.c, kvm_ioapic_scan_entry, and lapic.c, kvm_ioapic_send_eoi.</summary>
internal sealed partial class EoiListeners
{
    // The real-time clock's pin: its EOIs are tracked in both trigger modes (ioapic.h, RTC_GSI).
    private const int ClockPin = 8;

    private readonly Fabric _fabric;
    private readonly LocalApics _apics;
    private readonly Block<OldVectors> _old;

    internal EoiListeners(Fabric fabric, LocalApics apics)
    {
        (_fabric, _apics) = (fabric, apics);
        _old = fabric.Arena.Reserve<OldVectors>(_apics.Count);
    }

    /// <summary>Whether the EOI of a vector at a CPU reaches the I/OAPICs. If the vector was under way when its entry
    /// changed, it does so once.</summary>
    internal bool Hear(int cpu, int vector)
    {
        ref OldVectors old = ref _old[cpu];
        bool heard = old.UnderWay.Has(vector) || old.Unnoticed.Has(vector) || IsAwaited(cpu, vector);
        if (old.UnderWay.Has(vector) && old.UnderWay.Highest == vector)
            LookAgain(cpu);
        return heard;
    }

    private bool IsAwaited(int cpu, int vector)
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
        return false;
    }

    /// <summary>An entry was written, changed or not: the CPUs that it addressed or addresses now are evaluated again.
    /// The old destination is read with the new destination mode (ioapic_write_indirect), so a change of the mode may
    /// miss a CPU that was addressed. The EOIs of that CPU reach the I/OAPICs as before, until something else evaluates
    /// it.</summary>
    internal void EntryWritten(int chip, int pin, RedirectionEntry old, RedirectionEntry made)
    {
        RedirectionEntry reread = old.WithDestinationModeOf(made);
        for (int cpu = 0; cpu < _apics.Count; cpu++)
        {
            if (made.Mode != DeliveryMode.Fixed || IsAddressed(cpu, chip, reread) || IsAddressed(cpu, chip, made))
                LookAgain(cpu);
            else if (old != reread && IsFollowed(chip, pin, old) && IsAddressed(cpu, chip, old))
                _old[cpu].Unnoticed.Add(old.Vector);
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
        _old[cpu] = new() { UnderWay = old };
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

    /// <summary>Whether the EOIs of an entry are needed: for a level interrupt, or for a holder that is
    /// resampled.</summary>
    private bool IsFollowed(int chip, int pin, RedirectionEntry entry) =>
        _fabric.IoApics[chip].IsLevel(entry) || pin == ClockPin || _fabric.Lines.HasSampled(_fabric.Gsis.OfPins(chip)[pin]);

    private bool IsAddressed(int cpu, int chip, RedirectionEntry entry)
    {
        _fabric.IoApics[chip].MessageOf(entry).TryDecode(_fabric.Options.Format, out InterruptMessage message);
        return _apics.IsAddressed(cpu, message.Destination, message.Logical);
    }

    /// <summary>Vectors of a CPU whose EOIs still reach the I/OAPICs although no entry has them any more.</summary>
    private struct OldVectors : IState
    {
        /// <summary>Vectors of entries that send elsewhere now, and that were under way when the CPU was last
        /// evaluated.</summary>
        public Vectors256 UnderWay;
        /// <summary>Vectors of entries that sent here, and whose change missed the CPU.</summary>
        public Vectors256 Unnoticed;
    }
}
