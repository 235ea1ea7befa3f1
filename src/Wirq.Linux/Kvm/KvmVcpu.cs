using System.Runtime.InteropServices;
using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>A vCPU of KVM: its local APIC and registers, and injection that does not use its local APIC.</summary>
/// <remarks>
/// <para><see cref="Run"/> runs the guest on the calling thread. <see cref="Kick"/> may be called from any
/// thread.</para>
/// <para>Every other call waits while another thread runs the guest on this vCPU. So call them on that thread, or while
/// no thread runs it.</para>
/// </remarks>
public sealed partial class KvmVcpu : IDisposable
{
    private readonly KvmVm _vm;

    internal KvmVcpu(KvmVm vm, int id, FileDescriptor descriptor, Mapping runPage)
    {
        _vm = vm;
        Id = id;
        Descriptor = descriptor;
        RunPage = runPage;
    }

    /// <summary>Its id, which is also the id of its local APIC.</summary>
    public int Id { get; }

    /// <summary>Its descriptor.</summary>
    public FileDescriptor Descriptor { get; }

    /// <summary>The page that KVM shares with the process; it begins with a <see cref="KvmRunHeader"/>. See
    /// <see cref="Exit"/>.</summary>
    public Mapping RunPage { get; }

    /// <summary>Reads the beginning of <see cref="RunPage"/>.</summary>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    internal KvmRunHeader ReadRunHeader() => MemoryMarshal.Read<KvmRunHeader>(RunPage.AsSpan());

    /// <summary>Reads the local APIC (KVM_GET_LAPIC). Measured: PPR is stale until TPR is written or the guest
    /// runs.</summary>
    /// <param name="state">Its registers.</param>
    /// <exception cref="KernelException">EINVAL: the local APIC is not in the kernel.</exception>
    public void GetLapic(out LapicState state)
    {
        state = default;
        KvmCalls.GetLapic.Invoke(Descriptor, ref state, advice: LapicAdvice);
    }

    /// <summary>Sets the local APIC (KVM_SET_LAPIC). Measured: all registers except the version, PPR and the timer's
    /// current count read back as they were set.</summary>
    /// <param name="state">Its registers.</param>
    /// <exception cref="KernelException">EINVAL: the local APIC is not in the kernel, or the id does not match the
    /// vCPU.</exception>
    public void SetLapic(in LapicState state)
    {
        LapicState copy = state;
        KvmCalls.SetLapic.Invoke(Descriptor, ref copy, advice: LapicAdvice);
    }

    /// <summary>Reads one register of the local APIC.</summary>
    /// <exception cref="KernelException">EINVAL: the local APIC is not in the kernel.</exception>
    public uint ReadLapic(ApicRegister register)
    {
        GetLapic(out LapicState state);
        return state[register];
    }

    /// <summary>Sets one register of the local APIC, without the side effects of a guest's write.</summary>
    /// <exception cref="KernelException">EINVAL: the local APIC is not in the kernel.</exception>
    public void WriteLapic(ApicRegister register, uint value)
    {
        GetLapic(out LapicState state);
        state[register] = value;
        SetLapic(state);
    }

    /// <summary>Its run state (KVM_GET_MP_STATE, KVM_SET_MP_STATE).</summary>
    /// <exception cref="KernelException">EINVAL: without an in-kernel local APIC, only
    /// <see cref="KvmMpState.Runnable"/> is possible.</exception>
    public KvmMpState MpState
    {
        get
        {
            MpStateWord word = default;
            KvmCalls.GetMpState.Invoke(Descriptor, ref word);
            return word.State;
        }
        set
        {
            var word = new MpStateWord { State = value };
            KvmCalls.SetMpState.Invoke(Descriptor, ref word,
                advice: "without an in-kernel local APIC a vCPU can only be runnable");
        }
    }

    /// <summary>The general registers (KVM_GET_REGS, KVM_SET_REGS).</summary>
    public KvmRegisters Registers
    {
        get
        {
            KvmRegisters registers = default;
            KvmCalls.GetRegisters.Invoke(Descriptor, ref registers);
            return registers;
        }
        set => KvmCalls.SetRegisters.Invoke(Descriptor, ref value);
    }

    /// <summary>The system registers, IA32_APIC_BASE and CR8 included (KVM_GET_SREGS, KVM_SET_SREGS).</summary>
    /// <exception cref="KernelException">EINVAL: they contradict each other or CPUID. For x2APIC mode, call
    /// <see cref="SetCpuid"/> first.</exception>
    public KvmSystemRegisters SystemRegisters
    {
        get
        {
            KvmSystemRegisters registers = default;
            KvmCalls.GetSystemRegisters.Invoke(Descriptor, ref registers);
            return registers;
        }
        set => KvmCalls.SetSystemRegisters.Invoke(Descriptor, ref value,
            advice: "the registers contradict each other, or CPUID: set that first");
    }

    /// <summary>The CPUID leaves of the guest (KVM_GET_CPUID2). Measured: KVM may add to what was set.</summary>
    public KvmCpuidLeaf[] GetCpuid()
    {
        const int room = 256;
        var rows = new CountedRows<KvmCpuidLeaf>();
        rows.Room(room).Clear();
        int count = room;
        int result = rows.TryInvoke(KvmCalls.GetCpuid, Descriptor, ref count);
        return result >= 0 ? rows.Room(count).ToArray() : throw HostError.Of(KvmCalls.GetCpuid.Name, -result);
    }

    /// <summary>Sets the CPUID leaves of the guest (KVM_SET_CPUID2), before the guest first runs.</summary>
    /// <param name="leaves">The leaves, for example those of <see cref="KvmSystem.GetSupportedCpuid"/>.</param>
    /// <exception cref="KernelException">There are too many, or the guest has run already.</exception>
    public void SetCpuid(ReadOnlySpan<KvmCpuidLeaf> leaves)
    {
        var rows = new CountedRows<KvmCpuidLeaf>();
        leaves.CopyTo(rows.Room(leaves.Length));
        int count = leaves.Length;
        int result = rows.TryInvoke(KvmCalls.SetCpuid, Descriptor, ref count);
        if (result < 0)
            throw HostError.Of(KvmCalls.SetCpuid.Name, -result);
    }

    /// <summary>Injects a vector without the local APIC, as an 8259 does (KVM_INTERRUPT).</summary>
    /// <param name="vector">The vector that the INTA cycle returned.</param>
    /// <remarks>With a split irqchip the vector waits in KVM until the guest takes it. Without an irqchip the guest
    /// takes it at the next entry, even if RFLAGS.IF is clear, and a second one replaces it (measured). So call it only
    /// if <see cref="KvmRunHeader.ReadyForInjection"/> is set.</remarks>
    /// <exception cref="KernelException">EEXIST: a vector waits already. ENXIO: the 8259 is in the kernel.</exception>
    public void Interrupt(byte vector)
    {
        var request = new InterruptRequest { Vector = vector };
        int result = KvmCalls.Interrupt.TryInvoke(Descriptor, ref request);
        if (result < 0)
            throw HostError.Of(KvmCalls.Interrupt.Name, -result, advice: -result switch
            {
                Errno.Exists => $"vCPU {Id} has one waiting already; wait for its interrupt window",
                Errno.NoSuchDevice => "the kernel has the 8259 itself; set its lines instead",
                _ => null,
            });
    }

    /// <summary>Makes an NMI pending (KVM_NMI).</summary>
    public void Nmi() => KvmCalls.Nmi.Invoke(Descriptor);

    /// <summary>Closes the vCPU. Its machine continues, but cannot create another vCPU with this id.</summary>
    public void Dispose()
    {
        RunPage.Dispose();
        Descriptor.Dispose();
    }

    private string? LapicAdvice => _vm.IrqChip == KvmIrqChip.None
        ? "the machine has no in-kernel irqchip; create one before the first vCPU" : null;
}
