using Wirq.Linux.Interop;

namespace Wirq.Linux.VfioUser;

/// <summary>The windows of DMA that a client has opened. Nothing here accesses them: they are kept to answer as a device that
/// does.</summary>
internal sealed class DmaTable
{
    // By address; no two overlap.
    private readonly SortedList<ulong, ulong> _windows = [];

    internal int Count => _windows.Count;

    internal void Clear() => _windows.Clear();

    /// <returns>0, or an error number.</returns>
    internal int Map(in DmaMap wanted)
    {
        if (wanted.ArgumentSize < DmaMap.Size || (wanted.Flags & ~DmaMap.KnownFlags) != 0 || wanted.Length == 0
            || wanted.Length - 1 > ulong.MaxValue - wanted.Address)
            return Errno.Invalid;
        int after = FirstAbove(wanted.Address);
        // The last byte of the one below, and the first of the one above, decide.
        if (after > 0 && _windows.GetKeyAtIndex(after - 1) + (_windows.GetValueAtIndex(after - 1) - 1) >= wanted.Address
            || after < _windows.Count && _windows.GetKeyAtIndex(after) <= wanted.Address + (wanted.Length - 1))
            return Errno.Exists;
        if (_windows.Count >= VfioUserLimits.DmaMaps)
            return Errno.NoSpace;
        _windows.Add(wanted.Address, wanted.Length);
        return 0;
    }

    /// <returns>0, or an error number.</returns>
    internal int Unmap(in DmaUnmap wanted)
    {
        if (wanted.ArgumentSize < DmaUnmap.Size || wanted.Flags is not (0 or DmaUnmap.All))
            return Errno.Invalid;
        if (wanted.Flags == DmaUnmap.All)
        {
            if (wanted.Address != 0 || wanted.Length != 0)
                return Errno.Invalid;
            Clear();
            return 0;
        }
        return _windows.TryGetValue(wanted.Address, out ulong length) && length == wanted.Length && _windows.Remove(wanted.Address) ? 0 : Errno.NoEntry;
    }

    private int FirstAbove(ulong address)
    {
        int low = 0, high = _windows.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _windows.GetKeyAtIndex(middle) <= address ? (middle + 1, high) : (low, middle);
        }
        return low;
    }
}
