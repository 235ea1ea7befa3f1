using Wirq.Events;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Kernels;

// The CPUs: their local APICs as a guest and as KVM_GET_LAPIC see them, ExtINT, and the guest's actions on an
// interrupt.
public sealed partial class SimulatedKernel
{
    private const uint EnabledSpurious = 0x1FF;

    /// <inheritdoc/>
    /// <exception cref="KernelException">EBADF: there is no such CPU. ENXIO: the 8259 pair is in the kernel. EEXIST:
    /// with local APICs in the kernel, the CPU has not taken the previous vector yet. Without them, the previous vector
    /// is overwritten and lost, so the caller must wait for the window (ready_for_interrupt_injection).</exception>
    public void RaiseExtInt(int cpu, byte vector)
    {
        const string call = "KVM_INTERRUPT";
        Figures.PortCalls++;
        if ((uint)cpu >= (uint)_cpus.Count)
            throw Refused(call, Errno.BadDescriptor, -1, $"there is no CPU {cpu}");
        if (_pic is not null)
            throw Refused(call, Errno.NoDevice, -1, "the 8259 pair is the kernel's");
        ref CpuState state = ref _cpus[cpu];
        if (_apics is not null && state.ExtIntAndOne != 0)
            throw Refused(call, Errno.Exists, -1, $"CPU {cpu} has not taken 0x{state.ExtIntAndOne - 1:x2}");
        state.ExtIntAndOne = vector + 1;
    }

    /// <summary>Whether a CPU would take an interrupt if its interrupt flag were set.</summary>
    public bool HasInterrupt(int cpu) => HasExtInt(cpu) || _apics is not null && _apics.HasInterrupt(cpu);

    /// <summary>Whether a CPU would take an ExtINT now if its interrupt flag were set. If not, waiting for its
    /// interrupt window is useless (kvm_apic_accept_pic_intr, dm_request_for_irq_injection).</summary>
    public bool AcceptsExtInt(int cpu) =>
        _cpus[cpu].ExtIntAndOne == 0 && (_apics is null || _apics.HasExtInt(cpu, intr: true));

    /// <summary>A guest reads CR8.</summary>
    public byte ReadCr8(int cpu) => Apics().ReadCr8(cpu);

    /// <summary>A guest writes CR8.</summary>
    /// <returns>False for <c>#GP</c>.</returns>
    public bool TryWriteCr8(int cpu, ulong value)
    {
        Begin();
        bool taken = Apics().TryWriteCr8(cpu, value, _events);
        Drain();
        return taken;
    }

    /// <summary>IA32_APIC_BASE of a CPU, without an access by its guest.</summary>
    internal ApicBase BaseOf(int cpu) => Apics().Base(cpu);

    /// <summary>The local APIC of a CPU.</summary>
    internal ref readonly ApicState ApicOf(int cpu) => ref Apics().State(cpu);

    /// <summary>Whether an address is in the page of a CPU's local APIC, and its offset.</summary>
    internal bool Maps(int cpu, ulong address, out uint offset) => Apics().Maps(cpu, address, out offset);

    /// <summary>The CPU takes its next interrupt, an ExtINT first (kvm_cpu_get_interrupt).</summary>
    /// <returns>The vector; -1 for none.</returns>
    public int Take(int cpu)
    {
        Begin();
        if (HasExtInt(cpu))
            return TakeExtInt(cpu);
        int vector = _apics?.TryTake(cpu, _events) ?? -1;
        Drain();
        return vector;
    }

    /// <summary>The guest signals the end of the highest interrupt in service.</summary>
    public void Eoi(int cpu)
    {
        if (_apics is null)
            return;
        Begin();
        if (_apics.Base(cpu).Mode == ApicMode.X2Apic)
            _apics.TryWriteMsr(cpu, ApicMsr.Of(ApicRegister.Eoi), 0, _events);
        else
            _apics.Write(cpu, (uint)ApicRegister.Eoi, 0, _events);
        Drain();
    }

    /// <summary>A guest enables a local APIC by its SVR, vector 0xFF.</summary>
    public void EnableApic(int cpu) => WriteApic(cpu, ApicRegister.SpuriousVector, EnabledSpurious);

    /// <summary>A guest writes a register of its local APIC, by its page or by MSR, depending on the mode.</summary>
    public void WriteApic(int cpu, ApicRegister register, uint value)
    {
        LocalApics apics = Apics();
        Begin();
        if (apics.Base(cpu).Mode == ApicMode.X2Apic)
            apics.TryWriteMsr(cpu, ApicMsr.Of(register), value, _events);
        else
            apics.Write(cpu, (uint)register, value, _events);
        Drain();
        if (register is ApicRegister.Id or ApicRegister.LogicalDestination or ApicRegister.DestinationFormat
            or ApicRegister.SpuriousVector)
            Scan();
    }

    /// <summary>A register of a local APIC, as KVM_GET_LAPIC has it.</summary>
    public uint ReadApic(int cpu, ApicRegister register)
    {
        LocalApics apics = Apics();
        Begin();
        uint value;
        if (apics.Base(cpu).Mode == ApicMode.X2Apic)
            value = apics.TryReadMsr(cpu, ApicMsr.Of(register), _events, out ulong wide) ? (uint)wide : 0;
        else
            value = apics.Read(cpu, (uint)register, _events);
        Drain();
        return value;
    }

    /// <summary>Userspace clears the pending vectors of a local APIC (KVM_SET_LAPIC with an IRR of zero).</summary>
    public void ClearRequests(int cpu)
    {
        Apics();
        _apics!.State(cpu).Irr = default;
    }

    /// <summary>A guest writes an MSR of its local APIC, IA32_APIC_BASE among them.</summary>
    /// <returns>False for <c>#GP</c>.</returns>
    public bool TryWriteMsr(int cpu, uint msr, ulong value)
    {
        Begin();
        bool taken = Apics().TryWriteMsr(cpu, msr, value, _events);
        Drain();
        if (msr is ApicMsr.Base || msr == ApicMsr.Of(ApicRegister.SpuriousVector))
            Scan();
        return taken;
    }

    /// <summary>A guest reads an MSR of its local APIC.</summary>
    /// <returns>False for <c>#GP</c>.</returns>
    public bool TryReadMsr(int cpu, uint msr, out ulong value)
    {
        Begin();
        bool taken = Apics().TryReadMsr(cpu, msr, _events, out value);
        Drain();
        return taken;
    }

    /// <summary>The signals besides vectors that a CPU received since the last call.</summary>
    internal CpuSignals TakeSignals(int cpu)
    {
        CpuSignals signals = _cpus[cpu].Signals;
        _cpus[cpu].Signals = CpuSignals.None;
        return signals;
    }

    /// <summary>Advances virtual time; timers expire.</summary>
    /// <param name="now">The new time in ns; not before the current one.</param>
    public void Advance(long now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(now, Now);
        Begin();
        _events.Now = now;
        _apics?.Advance(_events);
        _ioApic?.Advance(_events);
        Drain();
    }

    /// <summary>The next virtual time at which a timer expires, in ns; <see cref="long.MaxValue"/> for none.</summary>
    public long NextDeadline =>
        Math.Min(_apics?.NextDeadline ?? long.MaxValue, _ioApic?.NextDeadline ?? long.MaxValue);

    private LocalApics Apics() => _apics
        ?? throw Refused("KVM_GET_LAPIC", Errno.Invalid, -1, "the local APICs are not the kernel's");

    private bool HasExtInt(int cpu) => _apics is null ? _cpus[cpu].ExtIntAndOne != 0
        : _apics.HasExtInt(cpu, _pic is not null ? _pic.Intr : _cpus[cpu].ExtIntAndOne != 0);

    private int TakeExtInt(int cpu)
    {
        int vector;
        if (_pic is not null)
        {
            vector = _pic.Take(_events, out PinWork work);
            if (_events.Observing)
                _events.Observe(new VectorTaken(cpu, (byte)vector, VectorGiver.Pic).ToEvent());
            CarryPic(work);
        }
        else
        {
            vector = _cpus[cpu].ExtIntAndOne - 1;
            _cpus[cpu].ExtIntAndOne = 0;
        }
        _apics?.ExtIntTaken(cpu);
        Drain();
        return vector;
    }
}
