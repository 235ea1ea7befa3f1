namespace Wirq.Lab.Kernels;

/// <summary>Ways in which a kernel could get it wrong, to show that what tests its semantics would notice. Each breaks
/// one semantic of docs/kernels.md.</summary>
[Flags]
public enum KernelDefects
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>An unbind leaves the count of the eventfd as it is.</summary>
    KeepsCountAtUnbind = 1 << 0,
    /// <summary>An unbind throws away what was pending for injection.</summary>
    DropsPendingAtUnbind = 1 << 1,
    /// <summary>A bind with a pending count injects and drains: nothing stays to be read twice.</summary>
    DrainsAtBind = 1 << 2,
    /// <summary>A bind does not look at what is pending.</summary>
    IgnoresPendingAtBind = 1 << 3,
    /// <summary>A signal that finds no route stays in the eventfd.</summary>
    KeepsRoutelessSignal = 1 << 4,
    /// <summary>An EOI signals one resample eventfd of the GSI and no more.</summary>
    ResamplesFirstOnly = 1 << 5,
    /// <summary>The first of two resample irqfds to go lowers the line.</summary>
    LowersWithFirstResampler = 1 << 6,
    /// <summary>An EOI is reported only for vectors that were delivered as level.</summary>
    LooksAtTmr = 1 << 7,
    /// <summary>An EOI lowers the line whatever userspace drives.</summary>
    EoiLowersUserspaceToo = 1 << 8,
    /// <summary>An eventfd may be bound twice.</summary>
    BindsTwice = 1 << 9,
    /// <summary>An EOI is reported for a level route on any GSI, reserved or not.</summary>
    TellsUnreservedEoi = 1 << 10,
    /// <summary>A table is added to the one before instead of replacing it.</summary>
    KeepsOldRoutes = 1 << 11,
    /// <summary>A poller of a bound eventfd is woken by each write.</summary>
    WakesPollersOfBound = 1 << 12,
    /// <summary>An unbind releases an eventfd whatever GSI it names.</summary>
    UnbindIgnoresGsi = 1 << 13,
}
