namespace Wirq.Events;

/// <summary>The part of a machine that an event belongs to: the high byte of its <see cref="EventKind"/>.</summary>
/// <remarks>The numbers from 0x0E on are free for future parts. The numbers are part of the recording format: append,
/// never renumber.</remarks>
public enum Subsystem : byte
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>The machine as a whole: time, rest, misuse by the guest.</summary>
    Machine = 0x01,
    /// <summary>Accesses of CPUs to registers: by memory, port, MSR and CR8.</summary>
    Access = 0x02,
    /// <summary>The replay of a log: what the log shows besides the machine's events.</summary>
    Log = 0x03,
    /// <summary>Lines and the sources on them.</summary>
    Lines = 0x04,
    /// <summary>The 8259 pair.</summary>
    Pic = 0x05,
    /// <summary>The I/OAPICs.</summary>
    IoApic = 0x06,
    /// <summary>The local APICs, and their effects for CPUs.</summary>
    LocalApic = 0x07,
    /// <summary>Messages on their road.</summary>
    Messages = 0x08,
    /// <summary>Remapping units.</summary>
    Remapping = 0x09,
    /// <summary>Virqs and the routes of a kernel.</summary>
    Routing = 0x0A,
    /// <summary>The event channels of a Xen hypervisor.</summary>
    Xen = 0x0B,
    /// <summary>The interrupt core of a host kernel.</summary>
    HostIrq = 0x0C,
    /// <summary>VFIO, which forwards interrupts of a host to guests.</summary>
    Vfio = 0x0D,
}
