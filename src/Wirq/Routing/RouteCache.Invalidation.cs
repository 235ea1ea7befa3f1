using Wirq.Events;
using Wirq.Remapping;

namespace Wirq.Routing;

/// <content>Which virqs an invalidation concerns: a sorted run of cookies, so that finding them takes time in proportion
/// to them.</content>
public sealed partial class RouteCache
{
    /// <summary>Entries of a remapping table hold no longer: the virqs whose translation came from them are unbound, and
    /// no others. Nothing is committed; the next interrupt of each translates anew.</summary>
    /// <returns>How many virqs that were.</returns>
    public int Invalidate(CookieRange range)
    {
        if (range.IsEmpty)
            return 0;
        int touched = 0;
        for (int place = Find(CookieEntry.For(range.First, 0)); place < S.Cookies && range.Has(_cookies[place].Cookie); touched++)
        {
            // It leaves the run, and the next one takes its place.
            int slot = _cookies[place].Virq;
            Invalidate(slot, ref _virqs[slot]);
        }
        return touched;
    }

    private void Enter(RouteCookie cookie, int slot)
    {
        ulong entry = CookieEntry.For(cookie, slot);
        int place = Find(entry), count = S.Cookies++;
        _cookies.Span[place..count].CopyTo(_cookies.Span[(place + 1)..]);
        _cookies[place].Bits = entry;
    }

    private void Remove(RouteCookie cookie, int slot)
    {
        int place = Find(CookieEntry.For(cookie, slot)), last = --S.Cookies;
        _cookies.Span[(place + 1)..(last + 1)].CopyTo(_cookies.Span[place..]);
        _cookies[last].Bits = 0;
    }

    /// <summary>Where an entry stands, or would.</summary>
    private int Find(ulong entry)
    {
        int low = 0, high = S.Cookies;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_cookies[middle].Bits < entry)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
