namespace Wirq.Lab.Kernels;

/// <summary>Possible defects of a kernel. Tests use them to show that a test of the semantics would detect them. Each
/// breaks one semantic of docs/kernels.md.</summary>
[Flags]
public enum KernelDefects
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>An unbind leaves the count of the eventfd as it is.</summary>
    KeepsCountAtUnbind = 1 << 0,
    /// <summary>An unbind drops injections that were pending.</summary>
    DropsPendingAtUnbind = 1 << 1,
    /// <summary>A bind with a pending count injects and drains, so the count cannot be read twice.</summary>
    DrainsAtBind = 1 << 2,
    /// <summary>A bind ignores a pending count.</summary>
    IgnoresPendingAtBind = 1 << 3,
    /// <summary>A signal without a route stays in the eventfd.</summary>
    KeepsRoutelessSignal = 1 << 4,
    /// <summary>An EOI signals only one resample eventfd of the GSI.</summary>
    ResamplesFirstOnly = 1 << 5,
    /// <summary>The line falls when the first of two resample irqfds is unbound.</summary>
    LowersWithFirstResampler = 1 << 6,
    /// <summary>An EOI is reported only for vectors that were delivered as level.</summary>
    LooksAtTmr = 1 << 7,
    /// <summary>An EOI lowers the line even if userspace drives it high.</summary>
    EoiLowersUserspaceToo = 1 << 8,
    /// <summary>An eventfd may be bound twice.</summary>
    BindsTwice = 1 << 9,
    /// <summary>An EOI is reported for a level route on any GSI, reserved or not.</summary>
    TellsUnreservedEoi = 1 << 10,
    /// <summary>A table is added to the previous one instead of replacing it.</summary>
    KeepsOldRoutes = 1 << 11,
    /// <summary>A poller of a bound eventfd is woken by each write.</summary>
    WakesPollersOfBound = 1 << 12,
    /// <summary>An unbind releases an eventfd even if the GSI is wrong.</summary>
    UnbindIgnoresGsi = 1 << 13,
}
