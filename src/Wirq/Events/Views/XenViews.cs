using Wirq.Xen;

namespace Wirq.Events;

/// <summary>Effect. The hypervisor set <c>evtchn_upcall_pending</c> of a vCPU, which was clear.</summary>
/// <param name="Domain">The domain's id.</param>
/// <param name="Vcpu">The vCPU.</param>
public readonly record struct XenUpcall(ushort Domain, int Vcpu) : IEventView<XenUpcall>
{
    /// <inheritdoc/>
    public static XenUpcall Of(in Event e) => new((ushort)e.Index, e.Unit);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.XenUpcall, (ushort)Vcpu, Domain);
}

/// <summary>Effect. A vCPU wakes from SCHEDOP_poll. It may find nothing.</summary>
/// <param name="Domain">The domain's id.</param>
/// <param name="Vcpu">The vCPU.</param>
public readonly record struct XenPollerWoken(ushort Domain, int Vcpu) : IEventView<XenPollerWoken>
{
    /// <inheritdoc/>
    public static XenPollerWoken Of(in Event e) => new((ushort)e.Index, e.Unit);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.XenPollerWoken, (ushort)Vcpu, Domain);
}

/// <summary>Effect. A guest sent an event to a port whose events the hypervisor itself gets.</summary>
/// <param name="Domain">The id of the domain whose port it is.</param>
/// <param name="Port">The port.</param>
public readonly record struct XenConsumerTold(ushort Domain, uint Port) : IEventView<XenConsumerTold>
{
    /// <inheritdoc/>
    public static XenConsumerTold Of(in Event e) => new(e.Unit, e.Index);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.XenConsumerTold, Domain, Port);
}

/// <summary>Why a callback looks at the flag of vCPU 0.</summary>
public enum XenLook : byte
{
    /// <summary>The hypervisor has set it.</summary>
    Upcall,
    /// <summary>A vCPU enters its guest.</summary>
    Entry,
    /// <summary>Its line was acknowledged.</summary>
    Acknowledge,
    /// <summary>The guest chose how it comes.</summary>
    Move,
}

/// <summary>The callback comes in another way from now on.</summary>
/// <param name="Domain">The domain's id.</param>
/// <param name="Via">The value of HVM_PARAM_CALLBACK_IRQ.</param>
/// <param name="Line">The slot of its source on its line; -1 for none.</param>
/// <param name="Link">The slot of its source on the line of its link; -1 for none.</param>
public readonly record struct XenCallbackMoved(ushort Domain, CallbackVia Via, int Line, int Link) : IEventView<XenCallbackMoved>
{
    /// <inheritdoc/>
    public static XenCallbackMoved Of(in Event e) => new(e.Unit, new(e.A), (int)e.Index - 1, (int)e.B - 1);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.XenCallbackMoved, Domain, (uint)(Line + 1), Via.Bits, (ulong)(Link + 1));
}

/// <summary>The callback looked at the flag of vCPU 0, to know what the level of its line is.</summary>
/// <param name="Domain">The domain's id.</param>
/// <param name="IsSet">Whether the flag was set.</param>
/// <param name="Why">What made it look.</param>
public readonly record struct XenFlagSeen(ushort Domain, bool IsSet, XenLook Why) : IEventView<XenFlagSeen>
{
    /// <inheritdoc/>
    public static XenFlagSeen Of(in Event e) => new(e.Unit, e.A != 0, (XenLook)e.B);

    /// <inheritdoc/>
    public Event ToEvent() => new(EventKind.XenFlagSeen, Domain, 0, IsSet ? 1u : 0, (ulong)Why);
}
