using Wirq.Xen;

namespace Wirq.Lab.Scenarios;

/// <summary>The machine below the hypervisor, whose devices its dom0 passes on.</summary>
internal sealed record PassthroughSpec
{
    /// <summary>How devices are passed on.</summary>
    public PassthroughDesign Design { get; init; }
    /// <summary>The devices, by name.</summary>
    public IReadOnlyList<(string Name, PassedDevice Device)> Devices { get; init; } = [];
    /// <summary>What ACPI says of their pins.</summary>
    public IReadOnlyList<PrtEntry> Entries { get; init; } = [];
    /// <summary>The link devices.</summary>
    public IReadOnlyList<AcpiLink> Links { get; init; } = [];
    /// <summary>Steps that nobody makes.</summary>
    public IReadOnlyList<PassthroughStep> Without { get; init; } = [];
    /// <summary>Whether an EOI at a masked pin of the guest ends nothing.</summary>
    public bool MaskedEoiEndsNothing { get; init; }
}

/// <summary>A domain of a Xen hypervisor, as the laboratory sees it.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Name">Its name in steps; empty for the machine's own, whose vCPUs are its CPUs.</param>
/// <param name="Frames">The number of its pages besides the shared-info page.</param>
/// <param name="Options">The domain.</param>
internal sealed record XenDomainSpec(FilePosition At, string Name, int Frames, XenDomainOptions Options);

/// <summary>A port in a scenario: a name that a step gave it, or a number.</summary>
/// <param name="Name">The number of the name; -1 for none.</param>
/// <param name="Number">The port, if it has no name.</param>
internal readonly record struct PortRef(int Name, uint Number)
{
    private const int NameShift = 32;

    /// <summary>As a number of 33 bits and more.</summary>
    internal ulong Packed => Name < 0 ? Number : (ulong)(Name + 1) << NameShift;

    internal static PortRef Of(ulong packed) => new((int)(packed >> NameShift) - 1, (uint)packed);
}

/// <summary>Guest words of the machine's own domain that are registers in a scenario.</summary>
internal enum XenWord
{
    /// <summary><c>evtchn_upcall_pending</c> of a vCPU.</summary>
    Upcall,
    /// <summary><c>evtchn_pending_sel</c> of a vCPU.</summary>
    Selector,
    /// <summary>Whether a port is pending, in either ABI.</summary>
    Pending,
    /// <summary>Whether a port is masked, in either ABI.</summary>
    Mask,
    /// <summary>The word of a port in the FIFO ABI.</summary>
    Event,
    /// <summary>The ready bits of a vCPU's control block.</summary>
    Ready,
    /// <summary>A head in a vCPU's control block.</summary>
    Head,
}

/// <summary>What a guest asks of its hypervisor, or what the hypervisor or its toolstack does by itself.</summary>
internal enum XenAction
{
    /// <summary>EVTCHNOP_alloc_unbound.</summary>
    AllocUnbound,
    /// <summary>EVTCHNOP_bind_interdomain.</summary>
    BindInterdomain,
    /// <summary>EVTCHNOP_bind_virq.</summary>
    BindVirq,
    /// <summary>EVTCHNOP_bind_ipi.</summary>
    BindIpi,
    /// <summary>EVTCHNOP_bind_pirq.</summary>
    BindPirq,
    /// <summary>EVTCHNOP_close.</summary>
    Close,
    /// <summary>EVTCHNOP_send.</summary>
    Send,
    /// <summary>EVTCHNOP_status.</summary>
    Status,
    /// <summary>EVTCHNOP_bind_vcpu.</summary>
    BindVcpu,
    /// <summary>EVTCHNOP_unmask.</summary>
    Unmask,
    /// <summary>EVTCHNOP_reset.</summary>
    Reset,
    /// <summary>EVTCHNOP_init_control.</summary>
    InitControl,
    /// <summary>EVTCHNOP_expand_array.</summary>
    ExpandArray,
    /// <summary>EVTCHNOP_set_priority.</summary>
    SetPriority,
    /// <summary>SCHEDOP_poll.</summary>
    Poll,
    /// <summary>The timeout of SCHEDOP_poll comes.</summary>
    EndPoll,
    /// <summary>VCPUOP_register_vcpu_info.</summary>
    RegisterVcpuInfo,
    /// <summary>HVM_PARAM_CALLBACK_IRQ.</summary>
    SetCallback,
    /// <summary>HVMOP_set_evtchn_upcall_vector.</summary>
    SetVector,
    /// <summary>A domain handles all its events at once.</summary>
    Handle,
    /// <summary>PHYSDEVOP_map_pirq of a GSI.</summary>
    MapPirq,
    /// <summary>PHYSDEVOP_map_pirq of a message of a passed device.</summary>
    MapMessage,
    /// <summary>PHYSDEVOP_unmap_pirq.</summary>
    UnmapPirq,
    /// <summary>PHYSDEVOP_eoi.</summary>
    EndPirq,
    /// <summary>PHYSDEVOP_irq_status_query.</summary>
    QueryPirq,
    /// <summary>PHYSDEVOP_get_free_pirq.</summary>
    GetFreePirq,
    /// <summary>PHYSDEVOP_setup_gsi.</summary>
    SetupGsi,
    /// <summary>XEN_DOMCTL_gsi_permission.</summary>
    GsiPermission,
    /// <summary>XEN_DOMCTL_irq_permission.</summary>
    IrqPermission,
    /// <summary>XEN_DOMCTL_bind_pt_irq to a message of the guest.</summary>
    BindMessage,
    /// <summary>dom0 passes a device on.</summary>
    Pass,
    /// <summary>dom0 takes it back.</summary>
    Return,
    /// <summary>A driver of dom0 enables a device.</summary>
    EnableDevice,
    /// <summary>dom0 writes an entry of its I/OAPIC, and unmasks it.</summary>
    UnmaskPin,
    /// <summary>dom0 ended the interrupt of a pin of its own.</summary>
    EndPin,
    /// <summary>A wire of the machine below changes.</summary>
    Wire,
    /// <summary>A device of the machine below sends its message.</summary>
    MachineMessage,
    /// <summary>A device of the machine below is taken out.</summary>
    RemoveDevice,
    /// <summary>A virtual interrupt happens.</summary>
    RaiseVirq,
    /// <summary>A physical interrupt happens.</summary>
    RaisePirq,
    /// <summary>A link device leads to another ISA IRQ.</summary>
    Link,
    /// <summary>The vCPUs of a domain are stopped.</summary>
    Pause,
    /// <summary>They go on.</summary>
    Unpause,
}

/// <summary>The arguments of a <see cref="XenCommand"/>; each has those that it needs.</summary>
internal sealed record XenArguments
{
    public uint Vcpu { get; init; }
    public uint Virq { get; init; }
    public uint Pirq { get; init; }
    public PortRef Port { get; init; } = new(-1, 0);
    public IReadOnlyList<PortRef> Ports { get; init; } = [];
    /// <summary>The id of a domain.</summary>
    public ushort Domain { get; init; }
    /// <summary>The id of the domain at the other end.</summary>
    public ushort Remote { get; init; }
    public ulong Frame { get; init; }
    public uint Offset { get; init; }
    public uint Priority { get; init; }
    /// <summary>HVM_PARAM_CALLBACK_IRQ.</summary>
    public ulong Via { get; init; }
    public byte Vector { get; init; }
    public int Link { get; init; }
    public int Irq { get; init; }
    /// <summary>A GSI of the machine below, or of the guest.</summary>
    public int Gsi { get; init; } = -1;
    /// <summary>The place of a passed device.</summary>
    public int Device { get; init; }
    /// <summary>A PIRQ; -1 for a free one.</summary>
    public int Number { get; init; } = -1;
    /// <summary>Whether a pin is level-triggered, or a wire is high.</summary>
    public bool Level { get; init; } = true;
    public bool Low { get; init; } = true;
    /// <summary>Steps that are left out.</summary>
    public IReadOnlyList<PassthroughStep> Without { get; init; } = [];
    /// <summary>The expected status of a port; -1 for any.</summary>
    public int Status { get; init; } = -1;
}

/// <summary>Make a hypercall, or have the hypervisor do something.</summary>
/// <param name="Action">What.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="As">The number of the name that the new port gets; -1 for none.</param>
/// <param name="Gets">The expected port or PIRQ; -1 for any.</param>
/// <param name="Gives">The expected answer, a positive error number; see <see cref="AnyAnswer"/> and <see
/// cref="Blocks"/>.</param>
internal sealed record XenCommand(XenAction Action, XenArguments Arguments, int As = -1, int Gives = 0, int Gets = -1) : CpuCommand
{
    /// <summary>Any answer.</summary>
    internal const int AnyAnswer = -1;
    /// <summary>The vCPU waits.</summary>
    internal const int Blocks = -2;
}

/// <summary>Handle the events of the running vCPU, as the upcall of Linux does.</summary>
internal sealed record UpcallCommand : CpuCommand;

/// <summary>Leave the guest for nothing, as for a timer of the host, and enter it again.</summary>
internal sealed record EnterCommand : CpuCommand;

/// <summary>Another domain makes a hypercall, or the hypervisor does something.</summary>
/// <param name="At">Its position in the file.</param>
/// <param name="Text">Its text.</param>
/// <param name="Domain">The place of the domain; -1 for the hypervisor.</param>
/// <param name="Command">The command.</param>
internal sealed record DomainStep(FilePosition At, string Text, int Domain, XenCommand Command) : Step(At, Text);
