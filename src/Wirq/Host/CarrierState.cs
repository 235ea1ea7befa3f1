using Wirq.Events;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Host;

/// <summary>The call that is in flight; all zero while none is.</summary>
internal struct CarrierState : IState
{
    /// <summary>The effect that requested it, with the generation that it is meant for.</summary>
    public Event Effect;
    /// <summary>The eventfd of the call, if any.</summary>
    public EventFd EventFd;
    public HostCallKind Kind;
    /// <summary>How many routes were copied for a commit.</summary>
    public int Routes;
    /// <summary>1 if the machine was reset since the call began.</summary>
    public uint Stale;
    /// <summary>A hash of the routes: their only part in an identity, because most of the time there are
    /// none.</summary>
    public ulong RoutesHash;
}
