namespace Wirq.HostIrq;

/// <summary>Flags of a request (<c>IRQF_*</c>).</summary>
[Flags]
public enum HostRequestBits : ushort
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>Others may have the line too, if they agree.</summary>
    Shared = 1,
    /// <summary>The line stays masked until the threads of its actions have ended.</summary>
    Oneshot = 2,
    /// <summary>ONESHOT if those that have the line already are.</summary>
    CondOneshot = 4,
    /// <summary>The interrupt belongs to each CPU by itself.</summary>
    PerCpu = 8,
    /// <summary>The line is not enabled by the request.</summary>
    NoAutoEnable = 16,
    /// <summary>The line is an edge.</summary>
    TriggerEdge = 32,
    /// <summary>The line is a level.</summary>
    TriggerLevel = 64,
}

/// <summary>A request of a line (<c>request_threaded_irq</c>).</summary>
/// <param name="Flags">Its flags.</param>
/// <param name="HasHandler">Whether it has a hard handler. Without one, the kernel's own wakes the thread.</param>
/// <param name="HasThread">Whether it has a threaded handler.</param>
public sealed record HostRequest(HostRequestBits Flags = HostRequestBits.None, bool HasHandler = true, bool HasThread = false);

/// <summary>What a hard handler answers (<c>irqreturn_t</c>).</summary>
public enum HandlerAnswer : byte
{
    /// <summary>The interrupt was not from this device.</summary>
    None = 0,
    /// <summary>It was handled.</summary>
    Handled = 1,
    /// <summary>The thread is to run.</summary>
    WakeThread = 2,
}

/// <summary>A call to a line's chip.</summary>
public enum ChipCall : byte
{
    /// <summary>Masks the line.</summary>
    Mask,
    /// <summary>Unmasks the line.</summary>
    Unmask,
    /// <summary>Acknowledges an interrupt.</summary>
    Ack,
    /// <summary>Masks the line and acknowledges.</summary>
    MaskAck,
    /// <summary>Ends an interrupt.</summary>
    Eoi,
    /// <summary>The chip's own disable, which masks.</summary>
    Disable,
    /// <summary>The chip's own enable, which unmasks.</summary>
    Enable,
    /// <summary>Raises an edge again.</summary>
    Retrigger,
    /// <summary>Changes the CPU to which the line goes.</summary>
    Move,
}
