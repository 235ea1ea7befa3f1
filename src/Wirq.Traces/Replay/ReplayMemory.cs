using System.Buffers.Binary;
using Wirq.Remapping;
using Wirq.Remapping.VtD;

namespace Wirq.Traces.Replay;

/// <summary>The part of a guest's memory that a log shows: entries of remapping tables and descriptors, 16 bytes each.
/// The rest cannot be read.</summary>
internal sealed class ReplayMemory : IGuestMemory
{
    // More than a whole table. If a guest moves its table, the oldest entries are dropped.
    private const int MostEntries = 1 << 17;

    private readonly Dictionary<ulong, (ulong Low, ulong High)> _entries = [];

    /// <summary>Stores 16 bytes that the log shows.</summary>
    /// <param name="address">The address; a multiple of 16.</param>
    /// <param name="low">Bits 63:0.</param>
    /// <param name="high">Bits 127:64.</param>
    /// <returns>Whether this replaced a different value.</returns>
    internal bool Put(ulong address, ulong low, ulong high)
    {
        bool known = _entries.TryGetValue(address, out (ulong Low, ulong High) before);
        if (known && before == (low, high))
            return false;
        if (!known && _entries.Count == MostEntries)
            _entries.Clear();
        _entries[address] = (low, high);
        return known;
    }

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (destination.Length != Irte.Size || !_entries.TryGetValue(address, out (ulong Low, ulong High) entry))
            return false;
        BinaryPrimitives.WriteUInt64LittleEndian(destination, entry.Low);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[sizeof(ulong)..], entry.High);
        return true;
    }

    /// <summary>Not used: a unit requests writes by effects.</summary>
    public bool TryWrite(ulong address, ReadOnlySpan<byte> source) => false;
}
