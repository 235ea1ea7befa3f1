using System.Runtime.InteropServices;
using Wirq.State;

namespace Wirq.Lab.Kernels;

/// <summary>The target of a GSI.</summary>
internal enum RouteKind : byte
{
    None,
    Message,
    Chips,
}

/// <summary>The route of a GSI: one message, or up to one pin of each chip (virt/kvm/irqchip.c,
/// setup_routing_entry).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RouteState : IState
{
    public ulong Address;
    public uint Data;
    public RouteKind Kind;
    /// <summary>Pins, plus 1; 0 for none.</summary>
    public byte Master, Slave, IoApic;

    public readonly Msi Message => new(Address, Data);
}

/// <summary>The irqfd of an eventfd, in the slot of its eventfd: an eventfd can have only one.</summary>
internal struct IrqfdState : IState
{
    public int Gsi;
    /// <summary>The resample eventfd, plus 1; 0 for none, or if it was closed.</summary>
    public int ResampleAndOne;
    public IrqfdFlags Flags;
    /// <summary>The number of machines that bound the eventfd before this one.</summary>
    public int Order;

    public readonly bool Has(IrqfdFlags flag) => (Flags & flag) != 0;
}

[Flags]
internal enum IrqfdFlags
{
    None = 0,
    Bound = 1,
    /// <summary>Its injection waits in the work queue.</summary>
    Pending = 2,
    Resampler = 4,
}

/// <summary>A pin of a chip: its GSI, and the sources that drive it.</summary>
internal struct PinState : IState
{
    /// <summary>The GSI that is routed to it, plus 1; 0 for none. Acknowledges use it.</summary>
    public short GsiAndOne;
    public LineSources Sources;
}

/// <summary>The source ids of a pin, whose OR is its line (arch/x86/kvm/irq_comm.c,
/// kvm_irq_line_state).</summary>
[Flags]
internal enum LineSources : short
{
    None = 0,
    /// <summary>KVM_USERSPACE_IRQ_SOURCE_ID.</summary>
    Userspace = 1,
    /// <summary>KVM_IRQFD_RESAMPLE_IRQ_SOURCE_ID.</summary>
    Resampler = 2,
}

/// <summary>The number of resample irqfds of a GSI.</summary>
internal struct ResamplerState : IState
{
    public int Count;
}

/// <summary>The kernel's state of a CPU besides its local APIC.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CpuState : IState
{
    /// <summary>Vectors whose EOI an I/OAPIC gets (ioapic_handled_vectors).</summary>
    public Vectors256 Handled;
    /// <summary>The highest of them that is only there for an interrupt in flight, plus 1; 0 for none.</summary>
    public int StaleAndOne;
    /// <summary>The vector of the EOI that exits to userspace, plus 1; 0 for none. KVM has one such slot.</summary>
    public int ExitAndOne;
    /// <summary>The vector that userspace injected by KVM_INTERRUPT, plus 1; 0 for none.</summary>
    public int ExtIntAndOne;
    public CpuSignals Signals;
}

/// <summary>Signals to a CPU besides vectors.</summary>
[Flags]
internal enum CpuSignals
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>An NMI.</summary>
    Nmi = 1,
    /// <summary>An SMI.</summary>
    Smi = 2,
    /// <summary>An INIT; its local APIC has been reset already.</summary>
    Init = 4,
    /// <summary>A start-up message.</summary>
    StartUp = 8,
}
