using Wirq.Board.Bus;
using Wirq.Board.Machine;
using Wirq.Board.Workarounds;
using Wirq.Board.Xen;
using Wirq.Linux;
using Wirq.Remapping;

namespace Wirq.Board.Cpus;

/// <summary>Runs a vCPU whose interrupt controllers are all in userspace (delivery configuration `user`). The machine
/// has no in-kernel irqchip, and KVM only injects.</summary>
/// <remarks>
/// <para>It synchronizes three things. CR8 and TPR: the guest's writes of CR8 do not exit. IA32_APIC_BASE and KVM's
/// copy, which CPUID follows. The injected vector and the local APIC: the vector is taken from the local APIC only when
/// KVM can inject it, at whatever exit that is.</para>
/// <para>Call <see cref="Prepare"/> first: MSRs of the interrupt system must exit.</para>
/// </remarks>
internal sealed class UserVcpu : IVcpuHandler
{
    private const KvmMsrAccess Both = KvmMsrAccess.Read | KvmMsrAccess.Write;

    private readonly int _cpu;
    private readonly ICpuInterrupts _interrupts;
    private readonly AccessExits _accesses;
    private readonly VcpuReset _reset;
    private readonly Action<GuestEnd> _ended;
    private readonly WorkaroundSet _workarounds;
    private readonly GuestView _view;
    private readonly XenCpu? _xen;
    private bool _waitsForStartUp, _halted, _unfinished, _tookGlobal;
    private ulong _cr8;

    /// <summary>Takes over a vCPU.</summary>
    /// <param name="vcpu">The vCPU, just created. INIT restores the state that it has now.</param>
    /// <param name="cpu">Its number in the interrupt system.</param>
    /// <param name="registers">The interrupt system, for accesses.</param>
    /// <param name="interrupts">The interrupt system, for interrupts.</param>
    /// <param name="devices">All other devices that it accesses.</param>
    /// <param name="memory">The guest's memory, for work-arounds.</param>
    /// <param name="workarounds">The work-arounds that this host needs; see <see cref="WorkaroundSet.For"/>.</param>
    /// <param name="ended">Called with how the guest ended, on the vCPU's thread.</param>
    /// <param name="xen">The hypervisor of the guest; null for none.</param>
    public UserVcpu(KvmVcpu vcpu, int cpu, ICpuAccesses registers, ICpuInterrupts interrupts, DeviceBus devices,
        IGuestMemory memory, WorkaroundSet workarounds, Action<GuestEnd> ended, XenHypervisor? xen = null)
    {
        ArgumentNullException.ThrowIfNull(workarounds);
        _cpu = cpu;
        _interrupts = interrupts;
        _accesses = new AccessExits(cpu, registers, devices);
        _reset = VcpuReset.Capture(vcpu);
        _ended = ended;
        _workarounds = workarounds;
        _view = new GuestView(vcpu, memory);
        _xen = xen is null ? null : new XenCpu(xen, cpu, _view, ended);
        // All CPUs except the bootstrap processor wait for INIT and SIPI (Intel SDM vol. 3, 9.4.3).
        _waitsForStartUp = cpu != 0;
    }

    /// <summary>Its events besides interrupts.</summary>
    public VcpuSignals Signals { get; } = new();

    /// <summary>Whether the guest has halted, and waits for an interrupt or an NMI.</summary>
    public bool IsHalted => Volatile.Read(ref _halted);

    /// <summary>Makes accesses to the MSRs of the interrupt system exit.</summary>
    /// <param name="vm">The machine, without an in-kernel irqchip.</param>
    /// <exception cref="Wirq.Routing.KernelException">This kernel does not support MSR exits.</exception>
    /// <param name="hypercalls">The MSR of a hypervisor, which must exit too; null for none.</param>
    public static void Prepare(KvmVm vm, uint? hypercalls = null)
    {
        ArgumentNullException.ThrowIfNull(vm);
        vm.EnableUserSpaceMsr(KvmMsrExits.Invalid | KvmMsrExits.Unknown | KvmMsrExits.Filter);
        // The MSRs that KVM would handle itself. It refuses the x2APIC registers if it has no local APIC.
        ReadOnlySpan<KvmMsrRange> own = [new(ApicMsr.Base, 1, Both), new(ApicMsr.TscDeadline, 1, Both)];
        vm.SetMsrFilter(hypercalls is { } msr ? [.. own, new(msr, 1, Both)] : own);
    }

    /// <summary>Starts the CPU without INIT and SIPI, at the address in its registers.</summary>
    public void StartHere() => _waitsForStartUp = false;

    /// <inheritdoc/>
    public VcpuNext BeforeEntry(KvmVcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        do
        {
            if (Signals.TakeInit())
                Init(vcpu);
            if (Signals.TakeStartUp(out byte vector) && _waitsForStartUp)
                StartUp(vcpu, vector);
            if (_waitsForStartUp)
                return VcpuNext.Wait;
            while (Signals.TakeNmi())
            {
                vcpu.Nmi();
                _halted = false;
            }
            _xen?.Enter();
            bool waits = GiveInterrupt(vcpu);
            if (_workarounds.BeforeEntry(_view, waits && !_halted, Finish) == WorkaroundResult.LookAgain)
                GiveInterrupt(vcpu);
        }
        // A thread that calls the chips also carries out effects of other callers. They may be for this CPU, and a
        // thread does not kick itself.
        while (Signals.Any);
        // Before CR8 is read: after that, nothing that the vCPU knows of the chips may be kept for the next exit.
        if (_xen is not null)
            _halted = _xen.Waits(_halted);
        _cr8 = _interrupts.ReadCr8(_cpu);
        vcpu.Cr8 = _cr8;
        return _halted ? VcpuNext.Wait : VcpuNext.Enter;
    }

    /// <inheritdoc/>
    public VcpuNext Exited(KvmVcpu vcpu, KvmExit exit)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        _unfinished = exit.IsUnfinished;
        // The local APIC is reset already. Later actions of the CPU do not count, not even a shutdown.
        if (Signals.HasInit)
            return VcpuNext.Enter;
        FollowCr8(vcpu);
        if (_workarounds.Exited(_view, exit))
            return VcpuNext.Enter;
        if (_xen?.Exited(exit, Finish) is { } then)
        {
            _halted = then == HypercallThen.Waits;
            return then == HypercallThen.Ends ? VcpuNext.Stop : VcpuNext.Enter;
        }
        if (_accesses.TryServe(exit))
            return VcpuNext.Enter;
        switch (exit.Reason)
        {
            case KvmExitReason.ReadMsr or KvmExitReason.WriteMsr:
                // KVM uses its own copy for CPUID and for the next system registers.
                if (_accesses.Serve(exit.Msr) && exit.Msr.Index == ApicMsr.Base)
                    vcpu.WriteMsr(ApicMsr.Base, exit.Msr.Value);
                break;
            case KvmExitReason.Halt:
                // KVM delays an NMI after STI. It reports HLT to userspace before it delivers the NMI. The NMI wakes
                // the CPU.
                _halted = vcpu.Events is not { NmiPending: not 0, NmiMasked: 0 };
                break;
            case KvmExitReason.InterruptWindow or KvmExitReason.Debug or KvmExitReason.SetTpr:
                break;
            default:
                return End(exit);
        }
        return VcpuNext.Enter;
    }

    /// <summary>Injects the interrupt of the local APIC, if KVM can take it.</summary>
    /// <returns>Whether an interrupt still waits until KVM can take it.</returns>
    private bool GiveInterrupt(KvmVcpu vcpu)
    {
        // Code that a kick interrupted may have changed CR8, and so which interrupts may be taken.
        FollowCr8(vcpu);
        if (!_interrupts.HasInterrupt(_cpu))
        {
            vcpu.RequestInterruptWindow = false;
            _tookGlobal = false;
            return false;
        }
        if (!vcpu.ReadyForInjection)
        {
            vcpu.RequestInterruptWindow = true;
            // The global vector of Xen stays on offer until its handler has cleared the flag: it has no window to wait for.
            return !(_tookGlobal && _xen!.OffersGlobalAlone());
        }
        _workarounds.Injecting(_view, Finish);
        int vector = _interrupts.Take(_cpu);
        // Another CPU may have taken it from the 8259 in between.
        if (vector < 0)
            return false;
        vcpu.TryInterrupt((byte)vector);
        _halted = false;
        _tookGlobal = _xen is not null && _xen.OffersGlobal(vector);
        // After an ExtINT, an interrupt of the local APIC may still wait, and the CPU was already notified of it.
        vcpu.RequestInterruptWindow = _interrupts.HasInterrupt(_cpu);
        return false;
    }

    /// <summary>Copies a guest's write of CR8 to the local APIC.</summary>
    private void FollowCr8(KvmVcpu vcpu)
    {
        // By the SDM, a MOV to CR8 with the current class clears the sub-class of TPR (Intel SDM vol. 3, 11.8.6.1). KVM
        // does not report such a write.
        if (vcpu.Cr8 == _cr8)
            return;
        _cr8 = vcpu.Cr8;
        _interrupts.TryWriteCr8(_cpu, _cr8);
    }

    /// <summary>Finishes the instruction that exited, and serves its remaining parts.</summary>
    private void Finish()
    {
        this.Finish(_view.Vcpu);
        _unfinished = false;
    }

    private void Init(KvmVcpu vcpu)
    {
        if (_unfinished)
            Finish();
        _workarounds.Forget(_view);
        _reset.Init(vcpu);
        _halted = false;
        // The bootstrap processor begins at the reset vector (Intel SDM vol. 3, 9.4.2).
        _waitsForStartUp = _cpu != 0;
        FollowReset(vcpu);
    }

    private void StartUp(KvmVcpu vcpu, byte vector)
    {
        VcpuReset.StartUp(vcpu, vector);
        _waitsForStartUp = false;
        FollowReset(vcpu);
    }

    private void FollowReset(KvmVcpu vcpu)
    {
        _cr8 = _interrupts.ReadCr8(_cpu);
        vcpu.Cr8 = _cr8;
    }

    private VcpuNext End(KvmExit exit)
    {
        _ended(Ends.Of(_cpu, exit, _view));
        return VcpuNext.Stop;
    }
}
