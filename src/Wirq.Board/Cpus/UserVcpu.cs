using Wirq.Board.Bus;
using Wirq.Board.Machine;
using Wirq.Board.Workarounds;
using Wirq.Linux;
using Wirq.Remapping;

namespace Wirq.Board.Cpus;

/// <summary>Runs a vCPU whose interrupt controllers are all userspace's (delivery configuration `user`): the machine has
/// no in-kernel irqchip, and KVM injects what it is given.</summary>
/// <remarks>
/// <para>What it keeps in step: CR8 with TPR, for the guest's writes of CR8 do not exit; IA32_APIC_BASE with KVM, which
/// CPUID follows; and the vector that is injected with what the local APIC says at that moment: it is taken only when
/// KVM can inject it, at whichever exit that is.</para>
/// <para>To be prepared with <see cref="Prepare"/>: MSRs of the interrupt system must exit.</para>
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
    private bool _waitsForStartUp, _halted, _unfinished;
    private ulong _cr8;

    /// <summary>Takes over a vCPU.</summary>
    /// <param name="vcpu">The vCPU, just created: INIT restores its current state.</param>
    /// <param name="cpu">Its number in the interrupt system.</param>
    /// <param name="registers">The interrupt system, for its accesses.</param>
    /// <param name="interrupts">The interrupt system, for the interrupts that it takes.</param>
    /// <param name="devices">Everything else that it accesses.</param>
    /// <param name="memory">The guest's memory, for work-arounds.</param>
    /// <param name="workarounds">The work-arounds that this host needs; see <see cref="WorkaroundSet.For"/>.</param>
    /// <param name="ended">Called with how the guest ended, on the vCPU's thread.</param>
    public UserVcpu(KvmVcpu vcpu, int cpu, ICpuAccesses registers, ICpuInterrupts interrupts, DeviceBus devices,
        IGuestMemory memory, WorkaroundSet workarounds, Action<GuestEnd> ended)
    {
        ArgumentNullException.ThrowIfNull(workarounds);
        _cpu = cpu;
        _interrupts = interrupts;
        _accesses = new AccessExits(cpu, registers, devices);
        _reset = VcpuReset.Capture(vcpu);
        _ended = ended;
        _workarounds = workarounds;
        _view = new GuestView(vcpu, memory);
        // All but the bootstrap processor wait for INIT and SIPI (Intel SDM vol. 3, 9.4.3).
        _waitsForStartUp = cpu != 0;
    }

    /// <summary>What comes past its interrupts.</summary>
    public VcpuSignals Signals { get; } = new();

    /// <summary>Whether the guest has halted, and waits for an interrupt or an NMI.</summary>
    public bool IsHalted => Volatile.Read(ref _halted);

    /// <summary>Lets the MSRs of the interrupt system exit.</summary>
    /// <param name="vm">The machine, without an in-kernel irqchip.</param>
    /// <exception cref="Wirq.Routing.KernelException">This kernel does not have MSR exits.</exception>
    public static void Prepare(KvmVm vm)
    {
        ArgumentNullException.ThrowIfNull(vm);
        vm.EnableUserSpaceMsr(KvmMsrExits.Invalid | KvmMsrExits.Unknown | KvmMsrExits.Filter);
        // The MSRs that KVM would answer itself. It refuses the registers of x2APIC mode if it has no local APIC.
        vm.SetMsrFilter(new KvmMsrRange(ApicMsr.Base, 1, Both), new KvmMsrRange(ApicMsr.TscDeadline, 1, Both));
    }

    /// <summary>Starts it without INIT and SIPI: the guest begins where its registers say.</summary>
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
            bool waits = GiveInterrupt(vcpu);
            if (_workarounds.BeforeEntry(_view, waits && !_halted, Finish) == WorkaroundResult.LookAgain)
                GiveInterrupt(vcpu);
        }
        // A thread that calls the chips also carries out effects of others. They may be for this CPU, and no thread
        // kicks itself.
        while (Signals.Any);
        _cr8 = _interrupts.ReadCr8(_cpu);
        vcpu.Cr8 = _cr8;
        return _halted ? VcpuNext.Wait : VcpuNext.Enter;
    }

    /// <inheritdoc/>
    public VcpuNext Exited(KvmVcpu vcpu, KvmExit exit)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        _unfinished = exit.IsUnfinished;
        // The local APIC is reset already: what the CPU did since is what it would not have done, a shutdown too.
        if (Signals.HasInit)
            return VcpuNext.Enter;
        FollowCr8(vcpu);
        if (_workarounds.Exited(_view, exit))
            return VcpuNext.Enter;
        switch (exit.Reason)
        {
            case KvmExitReason.Port:
                _accesses.Serve(exit.Port);
                break;
            case KvmExitReason.Memory:
                _accesses.Serve(exit.Memory);
                break;
            case KvmExitReason.ReadMsr or KvmExitReason.WriteMsr:
                // KVM's own copy answers CPUID and the next system registers.
                if (_accesses.Serve(exit.Msr) && exit.Msr.Index == ApicMsr.Base)
                    vcpu.WriteMsr(ApicMsr.Base, exit.Msr.Value);
                break;
            case KvmExitReason.Halt:
                // KVM holds an NMI back behind STI, and leaves HLT to userspace before it lets it in: it wakes the CPU.
                _halted = vcpu.Events is not { NmiPending: not 0, NmiMasked: 0 };
                break;
            case KvmExitReason.InterruptWindow or KvmExitReason.Debug or KvmExitReason.SetTpr:
                break;
            default:
                return End(exit);
        }
        return VcpuNext.Enter;
    }

    /// <summary>Injects what the local APIC has, if KVM can take it.</summary>
    /// <returns>Whether something waits until KVM can.</returns>
    private bool GiveInterrupt(KvmVcpu vcpu)
    {
        // What a kick interrupted may have changed CR8, and with it what may be taken.
        FollowCr8(vcpu);
        if (!_interrupts.HasInterrupt(_cpu))
        {
            vcpu.RequestInterruptWindow = false;
            return false;
        }
        if (!vcpu.ReadyForInjection)
        {
            vcpu.RequestInterruptWindow = true;
            return true;
        }
        _workarounds.Injecting(_view, Finish);
        int vector = _interrupts.Take(_cpu);
        // Another CPU may have taken it from the 8259 in between.
        if (vector < 0)
            return false;
        vcpu.TryInterrupt((byte)vector);
        _halted = false;
        // After an ExtINT the local APIC's own interrupt may still wait, and the CPU was already notified of that.
        vcpu.RequestInterruptWindow = _interrupts.HasInterrupt(_cpu);
        return false;
    }

    /// <summary>Carries what the guest wrote to CR8 to the local APIC.</summary>
    private void FollowCr8(KvmVcpu vcpu)
    {
        // A MOV to CR8 of the current class would clear the sub-class of TPR (Intel SDM vol. 3, 11.8.6.1), but KVM does
        // not report it.
        if (vcpu.Cr8 == _cr8)
            return;
        _cr8 = vcpu.Cr8;
        _interrupts.TryWriteCr8(_cpu, _cr8);
    }

    /// <summary>Finishes what exited, and serves its further parts.</summary>
    private void Finish()
    {
        KvmVcpu vcpu = _view.Vcpu;
        while (vcpu.Complete() != KvmExitReason.Interrupted)
            Exited(vcpu, vcpu.Exit);
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
