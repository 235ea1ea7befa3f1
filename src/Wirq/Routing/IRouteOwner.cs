using Wirq.Remapping;

namespace Wirq.Routing;

/// <summary>What the route cache needs from its machine.</summary>
internal interface IRouteOwner
{
    /// <summary>Translates a message as the remapping unit does; if there is none, as the local APICs read
    /// it.</summary>
    /// <param name="message">A message in the interrupt window.</param>
    /// <param name="requester">Bus, device and function of the sender.</param>
    /// <param name="delivering">Whether an interrupt is happening, so that a fault is recorded.</param>
    /// <param name="translated">The message for the local APICs.</param>
    /// <param name="cookie">The entry that it came from.</param>
    RefusalReason Translate(Msi message, ushort requester, bool delivering, out InterruptMessage translated,
        out RouteCookie cookie);

    /// <summary>Drives the source of a virq on a line.</summary>
    /// <param name="source">Slot of the source.</param>
    /// <param name="kind">A level rises; an edge rises and falls.</param>
    void Drive(int source, VirqKind kind);

    /// <summary>The place of a source in an identity.</summary>
    /// <param name="source">Slot of the source.</param>
    ushort PlaceOf(int source);
}
