using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Traces.Replay;

/// <summary>A cached route for each message that went through the remapping unit, to find out which routes an
/// invalidation drops.</summary>
/// <remarks>QEMU caches no entries, so messages are always translated again, and these routes carry no message. Each
/// route belongs to a virq. The virq is translated when its message is set, and again when its message comes after its
/// route was dropped.</remarks>
internal sealed class RouteWatch(Fabric fabric)
{
    /// <summary>The requester of a message is not known.</summary>
    internal const int Unknown = -1;

    private readonly Dictionary<Msi, Route> _routes = [];

    private RouteCache Virqs => fabric.RouteCache!;

    /// <summary>The last known sender of a message; <see cref="Unknown"/> for none.</summary>
    internal int RequesterOf(Msi request) => _routes.TryGetValue(request, out Route route) ? route.Requester : Unknown;

    /// <summary>A message was translated.</summary>
    internal void Used(Msi request, ushort requester)
    {
        if (_routes.TryGetValue(request, out Route route))
        {
            if (route.Requester == requester && Virqs.StateOf(route.Virq) == VirqState.Warm)
                return;
            Virqs.Dispose(route.Virq);
        }
        else if (_routes.Count == Virqs.Capacity)
            return;
        VirqHandle virq = Virqs.Register(request.ToString(), requester, prefault: true);
        Virqs.SetMessage(virq, request);
        _routes[request] = new(virq, requester);
    }

    /// <summary>An entry was rewritten without an invalidation for its routes. From now on they count as
    /// invalidated.</summary>
    /// <returns>The number of these routes.</returns>
    internal int Rewritten(int index)
    {
        var cookie = new RouteCookie(0, index);
        return Virqs.Invalidate(new CookieRange(cookie, cookie));
    }

    private readonly record struct Route(VirqHandle Virq, int Requester);
}
