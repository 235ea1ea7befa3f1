using Wirq.Events;
using Wirq.Remapping;

namespace Wirq;

/// <content>The remapping units: their registers, and the effects of an invalidation.</content>
public sealed partial class Fabric
{
    private readonly RemapperSet _units;

    /// <summary>Its remapping units, by their numbers: <see cref="FabricOptions.Vtd"/> first, then those of <see
    /// cref="FabricOptions.Remappers"/>.</summary>
    public IReadOnlyList<IRemapper> Remappers => _units.Units;

    private ulong ReadRemapper(int cpu, int unit, ulong address, int size)
    {
        if (_units[unit].TryRead(address, size, out ulong value))
            return value;
        Events.NoteMisuse(cpu, Misuse.Access, address, 0);
        return 0;
    }

    private void WriteRemapper(int cpu, int unit, ulong address, int size, ulong value)
    {
        if (!_units[unit].TryWrite(address, size, value, Events))
        {
            Events.NoteMisuse(cpu, Misuse.Access, address, value);
            return;
        }
        // One piece at a time: the routes that a piece ends are unbound before the next piece, which may report
        // completion to the guest.
        while (_units[unit].TryStep(Memory, Events, out CookieRange ended))
        {
            if (!ended.IsEmpty)
                EndTranslations(unit, ended);
        }
    }

    /// <summary>Cached translations of a unit no longer hold.</summary>
    internal void EndTranslations(int unit, CookieRange range)
    {
        if (range.First.Unit != unit || range.Last.Unit != unit)
            throw new InvalidOperationException($"remapping unit {unit} ended {range.First} to {range.Last}; expected cookies of this unit");
        if (Events.Observing)
            Events.Observe(Invalidation(done: false, unit, range, touched: 0));
        int touched = RouteCache?.Invalidate(range) ?? 0;
        if (Events.Observing)
            Events.Observe(Invalidation(done: true, unit, range, touched));
    }

    private static Event Invalidation(bool done, int unit, CookieRange range, int touched) =>
        new RemapInvalidation(done, unit, (ulong)range.First.Key, (ulong)range.Last.Key, (uint)touched).ToEvent();
}
