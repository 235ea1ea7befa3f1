using Wirq.Events;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Kernels;

// Lines, the chips to which they are connected, and acknowledges (arch/x86/kvm/irq_comm.c, ioapic.c, i8259.c).
public sealed partial class SimulatedKernel
{
    // IOAPIC_MEM_LENGTH.
    private const ulong IoApicBytes = 0x100;

    /// <summary>Userspace drives a GSI (KVM_IRQ_LINE). If it is routed to a message, a rise sends the message and a
    /// fall has no effect. If it has no route, the call has no effect.</summary>
    /// <exception cref="KernelException">ENXIO: no chip is in the kernel.</exception>
    public void SetIrqLine(int gsi, bool high)
    {
        Figures.PortCalls++;
        if (_apics is null)
            throw Refused("KVM_IRQ_LINE", Errno.NoDevice, gsi, "it needs chips in the kernel");
        Begin();
        SetIrq(gsi, LineSources.Userspace, high);
    }

    void IKernelPort.SetLine(int gsi, bool asserted) => SetIrqLine(gsi, asserted);

    /// <summary>A redirection entry as a guest reads it; full mode.</summary>
    public RedirectionEntry IoApicEntry(int pin) => Chip().Entry(pin);

    /// <summary>The line of an I/OAPIC pin, as in IRR of KVM_GET_IRQCHIP for a level pin; full mode.</summary>
    public bool IoApicLine(int pin) => Chip().IsAsserted(pin);

    /// <summary>A guest writes an I/OAPIC register; full mode.</summary>
    public void WriteIoApic(uint offset, uint value)
    {
        Begin();
        Carry(Chip().Write(offset, value, _events));
    }

    /// <summary>A guest reads an I/OAPIC register; full mode.</summary>
    public uint ReadIoApic(uint offset) => Chip().Read(offset);

    /// <summary>A guest writes both halves of a redirection entry at once; full mode.</summary>
    public void WriteIoApicEntry(int pin, RedirectionEntry entry)
    {
        Begin();
        Carry(Chip().WriteEntry(pin, entry, _events));
    }

    /// <summary>Userspace sets one redirection entry and does not change the rest of the chip (KVM_GET_IRQCHIP,
    /// KVM_SET_IRQCHIP). No resampler is signalled, and a line that is high is injected again; full mode.</summary>
    public void SetIoApicEntry(int pin, RedirectionEntry entry)
    {
        IoApic chip = Chip();
        Begin();
        chip.SetPinState(pin, chip.PinState(pin) with { Entry = entry.WithRemoteIrr(false) });
        Scan();
        if (!chip.IsAsserted(pin))
            return;
        if (!entry.Level && !entry.Masked)
        {
            chip.SetPin(pin, high: false, _events);
            chip.SetPin(pin, high: true, _events);
        }
        chip.Service(default(PinSet).With(pin), _events);
        Drain();
    }

    /// <summary>A guest writes a port of the 8259 pair; full mode.</summary>
    public void WritePic(ushort port, byte value)
    {
        Begin();
        CarryPic(Pair().Write(port, value, _events));
    }

    /// <summary>A guest reads a port of the 8259 pair; full mode.</summary>
    public byte ReadPic(ushort port)
    {
        Begin();
        byte value = Pair().Read(port, _events, out PinWork work);
        CarryPic(work);
        return value;
    }

    /// <summary>The level of INTR of the 8259 pair; full mode.</summary>
    internal bool PicIntr => Pair().Intr;

    /// <summary>Whether an address is in the page of the I/OAPIC of this kernel, and its offset (ioapic_in_range).</summary>
    internal bool MapsIoApic(ulong address, out uint offset)
    {
        ulong first = _ioApic?.Options.Address ?? 0;
        offset = (uint)(address - first);
        return _ioApic is not null && address - first < IoApicBytes;
    }

    /// <summary>Whether a port is one of the 8259 pair of this kernel.</summary>
    internal bool MapsPort(ushort port) => _pic is not null && PicPair.Claims(port);

    /// <summary>The request registers of the 8259 pair, slave in bits 15:8; full mode.</summary>
    public ushort PicRequests => Pair().RequestRegister;

    private IoApic Chip() => _ioApic ?? throw NoChip();
    private PicPair Pair() => _pic ?? throw NoChip();

    private static KernelException NoChip() =>
        Refused("KVM_GET_IRQCHIP", Errno.NoDevice, -1, "the chip is not the kernel's");

    /// <summary>One source of a GSI rises or falls (kvm_set_irq).</summary>
    private void SetIrq(int gsi, LineSources source, bool high)
    {
        if ((uint)gsi >= (uint)_routes.Count)
            return;
        RouteState route = _routes[gsi];
        if (route.Kind == RouteKind.Message)
        {
            if (high)
                Deliver(route.Message);
            return;
        }
        if (route.Kind == RouteKind.None)
            return;
        if (route.Master != 0)
            _pic!.SetPin(route.Master - 1, Line(route.Master - 1, source, high), _events);
        if (route.Slave != 0)
        {
            int irq = PicPins / 2 + route.Slave - 1;
            _pic!.SetPin(irq, Line(irq, source, high), _events);
        }
        if (route.IoApic != 0)
            _ioApic!.SetPin(route.IoApic - 1, Line(PicPins + route.IoApic - 1, source, high), _events);
        Drain();
    }

    private bool Line(int pin, LineSources source, bool high)
    {
        ref PinState state = ref _pins[pin];
        state.Sources = high ? state.Sources | source : state.Sources & ~source;
        return state.Sources != 0;
    }

    /// <summary>Sends a pin's message to the local APICs, and gives the answer to the pin.</summary>
    private void SendOfPin(int pin, Msi message)
    {
        RefusalReason reason = _apics!.Deliver(Decode(message), Origin.Pin(0, pin), _events);
        PinWork work = default;
        _ioApic!.Accepted(pin, message, reason, _events, ref work);
        _ioApic.Service(work.Service, _events);
    }

    /// <summary>Does the work that a guest's write requests. If a rewrite to edge ends a level interrupt, no holder
    /// gets an acknowledge (ioapic_write_indirect).</summary>
    private void Carry(PinWork work)
    {
        PinSet asked = work.Resampled, served = work.Service;
        for (int pin; (pin = PinSet.Next(ref asked)) >= 0;)
        {
            int gsi = _pins[PicPins + pin].GsiAndOne - 1;
            if (gsi < 0 || _resamplers[gsi].Count == 0)
                continue;
            // kvm_notify_irqfd_resampler: the request is dropped, even if another source still drives the line. A
            // device that still needs service raises it again.
            _ioApic!.SetPin(pin, high: false, _events);
            served = served.Without(pin);
            SignalResamplers(gsi);
        }
        _ioApic!.Service(served, _events);
        Drain();
    }

    private void CarryPic(PinWork work)
    {
        PinSet acked = work.Acked;
        for (int pin; (pin = PinSet.Next(ref acked)) >= 0;)
            Acknowledge(pin);
        _pic!.Update(_events);
        Drain();
    }

    /// <summary>Acknowledges a pin (kvm_notify_acked_irq): the resampler of its GSI lowers the line once, and every
    /// resample eventfd of the GSI is signalled (irqfd_resampler_ack).</summary>
    private void Acknowledge(int pin)
    {
        int gsi = _pins[pin].GsiAndOne - 1;
        if (gsi < 0 || _resamplers[gsi].Count == 0)
            return;
        SetIrq(gsi, LineSources.Resampler, high: false);
        if (Has(KernelDefects.EoiLowersUserspaceToo))
            SetIrq(gsi, LineSources.Userspace, high: false);
        SignalResamplers(gsi);
    }

    private void SignalResamplers(int gsi)
    {
        for (int file = 0; file < _irqfds.Count; file++)
        {
            IrqfdState irqfd = _irqfds[file];
            if (!irqfd.Has(IrqfdFlags.Resampler) || irqfd.Gsi != gsi)
                continue;
            if (irqfd.ResampleAndOne != 0)
                EventFds.SignalFile(irqfd.ResampleAndOne - 1);
            if (Has(KernelDefects.ResamplesFirstOnly))
                return;
        }
    }

    /// <summary>A resample irqfd was removed (irqfd_resampler_shutdown). With the last one of its GSI the line
    /// falls.</summary>
    private void LeaveResampler(int gsi)
    {
        if ((uint)gsi >= (uint)_resamplers.Count)
            return;
        bool last = --_resamplers[gsi].Count == 0;
        if (!last && !Has(KernelDefects.LowersWithFirstResampler))
            return;
        Begin();
        SetIrq(gsi, LineSources.Resampler, high: false);
        if (last)
            Scan();
    }
}
