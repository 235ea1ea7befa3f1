using Wirq.Linux;

namespace Wirq.Board.Loading;

/// <summary>The state in which a CPU enters an image: protected mode with flat segments of 4 GiB, no paging, interrupts
/// off.</summary>
/// <remarks>Multiboot Specification 0.6.96, 3.2. The image has its own GDT and IDT. Until it has loaded them it must
/// not load a segment register.</remarks>
/// <param name="Eip">Address of the first instruction.</param>
/// <param name="Ebx">Physical address of the Multiboot information.</param>
public readonly record struct MultibootEntry(uint Eip, uint Ebx)
{
    /// <summary>The value of EAX, which identifies a Multiboot loader.</summary>
    public const uint Eax = 0x2BADB002;

    private const ushort CodeSelector = 0x08, DataSelector = 0x10;
    private const byte CodeType = 0xB, DataType = 0x3;
    private const ulong ProtectedMode = 1, MathPresent = 0x10, ReservedFlag = 2;

    /// <summary>Sets the registers of a vCPU.</summary>
    /// <param name="vcpu">The vCPU, just created or after <see cref="VcpuReset.Init"/>, on its thread or while no
    /// thread runs it.</param>
    /// <exception cref="Routing.KernelException">KVM refuses the registers.</exception>
    public void Apply(KvmVcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        vcpu.SystemRegisters = Enter(vcpu.SystemRegisters);
        vcpu.Registers = new KvmRegisters { Rip = Eip, Rax = Eax, Rbx = Ebx, Rflags = ReservedFlag };
    }

    /// <summary>The system registers of the entry, from those after reset. Registers that Multiboot does not define
    /// keep their values, for example IA32_APIC_BASE.</summary>
    internal static KvmSystemRegisters Enter(in KvmSystemRegisters reset)
    {
        KvmSystemRegisters system = reset;
        system.Cs = Flat(CodeSelector, CodeType);
        system.Ds = system.Es = system.Fs = system.Gs = system.Ss = Flat(DataSelector, DataType);
        system.Cr0 = ProtectedMode | MathPresent;
        system.Cr3 = system.Cr4 = system.Efer = 0;
        return system;
    }

    internal static KvmSegment Flat(ushort selector, byte type) => new()
    {
        Limit = uint.MaxValue,
        Selector = selector,
        Type = type,
        Present = 1,
        DefaultSize = 1,
        CodeOrData = 1,
        Granularity = 1,
    };
}
