using Wirq.Board.Bus;
using Wirq.Board.Machine;
using Wirq.Board.Workarounds;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Remapping;

namespace Wirq.Board.Cpus;

/// <summary>Runs a vCPU whose local APIC is KVM's (delivery configurations `split` and `kernel`): KVM injects, handles
/// halts, INIT and SIPI, and reports the EOIs of level vectors if the I/OAPIC is in userspace.</summary>
internal sealed class KernelVcpu : IVcpuHandler
{
    private readonly int _cpu;
    private readonly FabricHost _host;
    private readonly BoardChips _chips;
    private readonly AccessExits _accesses;
    private readonly Action<GuestEnd> _ended;
    private readonly WorkaroundSet _workarounds;
    private readonly GuestView _view;
    private bool _intr;

    /// <summary>Takes over a vCPU.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="cpu">Its number in the interrupt system.</param>
    /// <param name="host">The interrupt system, whose local APICs are the kernel's.</param>
    /// <param name="chips">The interrupt system, as vCPUs access it.</param>
    /// <param name="devices">All other devices that it accesses.</param>
    /// <param name="memory">The guest's memory, for work-arounds.</param>
    /// <param name="workarounds">The work-arounds that this host needs.</param>
    /// <param name="ended">Called with how the guest ended, on the vCPU's thread.</param>
    internal KernelVcpu(KvmVcpu vcpu, int cpu, FabricHost host, BoardChips chips, DeviceBus devices, IGuestMemory memory,
        WorkaroundSet workarounds, Action<GuestEnd> ended)
    {
        _cpu = cpu;
        _host = host;
        _chips = chips;
        _accesses = new AccessExits(cpu, chips, devices);
        _ended = ended;
        _workarounds = workarounds;
        _view = new GuestView(vcpu, memory);
    }

    /// <summary>The level of the 8259s' INTR changed. The caller then kicks the vCPU.</summary>
    internal void SetIntr(bool high) => Volatile.Write(ref _intr, high);

    /// <inheritdoc/>
    public VcpuNext BeforeEntry(KvmVcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        if (Volatile.Read(ref _intr))
            GiveExtInt(vcpu);
        else
            vcpu.RequestInterruptWindow = false;
        _workarounds.BeforeEntry(_view, interruptWaits: false, Finish);
        return VcpuNext.Enter;
    }

    /// <inheritdoc/>
    public VcpuNext Exited(KvmVcpu vcpu, KvmExit exit)
    {
        if (_workarounds.Exited(_view, exit) || _accesses.TryServe(exit))
            return VcpuNext.Enter;
        switch (exit.Reason)
        {
            case KvmExitReason.IoApicEoi:
                _chips.Eoi(_cpu, exit.EoiVector);
                break;
            case KvmExitReason.InterruptWindow or KvmExitReason.Halt or KvmExitReason.SetTpr:
                break;
            default:
                _ended(Ends.Of(_cpu, exit, _view));
                return VcpuNext.Stop;
        }
        return VcpuNext.Enter;
    }

    /// <summary>Runs the INTA cycle when KVM takes the vector, and not before: until then the 8259s can withdraw the
    /// request. KVM is ready to take it only if LINT0 passes ExtINT.</summary>
    private void GiveExtInt(KvmVcpu vcpu)
    {
        if (!vcpu.ReadyForInjection)
        {
            vcpu.RequestInterruptWindow = true;
            return;
        }
        int vector = _host.Do(fabric => fabric.Pic is { Intr: true } ? fabric.Inta(_cpu) : -1);
        if (vector < 0)
            return;
        vcpu.TryInterrupt((byte)vector);
        // INTR may be high again, for example with automatic EOI. This thread carried out that effect itself, so it is
        // not kicked.
        vcpu.RequestInterruptWindow = Volatile.Read(ref _intr);
    }

    private void Finish() => this.Finish(_view.Vcpu);
}
