using Wirq.State;

namespace Wirq.Remapping;

/// <summary>The remapping units of a machine, and which unit serves which requester.</summary>
internal sealed partial class RemapperSet
{
    private readonly IRemapper[] _units;
    private readonly IRemapperOptions[] _options;
    private readonly (RequesterRange Requesters, int Unit)[] _scopes;
    private readonly (RegisterPages Pages, int Unit)[] _pages;
    // The unit of requesters that are in no scope; negative for none.
    private readonly int _rest;

    internal RemapperSet(FabricOptions options, StateArena arena)
    {
        _options = [.. options.AllRemappers];
        _units = [.. _options.Select((one, unit) => one.Build(arena, unit))];
        _scopes = [.. _options.SelectMany((one, unit) => (one.Scope ?? []).Select(range => (range, unit)))];
        _pages = [.. _options.SelectMany((one, unit) => one.Registers.Select(pages => (pages, unit)))];
        _rest = Array.FindIndex(_options, one => one.Scope is null);
    }

    internal IReadOnlyList<IRemapper> Units => _units;
    internal bool IsEmpty => _units.Length == 0;
    internal IRemapper this[int unit] => _units[unit];

    /// <summary>The destination format of a unit's own messages.</summary>
    internal MsiFormat OwnFormat(int unit) => _options[unit].OwnFormat;

    /// <summary>The unit that serves a requester; negative for none.</summary>
    internal int Serving(ushort requester)
    {
        foreach ((RequesterRange requesters, int unit) in _scopes)
        {
            if (requesters.Has(requester))
                return unit;
        }
        return _rest;
    }

    /// <summary>The unit that has registers at an address; negative for none.</summary>
    internal int At(ulong address)
    {
        foreach ((RegisterPages pages, int unit) in _pages)
        {
            if (pages.Has(address))
                return unit;
        }
        return -1;
    }
}
