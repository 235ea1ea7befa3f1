namespace Wirq;

/// <summary>What holds an interrupt back, in the order of its path from the device to the CPU: the answers of
/// <see cref="Fabric.Explain(int)"/>, of a machine as it is, and of <c>wirq why</c>, of a log.</summary>
public enum Gate : byte
{
    /// <summary>None that is visible.</summary>
    None,
    /// <summary>The line was already asserted, so the pin got no new edge or level.</summary>
    LineHeld,
    /// <summary>The 8259's mask has the IRQ's bit set.</summary>
    PicMasked,
    /// <summary>The master 8259's mask has the bit of the cascade set, so no request of the slave passes.</summary>
    CascadeMasked,
    /// <summary>The 8259 has an IRQ of the same or a higher priority in service.</summary>
    PicInService,
    /// <summary>INTR of the 8259 is for another IRQ, which has priority.</summary>
    PicBehind,
    /// <summary>INTR of the 8259 is high, but LINT0 of no CPU passes it.</summary>
    Lint0Closed,
    /// <summary>The redirection entry is masked; a level waits.</summary>
    PinMasked,
    /// <summary>An edge came while the redirection entry was masked, and is lost.</summary>
    EdgeLost,
    /// <summary>Remote IRR is set: the pin waits for the EOI of an earlier delivery.</summary>
    RemoteIrr,
    /// <summary>The storm brake holds the redelivery back.</summary>
    StormBrake,
    /// <summary>The message was sent, and has no reported answer.</summary>
    InFlight,
    /// <summary>The destination matches no CPU.</summary>
    NoDestination,
    /// <summary>The local APIC is software-disabled (SVR bit 8 clear).</summary>
    SoftwareDisabled,
    /// <summary>The local APIC is hardware-disabled (IA32_APIC_BASE bit 11 clear).</summary>
    HardwareDisabled,
    /// <summary>The vector is below 16.</summary>
    IllegalVector,
    /// <summary>The delivery mode is reserved or not allowed in a message.</summary>
    ReservedMode,
    /// <summary>The message is in remappable format, and no remapping unit translates it.</summary>
    NoRemapper,
    /// <summary>The remapping unit blocked the message.</summary>
    RemappingFault,
    /// <summary>Reserved bits of the message are set.</summary>
    ReservedBits,
    /// <summary>The kernel that owns the local APICs refused it.</summary>
    Kernel,
    /// <summary>The entry of the local vector table is masked.</summary>
    LvtMasked,
    /// <summary>The vector was already pending, so the two merged.</summary>
    AlreadyPending,
    /// <summary>A vector of the same or a higher priority class is in service (PPR).</summary>
    VectorInService,
    /// <summary>The task priority register has the same or a higher class (PPR).</summary>
    TaskPriority,
    /// <summary>No visible state blocks it, but the CPU has not taken it: interrupt flag and halt are not
    /// known.</summary>
    CpuUnknown,
    /// <summary>The local APIC lost it when it was reset, by INIT or by a hardware disable.</summary>
    ApicReset,
    /// <summary>The 8259 lost it when it was initialised.</summary>
    PicInitialised,
    /// <summary>The machine was reset.</summary>
    MachineReset,
    /// <summary>The line fell before it was delivered.</summary>
    Withdrawn,
    /// <summary>The acknowledge waits for the pin to be unmasked.</summary>
    AckWithheld,
    /// <summary>The CPU took it and has not signalled its EOI.</summary>
    NoEoi,
    /// <summary>It depends on a register that the log does not show.</summary>
    NotKnown,
    /// <summary>Vector 0 is pending, which QEMU's local APIC treats as no vector.</summary>
    NullVector,
    /// <summary>The line, or the pin after its polarity, is not asserted: nothing asks.</summary>
    NotAsserted,
    /// <summary>The input is edge-triggered, and no edge of it waits: it has to fall and to rise again.</summary>
    EdgeSpent,
    /// <summary>The line leads to no chip.</summary>
    NotWired,
    /// <summary>The 8259 is not initialised.</summary>
    PicNotReady,
    /// <summary>The virq is masked by its device's table.</summary>
    VirqMasked,
    /// <summary>The guest gave the virq no message.</summary>
    NotProgrammed,
    /// <summary>Nothing but the CPU's own interrupt flag holds it, which is clear.</summary>
    InterruptsOff,
    /// <summary>The CPU is halted with interrupts on, nothing holds the interrupt, and nothing has woken the CPU.</summary>
    NotWoken,
    /// <summary>The kernel that owns the local APICs sent it by a route that the guest had replaced.</summary>
    StaleRoute,
}

/// <summary>Gates, further.</summary>
internal static class Gates
{
    /// <summary>What held a message that was refused.</summary>
    internal static Gate Of(RefusalReason reason) => reason switch
    {
        RefusalReason.None => Gate.None,
        RefusalReason.NoDestination or RefusalReason.NotListed => Gate.NoDestination,
        RefusalReason.SoftwareDisabled => Gate.SoftwareDisabled,
        RefusalReason.IllegalVector => Gate.IllegalVector,
        RefusalReason.ReservedMode => Gate.ReservedMode,
        RefusalReason.NoRemapper => Gate.NoRemapper,
        RefusalReason.RemappingFault => Gate.RemappingFault,
        RefusalReason.ReservedBits => Gate.ReservedBits,
        _ => Gate.Kernel,
    };
}
