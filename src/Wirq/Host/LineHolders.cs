namespace Wirq.Host;

/// <summary>Who holds which source: the delegates at the edge, which are no state of the machine.</summary>
internal sealed class LineHolders(int sources)
{
    // By the slot of the source, and which owner of the slot it is.
    private (ILineHolder? Holder, uint Generation)[] _holders = [];

    /// <summary>A holder has a source from now on.</summary>
    internal void Add(int slot, uint generation, ILineHolder holder)
    {
        if (_holders.Length == 0)
            _holders = new (ILineHolder?, uint)[sources];
        _holders[slot] = (holder, generation);
    }

    /// <summary>A slot has no holder any more.</summary>
    internal void Remove(int slot)
    {
        if (slot < _holders.Length)
            _holders[slot] = default;
    }

    /// <summary>Who holds a source; null where it is nobody that we know.</summary>
    internal ILineHolder? Find(int slot, uint generation)
    {
        if (slot >= _holders.Length)
            return null;
        (ILineHolder? holder, uint current) = _holders[slot];
        return current == generation ? holder : null;
    }

    /// <summary>Whether a slot is a holder's.</summary>
    internal bool IsOf(int slot, ILineHolder holder) => slot < _holders.Length && _holders[slot].Holder == holder;
}
