namespace Wirq.Traces.Why;

/// <summary>How a raise ended, according to the log.</summary>
public enum Fate : byte
{
    /// <summary>Delivered, taken and ended.</summary>
    Ended,
    /// <summary>Delivered as an NMI, SMI, INIT, start-up or ExtINT, which leave no vector to follow.</summary>
    Signalled,
    /// <summary>Merged into a vector or request that was already pending.</summary>
    Merged,
    /// <summary>It joined a line that was already asserted.</summary>
    Joined,
    /// <summary>The line fell before anything was delivered.</summary>
    Withdrawn,
    /// <summary>An edge at a masked pin, or a local interrupt with a masked entry: it is lost.</summary>
    Lost,
    /// <summary>Sent, and accepted by no CPU.</summary>
    Refused,
    /// <summary>Accepted, and lost in a reset before it was taken or ended.</summary>
    Dropped,
    /// <summary>Sent; the log does not show which lines belong to which CPU, so no more is known.</summary>
    Sent,
    /// <summary>It waits on its way to the CPU: at the pin, at the 8259 or in flight.</summary>
    Held,
    /// <summary>A CPU accepted it and has not taken it.</summary>
    Pending,
    /// <summary>A CPU took it and has not ended it.</summary>
    InService,
    /// <summary>The result depends on registers that the log does not show.</summary>
    NotKnown,
}
