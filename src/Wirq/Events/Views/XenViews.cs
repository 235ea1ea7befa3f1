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
