using Wirq.Events;

namespace Wirq;

// Local interrupts: the pins LINT0 and LINT1 and the sources inside the processor (Intel SDM vol. 3, 11.5.1).
public sealed partial class LocalApics
{
    /// <summary>Sets the level of LINT0 or LINT1 of a CPU.</summary>
    /// <param name="cpu">The CPU, 0 to <see cref="Count"/> - 1.</param>
    /// <param name="pin">0 or 1.</param>
    /// <param name="high">The level of the pin. The polarity of its LVT entry is applied here, except in ExtINT mode:
    /// INTR is always active high.</param>
    /// <param name="events">Receives the effects.</param>
    public void SetLint(int cpu, int pin, bool high, EventBuffer events)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)pin, 1u, nameof(pin));
        ref ApicState s = ref _state[cpu];
        LintPins pins = s.Pins.With(pin, high);
        if (pins == s.Pins)
            return;
        s.Pins = pins;

        LocalVector entry = pin == 0 ? LocalVector.Lint0 : LocalVector.Lint1;
        LocalVectorEntry lvt = s.Entry(entry);
        if (pin == 0 && high && PassesIntr(cpu, in s))
            Wake(cpu, events);
        if (!IsOnBus(in s))
        {
            // Without a local APIC the pins are INTR and NMI (7.3.1).
            if (pin == 1 && high)
                events.Emit(new Event(EventKind.CpuNmi, (ushort)cpu, Origin.Local(cpu, entry).Bits));
            return;
        }
        if (pin == 0 && IsLevel(lvt))
            ServeLint0(cpu, ref s, events);
        else if (high != lvt.ActiveLow && lvt.Mode != DeliveryMode.ExtInt)
            DeliverLocal(cpu, ref s, entry, events);
    }

    /// <summary>A source inside the processor fires.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="entry"><see cref="LocalVector.Thermal"/>, <see cref="LocalVector.Performance"/> or
    /// <see cref="LocalVector.Cmci"/>. If that entry does not exist, the call has no effect.</param>
    /// <param name="events">Receives the effects.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another entry: the local APIC itself raises those.</exception>
    public void RaiseLocal(int cpu, LocalVector entry, EventBuffer events)
    {
        if (entry is not (LocalVector.Thermal or LocalVector.Performance or LocalVector.Cmci))
            throw new ArgumentOutOfRangeException(nameof(entry), entry, "not a source outside the local APIC");
        ref ApicState s = ref _state[cpu];
        if (!IsOnBus(in s) || entry == LocalVector.Cmci && !_hasCmci)
            return;
        bool open = !s.Entry(entry).Masked;
        DeliverLocal(cpu, ref s, entry, events);
        // 11.5.1, mask: delivery of a performance interrupt sets the mask automatically.
        if (open && entry == LocalVector.Performance)
            s.Performance = s.Performance.WithMask();
    }

    /// <summary>An edge of a local source.</summary>
    private void DeliverLocal(int cpu, ref ApicState s, LocalVector entry, EventBuffer events)
    {
        LocalVectorEntry lvt = s.Entry(entry);
        if (lvt.Masked)
            return;
        bool pin = entry is LocalVector.Lint0 or LocalVector.Lint1;
        switch (lvt.Mode)
        {
            case DeliveryMode.Fixed:
                AcceptLocal(cpu, ref s, entry, level: false, events);
                break;
            // INIT and ExtINT are valid for the pins only; 001, 011 and 110 are reserved.
            case DeliveryMode.Nmi or DeliveryMode.Smi:
            case DeliveryMode.Init when pin:
                Signal(cpu, ref s, lvt.Mode, 0, Origin.Local(cpu, entry), events);
                if (lvt.Mode == DeliveryMode.Init)
                    RemakeTable();
                break;
        }
    }

    private bool AcceptLocal(int cpu, ref ApicState s, LocalVector entry, bool level, EventBuffer events)
    {
        byte vector = s.Entry(entry).Vector;
        if (vector < LowestVector && !_quirks.AnyVectorAccepted)
        {
            RecordError(cpu, ref s, ErrorStatus.ReceiveIllegalVector, events);
            return false;
        }
        SetPending(cpu, ref s, vector, level, Origin.Local(cpu, entry), events);
        return true;
    }

    /// <summary>Serves LINT0 as a level pin: delivers while the pin is asserted and none of its interrupts waits for an
    /// EOI.</summary>
    private void ServeLint0(int cpu, ref ApicState s, EventBuffer events)
    {
        LocalVectorEntry lvt = s.Lint0;
        bool asserted = s.Pins.Lint0 != (lvt.ActiveLow && !_quirks.ReservedBitsStored);
        if (!asserted || lvt.Masked || AwaitsEoi(in s)
            || !AcceptLocal(cpu, ref s, LocalVector.Lint0, level: true, events))
            return;
        AwaitEoi(ref s, true);
        s.RemoteVector = lvt.Vector;
    }

    /// <summary>Whether a level interrupt of LINT0 waits for its EOI. This is Remote IRR of LINT0, unless the profile
    /// stores that bit as software wrote it.</summary>
    private bool AwaitsEoi(in ApicState s) => _quirks.ReservedBitsStored ? s.RemoteVector != 0 : s.Lint0.RemoteIrr;

    private void AwaitEoi(ref ApicState s, bool awaits)
    {
        if (!_quirks.ReservedBitsStored)
            s.Lint0 = s.Lint0.WithRemoteIrr(awaits);
        else if (!awaits)
            s.RemoteVector = 0;
    }

    /// <summary>An EOI of the vector ends the level interrupt of LINT0, if that interrupt has this vector.</summary>
    private void EndLint0(int cpu, ref ApicState s, int vector, EventBuffer events)
    {
        if (!AwaitsEoi(in s) || s.RemoteVector != vector)
            return;
        AwaitEoi(ref s, false);
        ServeLint0(cpu, ref s, events);
    }

    /// <summary>Called after a change of LINT0's entry, SVR or IA32_APIC_BASE. INTR may now reach the CPU, and a level
    /// pin may have become deliverable. An edge that arrived while the pin was masked is lost.</summary>
    private void Lint0Changed(int cpu, ref ApicState s, bool passedIntr, EventBuffer events)
    {
        if (s.Pins.Lint0 && !passedIntr && PassesIntr(cpu, in s))
            Wake(cpu, events);
        if (!IsLevel(s.Lint0))
            AwaitEoi(ref s, false);
        else if (IsOnBus(in s))
            ServeLint0(cpu, ref s, events);
    }

    /// <summary>After a reset, samples pins that are still driven.</summary>
    private void ReofferPins(int cpu, EventBuffer events) =>
        Lint0Changed(cpu, ref _state[cpu], passedIntr: false, events);

    private static bool PassesIntr(int cpu, in ApicState s) =>
        s.Base.Enabled ? !s.Lint0.Masked && s.Lint0.Mode == DeliveryMode.ExtInt : cpu == 0;

    private static bool IsLevel(LocalVectorEntry lvt) => lvt.Level && lvt.Mode == DeliveryMode.Fixed;
}
