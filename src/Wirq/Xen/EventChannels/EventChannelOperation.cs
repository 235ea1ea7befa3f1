namespace Wirq.Xen;

/// <summary>The first argument of the hypercall <c>event_channel_op</c> (<c>EVTCHNOP_*</c>).</summary>
public enum EventChannelOperation : uint
{
    /// <summary>Connects a new port to an unbound port of another domain.</summary>
    BindInterdomain = 0,
    /// <summary>Gives a virtual interrupt a port.</summary>
    BindVirq = 1,
    /// <summary>Gives a physical interrupt a port.</summary>
    BindPirq = 2,
    /// <summary>Frees a port.</summary>
    Close = 3,
    /// <summary>Sets the event at the other end of a port.</summary>
    Send = 4,
    /// <summary>Tells what a port is.</summary>
    Status = 5,
    /// <summary>Opens a port to which another domain may connect.</summary>
    AllocUnbound = 6,
    /// <summary>Gives a vCPU a port for interrupts between vCPUs.</summary>
    BindIpi = 7,
    /// <summary>Moves a port to another vCPU.</summary>
    BindVcpu = 8,
    /// <summary>Unmasks a port, and delivers what is pending there.</summary>
    Unmask = 9,
    /// <summary>Closes all ports, and goes back to the 2-level ABI.</summary>
    Reset = 10,
    /// <summary>Registers a vCPU's control block. The first one switches to the FIFO ABI.</summary>
    InitControl = 11,
    /// <summary>Adds a page of event words.</summary>
    ExpandArray = 12,
    /// <summary>Moves a port to the queue of another priority.</summary>
    SetPriority = 13,
    /// <summary>Goes on with a reset that gave way.</summary>
    ContinueReset = 14,
}
