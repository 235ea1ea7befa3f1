using Wirq.Events;

namespace Wirq.Xen;

/// <content>Interrupts of the machine, on their way to the guests that they are bound to.</content>
public sealed partial class Pirqs
{
    /// <summary>The wire of a GSI changes. What a pin makes of it depends on how it was set up: one that was not hears
    /// nothing.</summary>
    /// <param name="gsi">The GSI, 0 to <see cref="PirqOptions.Gsis"/> - 1.</param>
    /// <param name="high">Whether it is high from now on.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such GSI.</exception>
    public void SetWire(int gsi, bool high)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)gsi, (uint)Options.Gsis, nameof(gsi));
        ref MachineIrq irq = ref _irqs[gsi];
        bool before = irq.Asserts;
        irq.High = high ? (byte)1 : (byte)0;
        if (irq.Asserts && !before)
            Arrive(gsi);
    }

    /// <summary>A device of the machine sends the message of an interrupt that was mapped for it.</summary>
    /// <param name="irq">The interrupt, from <see cref="PirqOptions.Gsis"/> on.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such interrupt of messages.</exception>
    public void SendMessage(int irq)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(irq, Options.Gsis);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(irq, Options.Irqs);
        Arrive(irq);
    }

    /// <summary>An interrupt of the machine arrives. While it is in flight, an edge is remembered, and a level is looked at
    /// again at its end.</summary>
    private void Arrive(int irq)
    {
        ref MachineIrq its = ref _irqs[irq];
        if (its.Configured is 0 or MachineIrq.DeviceGone || its.Guests == 0)
            return;
        if (its.InFlight != 0)
        {
            its.Again = its.Level == 0 ? (byte)1 : (byte)0;
            return;
        }
        foreach (PirqDomain domain in _domains)
        {
            int pirq = domain.Irq(irq).Pirq;
            if (pirq == 0 || domain[pirq].Use != PirqUse.Mapped || domain[pirq].Binding == PirqBinding.None)
                continue;
            // What a device sends is an edge at its source.
            if (irq < Options.Gsis && domain[pirq].NoEoi == 0)
            {
                domain[pirq].InFlight = 1;
                its.InFlight++;
            }
            Assist(domain, pirq);
        }
    }

    /// <summary>Brings a PIRQ to its guest: by its event channel, and by lines or a message unless the event channel took
    /// it.</summary>
    private void Assist(PirqDomain domain, int pirq)
    {
        ref PirqState state = ref domain[pirq];
        if (domain.UsesPort(pirq))
        {
            domain.Raise(pirq);
            if (state.Binding == PirqBinding.Message)
                return;
        }
        switch (state.Binding)
        {
            case PirqBinding.Message:
                Events.Emit(new Event(EventKind.XenGuestMessage, domain.Id, 0, MessageOf(state).Bits));
                break;
            case PirqBinding.SamePin:
                Events.Emit(new XenGuestGsi(domain.Id, pirq, true).ToEvent());
                if (state.NoEoi == 0)
                    Count(ref state);
                break;
            case PirqBinding.Lines:
                foreach (ref readonly GuestLine line in domain.Lines)
                {
                    if (line.InUse == 0 || line.Pirq != pirq)
                        continue;
                    Events.Emit(new XenGuestIntx(domain.Id, line.Device, (PciInterruptPin)line.Pin, true).ToEvent());
                    Count(ref state);
                }
                break;
        }
    }

    /// <summary>One more line is up. A guest that ends the interrupt by its PIRQ alone never lowers any.</summary>
    private static void Count(ref PirqState state)
    {
        if (state.Pending != ushort.MaxValue)
            state.Pending++;
    }

    /// <summary>The guest's message as the local APICs get it: destination in bits 7:0 of its flags, redirection hint in bit
    /// 8, logical in bit 9, mode in bits 14:12, level in bit 15.</summary>
    private static InterruptMessage MessageOf(in PirqState state)
    {
        uint flags = state.MessageFlags;
        return InterruptMessage.Create(state.Vector, (DeliveryMode)(flags >> 12 & 7), (byte)flags, (flags & 1 << 9) != 0,
            (flags & 1 << 15) != 0, assert: true, (flags & 1 << 8) != 0);
    }

    /// <summary>The guest has served an interrupt of the machine.</summary>
    internal void End(PirqDomain domain, int pirq)
    {
        ref PirqState state = ref domain[pirq];
        if (state.InFlight == 0)
            return;
        state.InFlight = 0;
        EndMachine(state.Irq);
    }

    private void EndMachine(int irq)
    {
        ref MachineIrq its = ref _irqs[irq];
        if (its.InFlight == 0 || --its.InFlight != 0)
            return;
        if (Events.Observing)
            Events.Observe(new Event(EventKind.XenIrqEnded, 0, (uint)irq));
        bool again = its.Level != 0 ? its.Asserts : its.Again != 0;
        its.Again = 0;
        if (again)
            Arrive(irq);
    }

    /// <summary>A guest was bound: a level that asserts already arrives.</summary>
    internal void Look(int irq)
    {
        if (irq < Options.Gsis && _irqs[irq].Level != 0 && _irqs[irq].Asserts)
            Arrive(irq);
    }

    /// <summary>A device has gone: its messages do not come any more.</summary>
    internal void DropMessages(uint device)
    {
        for (int irq = Options.Gsis; irq < Options.Irqs; irq++)
        {
            if (_irqs[irq].Configured != 0 && _irqs[irq].Device == device)
                _irqs[irq].Configured = MachineIrq.DeviceGone;
        }
    }

    /// <summary>A binding ends: what the guest has not served no longer holds the interrupt up. If it was unmapped before, the
    /// lines of its guest are still up, and its EOI lowers them (Xen, pirq_guest_force_unbind leaves them alone).</summary>
    internal void Release(PirqDomain domain, int pirq)
    {
        ref PirqState state = ref domain[pirq];
        ref MachineIrq its = ref _irqs[state.Irq];
        if (its.Guests != 0 && --its.Guests == 0)
            its.Shared = 0;
        End(domain, pirq);
        if (state.Use != PirqUse.Leaving)
            state.Pending = 0;
    }
}
