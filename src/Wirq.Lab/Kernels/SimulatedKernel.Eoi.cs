using Wirq.State;

namespace Wirq.Lab.Kernels;

// The receivers of an EOI (arch/x86/kvm/lapic.c, kvm_ioapic_send_eoi; irq_comm.c, kvm_scan_ioapic_irq).
public sealed partial class SimulatedKernel
{
    // The pin of the real-time clock: KVM tracks its EOIs in both trigger modes (ioapic.h, RTC_GSI).
    private const int ClockPin = 8;

    /// <summary>Takes an EOI that exits to userspace (KVM_EXIT_IOAPIC_EOI).</summary>
    /// <param name="cpu">The CPU that signalled it, the lowest first.</param>
    /// <param name="vector">Its vector.</param>
    /// <returns>Whether there is one.</returns>
    /// <remarks>A CPU has one such slot and leaves its guest at once. If a guest ends two interrupts before its exit is
    /// taken, the first one is lost, as in a KVM that emulates EOIs in a batch.</remarks>
    public bool TryTakeExit(out int cpu, out byte vector)
    {
        bool any = TryFindExit(0, out cpu);
        vector = any ? TakeExit(cpu) : (byte)0;
        return any;
    }

    /// <summary>The first CPU, from a given one on, that leaves its guest for an EOI; -1 if there is none.</summary>
    internal bool TryFindExit(int from, out int cpu)
    {
        for (cpu = from; cpu < _cpus.Count; cpu++)
        {
            if (_cpus[cpu].ExitAndOne != 0)
                return true;
        }
        cpu = -1;
        return false;
    }

    /// <summary>Takes the EOI of a CPU that leaves its guest for it.</summary>
    /// <returns>The vector.</returns>
    internal byte TakeExit(int cpu)
    {
        var vector = (byte)(_cpus[cpu].ExitAndOne - 1);
        _cpus[cpu].ExitAndOne = 0;
        Figures.EoiExits++;
        return vector;
    }

    private void BroadcastEoi(int cpu, byte vector)
    {
        ref CpuState state = ref _cpus[cpu];
        if (!state.Handled.Has(vector))
            return;
        bool stale = state.StaleAndOne == vector + 1;
        bool level = _apics!.State(cpu).Tmr.Has(vector);
        if (_ioApic is not null)
            EndAtIoApic(vector, level);
        else if (!IsSuppressed(cpu) && (level || !Has(KernelDefects.LooksAtTmr)))
            state.ExitAndOne = vector + 1;
        if (stale && Options.Behaviour.MovedRouteEoi == MovedRouteEoi.ToldOnce)
            Scan(cpu);
    }

    private bool IsSuppressed(int cpu) => (Options.X2ApicApi & SimulatedX2ApicApi.EnableSuppressEoi) != 0
        && _apics!.State(cpu).Spurious.SuppressBroadcast;

    /// <summary>The in-kernel I/OAPIC gets the EOI (kvm_ioapic_update_eoi). Every pin of the vector is acknowledged,
    /// with any trigger mode and Remote IRR. After that, a level interrupt is ended.</summary>
    private void EndAtIoApic(byte vector, bool level)
    {
        for (int pin = 0; pin < IoApicPins; pin++)
        {
            if (_ioApic!.Entry(pin).Vector == vector)
                Acknowledge(PicPins + pin);
        }
        if (!level)
            return;
        PinWork work = default;
        _ioApic!.Eoi(vector, _events, ref work);
        _ioApic.Service(work.Service, _events);
    }

    /// <summary>Recomputes, for every CPU, which EOIs an I/OAPIC gets.</summary>
    private void Scan()
    {
        if (_apics is null)
            return;
        for (int cpu = 0; cpu < _cpus.Count; cpu++)
            Scan(cpu);
    }

    private void Scan(int cpu)
    {
        ref CpuState state = ref _cpus[cpu];
        state.Handled = default;
        state.StaleAndOne = 0;
        if (_ioApic is not null)
            ScanPins(cpu, ref state);
        else
            ScanRoutes(cpu, ref state);
    }

    private void ScanRoutes(int cpu, ref CpuState state)
    {
        int gsis = Has(KernelDefects.TellsUnreservedEoi) ? _routes.Count : Options.ReservedGsis;
        for (int gsi = 0; gsi < gsis; gsi++)
        {
            ref readonly RouteState route = ref _routes[gsi];
            if (route.Kind != RouteKind.Message || !route.Message.Data.Level)
                continue;
            InterruptMessage message = Decode(route.Message);
            Handle(cpu, ref state, message.Vector, message.Destination, message.Logical,
                Options.Behaviour.MovedRouteEoi != MovedRouteEoi.Lost);
        }
    }

    private void ScanPins(int cpu, ref CpuState state)
    {
        for (int pin = 0; pin < IoApicPins; pin++)
        {
            RedirectionEntry entry = _ioApic!.Entry(pin);
            int gsi = _pins[PicPins + pin].GsiAndOne - 1;
            if (_ioApic.IsLevel(entry) || pin == ClockPin || gsi >= 0 && _resamplers[gsi].Count != 0)
                Handle(cpu, ref state, entry.Vector, entry.Destination, entry.Logical, inFlight: true);
        }
    }

    private void Handle(int cpu, ref CpuState state, byte vector, uint destination, bool logical, bool inFlight)
    {
        if (_apics!.IsAddressed(cpu, destination, logical))
        {
            state.Handled.Add(vector);
            return;
        }
        ref readonly ApicState apic = ref _apics.State(cpu);
        if (!inFlight || !apic.Irr.Has(vector) && !apic.Isr.Has(vector))
            return;
        state.Handled.Add(vector);
        state.StaleAndOne = Math.Max(state.StaleAndOne, vector + 1);
    }
}
