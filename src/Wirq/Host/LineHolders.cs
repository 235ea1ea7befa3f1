namespace Wirq.Host;

/// <summary>The holder of each source. These are the delegates of devices, which are not state of the
/// machine.</summary>
internal sealed class LineHolders(int sources)
{
    // By the slot of the source, with the generation of the slot's owner.
    private (ILineHolder? Holder, uint Generation)[] _holders = [];

    /// <summary>Sets the holder of a source.</summary>
    internal void Add(int slot, uint generation, ILineHolder holder)
    {
        if (_holders.Length == 0)
            _holders = new (ILineHolder?, uint)[sources];
        _holders[slot] = (holder, generation);
    }

    /// <summary>Removes the holder of a slot.</summary>
    internal void Remove(int slot)
    {
        if (slot < _holders.Length)
            _holders[slot] = default;
    }

    /// <summary>Removes all: the machine is another one now.</summary>
    internal void Clear() => Array.Clear(_holders);

    /// <summary>The holder of a source; null if the source has no known holder.</summary>
    internal ILineHolder? Find(int slot, uint generation)
    {
        if (slot >= _holders.Length)
            return null;
        (ILineHolder? holder, uint current) = _holders[slot];
        return current == generation ? holder : null;
    }

    /// <summary>Whether a slot belongs to a holder.</summary>
    internal bool IsOf(int slot, ILineHolder holder) => slot < _holders.Length && _holders[slot].Holder == holder;
}
