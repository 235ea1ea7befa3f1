using System.Runtime.InteropServices;
using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>State with a row for each source.</summary>
internal static class SourceBlocks
{
    /// <summary>Reserves a row for each slot of a source. In the machine's own arena, an identity has the rows in the
    /// order of the lines: the slot number of a source does not matter.</summary>
    internal static Block<T> ReserveBySource<T>(this StateArena arena, FabricOptions options, GsiMap gsis) where T : unmanaged, IState
    {
        int count = Math.Max(1, options.Sources);
        if (gsis.Machine is not { } machine || machine.Arena != arena)
            return arena.Reserve<T>(count);
        Block<T> rows = default;
        rows = arena.Reserve<T>(count, (copy, _) =>
        {
            copy.Clear();
            for (int slot = 0; slot < count; slot++)
            {
                // Most slots have no known facts.
                if (MemoryMarshal.AsBytes(rows.Span.Slice(slot, 1)).ContainsAnyExcept((byte)0))
                    copy[machine.Lines.PlaceOf(slot)] = rows[slot];
            }
        });
        return rows;
    }
}
