using Wirq.Board.Machine;
using Wirq.Board.Workarounds;
using Wirq.Linux;
using Wirq.Xen;

namespace Wirq.Board.Xen;

/// <summary>The hypercalls of one vCPU. Only its thread uses it.</summary>
internal sealed class XenCpu(XenHypervisor xen, int cpu, GuestView view, Action<GuestEnd> ended)
{
    private const ulong LongModeActive = 0x400, InterruptsEnabled = 1 << 9;
    private const int UserLevel = 3;

    private readonly Hypercalls _calls = new(xen, cpu, ended);
    private bool _waits;

    /// <summary>Serves an exit.</summary>
    /// <param name="exit">The exit.</param>
    /// <param name="finish">Finishes the instruction that exited.</param>
    /// <returns>What the vCPU does then; null if the exit is not a hypercall, nor about the page of hypercalls.</returns>
    internal HypercallThen? Exited(KvmExit exit, Action finish)
    {
        switch (exit.Reason)
        {
            case KvmExitReason.Port when exit.Port is { IsWrite: true, Port: HypercallPage.Port, Size: HypercallPage.AccessBytes, Count: 1 }:
                finish();
                return Hypercall();
            case KvmExitReason.WriteMsr when exit.Msr.Index == xen.Msr:
                if (TryMakePage(exit.Msr.Value))
                    exit.Msr.Accept();
                else
                    exit.Msr.Fault();
                return HypercallThen.Continues;
            case KvmExitReason.ReadMsr when exit.Msr.Index == xen.Msr:
                // It cannot be read back (Xen, guest_rdmsr_xen).
                exit.Msr.Answer(0);
                return HypercallThen.Continues;
            default:
                return null;
        }
    }

    /// <summary>The vCPU is about to enter its guest.</summary>
    internal void Enter() => xen.Enter(cpu);

    /// <inheritdoc cref="XenHypervisor.OffersGlobal"/>
    internal bool OffersGlobal(int vector) => xen.OffersGlobal(cpu, vector);

    /// <inheritdoc cref="XenHypervisor.OffersGlobalAlone"/>
    internal bool OffersGlobalAlone() => xen.OffersGlobalAlone(cpu);

    /// <summary>Whether the vCPU goes on waiting.</summary>
    /// <param name="halted">Whether it has halted and got no interrupt since. A vCPU that waits in a hypercall counts as
    /// halted.</param>
    internal bool Waits(bool halted)
    {
        if (!_waits || halted && !xen.IsWoken(cpu))
            return halted;
        _waits = false;
        xen.EndWait(cpu);
        return false;
    }

    private HypercallThen Hypercall()
    {
        KvmRegisters registers = view.Vcpu.Registers;
        KvmSystemRegisters system = view.Vcpu.SystemRegisters;
        bool is64Bit = Is64Bit(system);
        // Only a kernel may call (Xen, hvm_hypercall). A guest can give its programs the port.
        HypercallAnswer answer = new GuestSelector(system.Cs.Selector).Privilege == UserLevel
            ? XenError.NotPermitted
            : _calls.Make(Xen.Hypercall.Of(registers, is64Bit), new CallerMemory(view, system, is64Bit),
                (registers.Rflags & InterruptsEnabled) != 0);
        registers.Rax = is64Bit ? (ulong)answer.Value : (uint)answer.Value;
        view.Vcpu.Registers = registers;
        _waits = answer.Then == HypercallThen.Waits;
        return answer.Then;
    }

    /// <summary>The guest wants the page of hypercalls.</summary>
    /// <param name="value">Its address, with the number of the page in bits 11:0; may be anything.</param>
    /// <returns>Whether it got it; else #GP.</returns>
    private bool TryMakePage(ulong value)
    {
        bool is64Bit = Is64Bit(view.Vcpu.SystemRegisters);
        return value % HypercallPage.Bytes == 0 && xen.Call(cpu, (value, is64Bit), static (me, a) =>
        {
            Span<byte> page = me.Pages.Page(XenHypervisor.Domain, a.value / HypercallPage.Bytes);
            if (page.IsEmpty)
                return false;
            HypercallPage.Write(page);
            me.Channels.LatchWidth(XenHypervisor.Domain, a.is64Bit);
            return true;
        });
    }

    private static bool Is64Bit(in KvmSystemRegisters system) => system.Cs.LongMode != 0 && (system.Efer & LongModeActive) != 0;
}
