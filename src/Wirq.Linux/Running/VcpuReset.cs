namespace Wirq.Linux;

/// <summary>INIT and SIPI for a vCPU whose local APIC is not in the kernel. KVM leaves both to userspace
/// then.</summary>
/// <remarks>
/// <para>With an in-kernel local APIC send them as messages instead (<see cref="KvmVm.SignalMsi"/> with delivery mode
/// INIT or SIPI); KVM then keeps <see cref="KvmVcpu.MpState"/>.</para>
/// <para>After INIT the vCPU must not be entered until SIPI, except for the bootstrap processor, which starts at the
/// reset vector (Intel SDM vol. 3, 10.4.2). The owner of the vCPU must keep track of this.</para>
/// </remarks>
public sealed class VcpuReset
{
    private const int ParagraphsOfPage = 256, PageBytes = 4096;

    private readonly KvmRegisters _registers;
    private readonly KvmSystemRegisters _system;

    private VcpuReset(KvmRegisters registers, in KvmSystemRegisters system)
    {
        _registers = registers;
        _system = system;
    }

    /// <summary>Saves the state of a vCPU that was just created: KVM has reset it.</summary>
    /// <param name="vcpu">The vCPU, before any of its state was set.</param>
    public static VcpuReset Capture(KvmVcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        return new(vcpu.Registers, vcpu.SystemRegisters);
    }

    /// <summary>INIT: registers get their reset values, and nothing is pending. IA32_APIC_BASE, CR8 (which belongs to
    /// the local APIC) and other MSRs keep their values (Intel SDM vol. 3, table 10-1).</summary>
    /// <param name="vcpu">The vCPU, on its thread or while no thread runs it, with no unfinished instruction
    /// (<see cref="KvmVcpu.Complete"/>).</param>
    public void Init(KvmVcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        KvmSystemRegisters system = _system;
        system.ApicBase = vcpu.ApicBase != 0 ? vcpu.ApicBase : system.ApicBase;
        vcpu.Events = new KvmVcpuEvents { Flags = KvmVcpuEventFields.NmiPending | KvmVcpuEventFields.Shadow };
        vcpu.SystemRegisters = system;
        vcpu.Registers = _registers;
        vcpu.ForgetReadiness();
    }

    /// <summary>SIPI: the vCPU begins at page <paramref name="vector"/> in real mode (Intel SDM vol. 3,
    /// 10.4.4).</summary>
    /// <param name="vcpu">The vCPU, after <see cref="Init"/>.</param>
    /// <param name="vector">The vector of the SIPI.</param>
    public static void StartUp(KvmVcpu vcpu, byte vector)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        KvmSystemRegisters system = vcpu.SystemRegisters;
        system.Cs.Selector = (ushort)(vector * ParagraphsOfPage);
        system.Cs.Base = (ulong)vector * PageBytes;
        vcpu.SystemRegisters = system;
        KvmRegisters registers = vcpu.Registers;
        registers.Rip = 0;
        vcpu.Registers = registers;
        vcpu.ForgetReadiness();
    }
}
