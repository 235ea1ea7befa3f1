namespace Wirq.Vfio;

/// <summary>An IRQ index of a PCI device (<c>VFIO_PCI_*_IRQ_INDEX</c>).</summary>
public enum VfioIrqIndex : uint
{
    /// <summary>INTx.</summary>
    Intx = 0,
    /// <summary>MSI.</summary>
    Msi = 1,
    /// <summary>MSI-X.</summary>
    Msix = 2,
    /// <summary>Errors of PCI Express.</summary>
    Err = 3,
    /// <summary>A request to give the device back.</summary>
    Req = 4,
}

/// <summary>Flags of <c>struct vfio_irq_set</c>: one kind of data and one action.</summary>
[Flags]
public enum VfioIrqSetBits : uint
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>There are no data.</summary>
    DataNone = 1,
    /// <summary>A byte for each vector.</summary>
    DataBool = 2,
    /// <summary>A descriptor of 32 bits for each vector.</summary>
    DataEventFd = 4,
    /// <summary>Mask.</summary>
    ActionMask = 8,
    /// <summary>Unmask.</summary>
    ActionUnmask = 16,
    /// <summary>Trigger: set what is signalled, signal it, or, with a count of 0, disable.</summary>
    ActionTrigger = 32,
}

/// <summary>Flags of <c>struct vfio_irq_info</c>.</summary>
[Flags]
public enum VfioIrqInfoBits : uint
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>It can signal an eventfd.</summary>
    EventFd = 1,
    /// <summary>It can be masked.</summary>
    Maskable = 2,
    /// <summary>It is masked when it fires.</summary>
    Automasked = 4,
    /// <summary>Its vectors can only be changed after all were disabled.</summary>
    NoResize = 8,
}

/// <summary>The fixed part of <c>struct vfio_irq_set</c>.</summary>
/// <param name="ArgumentSize">The size of the whole, in bytes.</param>
/// <param name="Flags">What to do, with what data.</param>
/// <param name="Index">Which interrupts.</param>
/// <param name="Start">The first vector.</param>
/// <param name="Count">How many.</param>
public readonly record struct VfioIrqSet(uint ArgumentSize, VfioIrqSetBits Flags, uint Index, uint Start, uint Count)
{
    /// <summary>The size of the fixed part, in bytes.</summary>
    public const int Size = 20;

    internal const VfioIrqSetBits Data = VfioIrqSetBits.DataNone | VfioIrqSetBits.DataBool | VfioIrqSetBits.DataEventFd;
    internal const VfioIrqSetBits Action = VfioIrqSetBits.ActionMask | VfioIrqSetBits.ActionUnmask | VfioIrqSetBits.ActionTrigger;
}

/// <summary>How the wait for a guest ended.</summary>
public enum ForwardEnd : byte
{
    /// <summary>The guest has finished. The line is unmasked.</summary>
    Guest,
    /// <summary>The guest was reset, and will never finish. The line is unmasked.</summary>
    GuestReset,
    /// <summary>The device was closed, or its interrupt disabled. The line is shut down.</summary>
    Closed,
    /// <summary>It was masked meanwhile. The thread has ended; the line stays masked, because it is disabled.</summary>
    Masked,
    /// <summary>The guest took too long. As <see cref="Masked"/>; the guest's unmask is still awaited.</summary>
    Timeout,
    /// <summary>The process of the machine is replaced. As <see cref="Timeout"/>.</summary>
    LiveUpdate,
}

/// <summary>How a line-based interrupt is kept away while a guest has it.</summary>
public enum ForwardMode : byte
{
    /// <summary>The device is masked (PCI 2.3), or its line is disabled: VFIO's own way.</summary>
    Automask,
    /// <summary>The line is ONESHOT, and its thread ends when the guest has finished. The chip masks the line before the hard
    /// handler.</summary>
    Oneshot,
    /// <summary>The line is disabled and masked from within the hard handler, and is not ONESHOT.</summary>
    MaskedLevel,
}
