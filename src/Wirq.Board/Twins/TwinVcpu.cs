using System.Globalization;
using Wirq.Board.Cpus;
using Wirq.Board.Mailbox;
using Wirq.Linux;
using Wirq.Routing;

namespace Wirq.Board.Twins;

/// <summary>Runs a vCPU of a scenario whose local APIC is in the kernel.</summary>
/// <param name="cpu">Its number.</param>
/// <param name="fabric">The interrupt system, which has the 8259s.</param>
/// <param name="accesses">Serves its accesses.</param>
/// <param name="port">The kernel.</param>
internal sealed class TwinVcpu(int cpu, Fabric fabric, AccessExits accesses, IKernelPort port) : IVcpuHandler
{
    private const int None = -1;

    private bool _offers, _forces;
    private int _exit = None;

    /// <summary>The vector of the 8259s that it got since the last <see cref="Offer"/>; -1 for none.</summary>
    internal int Given { get; private set; } = None;

    /// <summary>From here on, the vector of the 8259s is offered when the guest's interrupt window is open.</summary>
    /// <param name="inta">Whether the INTA cycle is run even if INTR is low.</param>
    internal void Offer(bool inta) => (_offers, _forces, Given) = (true, inta, None);

    /// <summary>Ends the offer.</summary>
    internal void Withdraw() => _offers = false;

    /// <summary>Takes the EOI that KVM reported; there is one such slot.</summary>
    /// <returns>Its vector; -1 for none.</returns>
    internal int TakeExit() => (_exit, _exit = None).Item1;

    /// <summary>The EOI that KVM reported and that was not taken yet; -1 for none.</summary>
    internal int Exit
    {
        get => _exit;
        init => _exit = value;
    }

    /// <inheritdoc/>
    public VcpuNext BeforeEntry(KvmVcpu vcpu)
    {
        bool waits = _offers && Given < 0 && (_forces || fabric.Pic is { Intr: true });
        if (waits && vcpu.ReadyForInjection)
        {
            // Not earlier: until the window is open the 8259s may withdraw the request or mask it.
            Given = fabric.Inta(cpu);
            port.RaiseExtInt(cpu, (byte)Given);
            waits = false;
        }
        vcpu.RequestInterruptWindow = waits;
        return VcpuNext.Enter;
    }

    /// <inheritdoc/>
    public VcpuNext Exited(KvmVcpu vcpu, KvmExit exit)
    {
        if (accesses.TryServe(exit))
            return VcpuNext.Enter;
        switch (exit.Reason)
        {
            case KvmExitReason.IoApicEoi:
                _exit = exit.EoiVector;
                break;
            case KvmExitReason.InterruptWindow or KvmExitReason.Halt or KvmExitReason.SetTpr:
                break;
            default:
                throw new MailboxException(cpu, "go on", string.Create(CultureInfo.InvariantCulture, $"ended: {exit.ToString()}"));
        }
        return VcpuNext.Enter;
    }
}
