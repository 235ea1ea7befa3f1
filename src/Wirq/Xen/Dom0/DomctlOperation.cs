namespace Wirq.Xen;

/// <summary>The operations of the hypercall <c>domctl</c> (<c>XEN_DOMCTL_*</c>) that are about interrupts and passed-through
/// devices.</summary>
public enum DomctlOperation : uint
{
    /// <summary>Gives a domain access to the interrupt of one of the caller's PIRQs, or takes it.</summary>
    IrqPermission = 19,
    /// <summary>Gives a device to a domain.</summary>
    AssignDevice = 37,
    /// <summary>Binds a PIRQ of a domain to its guest.</summary>
    BindPtIrq = 38,
    /// <summary>Takes a device from a domain.</summary>
    DeassignDevice = 47,
    /// <summary>Ends a binding.</summary>
    UnbindPtIrq = 48,
    /// <summary>Gives a domain access to a GSI of the machine, or takes it. Since Xen 4.20.</summary>
    GsiPermission = 88,
}

/// <summary>How a passed-through interrupt comes to its guest (<c>PT_IRQ_TYPE_*</c>).</summary>
public enum PassedInterrupt : uint
{
    /// <summary>By a pin of a PCI device.</summary>
    Pci = 0,
    /// <summary>By an ISA interrupt; not offered.</summary>
    Isa = 1,
    /// <summary>By a message.</summary>
    Message = 2,
    /// <summary>A message of the machine by a pin of a PCI device.</summary>
    MessageAsPin = 3,
}
