using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq;

/// <content>The remapping unit: its registers, and what an invalidation ends.</content>
public sealed partial class Fabric
{
    RefusalReason IRouteOwner.Translate(Msi message, ushort requester, bool delivering, out InterruptMessage translated,
        out RouteCookie cookie) => Translate(message, requester, delivering, out translated, out cookie);

    private RefusalReason Translate(Msi message, ushort requester, bool delivering, out InterruptMessage translated,
        out RouteCookie cookie)
    {
        if (Vtd is null)
        {
            cookie = RouteCookie.None;
            return message.TryDecode(Options.Format, out translated);
        }
        if (Vtd.RemappingEnabled || message.Address.Remappable)
            return Vtd.Translate(message, requester, delivering, Memory, Events, out translated, out cookie);
        // Before remapping is on, a message is read as if there were no unit; the cookie makes switching it on end what
        // was cached.
        cookie = new RouteCookie(0, RouteCookie.MaxIndex);
        return message.TryDecode(Options.Format, out translated);
    }

    private bool IsRemapper(ulong address) => Vtd is not null && (address & ~PageMask) == Vtd.Options.Address;

    private ulong ReadRemapper(int cpu, uint offset, int size)
    {
        if (Vtd!.Has(offset, size))
            return Vtd.Read(offset, size);
        Events.NoteMisuse(cpu, Misuse.Access, Vtd.Options.Address + offset, 0);
        return 0;
    }

    private void WriteRemapper(int cpu, uint offset, int size, ulong value)
    {
        if (!Vtd!.Has(offset, size))
        {
            Events.NoteMisuse(cpu, Misuse.Access, Vtd.Options.Address + offset, value);
            return;
        }
        Vtd.Write(offset, size, value, Events);
        // One piece at a time: what a piece invalidates is unbound before the next, which may tell the guest that it is
        // done (VT-d specification, 6.5.2.8: a wait completes after all before it).
        while (Vtd.TryStep(Memory, Events, out CookieRange invalidated))
        {
            if (!invalidated.IsEmpty)
                EndTranslations(invalidated);
        }
    }

    private void EndTranslations(CookieRange range)
    {
        int touched = Virqs?.Invalidate(range) ?? 0;
        if (Events.Observing)
        {
            Events.Observe(new Event(EventKind.RemapInvalidationDone, (ushort)range.First.Unit, (uint)touched,
                (ulong)range.First.Index, (ulong)range.Last.Index));
        }
    }
}
