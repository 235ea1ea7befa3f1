using Wirq.Remapping;

namespace Wirq.Routing;

/// <content>Which virqs an invalidation concerns: they stand next to each other in the order of their cookies, so that it
/// takes time in proportion to them.</content>
public sealed partial class RouteCache
{
    /// <summary>Entries of a remapping table hold no longer: the virqs whose translation came from them are unbound, and
    /// no others. Nothing is committed; the next interrupt of each translates anew.</summary>
    /// <returns>How many virqs that were.</returns>
    public int Invalidate(CookieRange range)
    {
        if (range.IsEmpty)
            return 0;
        int slot = _cookies.From(range.First), touched = 0;
        // Where all of them go, they need not be taken out one by one.
        if (slot >= 0 && slot == _cookies.First && range.Has(_virqs[_cookies.Last].Cookie))
            _cookies.Clear();
        for (int next; slot >= 0 && range.Has(_virqs[slot].Cookie); slot = next, touched++)
        {
            next = _cookies.After(slot);
            Invalidate(slot, ref _virqs[slot]);
        }
        return touched;
    }
}
