using Wirq.Linux;

namespace Wirq.Board.Twins;

/// <summary>The state of a vCPU whose local APIC is in the kernel, as a live update carries it to a new machine.</summary>
internal readonly struct VcpuState
{
    private readonly KvmRegisters _registers;
    private readonly KvmSystemRegisters _system;
    private readonly KvmVcpuEvents _events;
    private readonly KvmMpState _mpState;
    private readonly LapicState _lapic;

    /// <summary>Reads it. The last instruction that exited must be finished.</summary>
    internal VcpuState(KvmVcpu vcpu)
    {
        (_registers, _system, _events, _mpState) = (vcpu.Registers, vcpu.SystemRegisters, vcpu.Events, vcpu.MpState);
        vcpu.GetLapic(out _lapic);
    }

    /// <summary>Gives it to a new vCPU, which has its CPUID already.</summary>
    internal void GiveTo(KvmVcpu vcpu)
    {
        // The system registers contain the mode of the local APIC, on which the layout of its id depends.
        vcpu.SystemRegisters = _system;
        vcpu.Registers = _registers;
        vcpu.SetLapic(_lapic);
        vcpu.MpState = _mpState;
        vcpu.Events = _events;
    }
}
