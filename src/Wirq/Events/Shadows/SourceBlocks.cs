using System.Runtime.CompilerServices;
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
            // Most slots have no known facts, so the search skips them many at a time.
            Span<byte> bytes = MemoryMarshal.AsBytes(rows.Span);
            int slot = 0;
            while (bytes[(slot * Unsafe.SizeOf<T>())..].IndexOfAnyExcept((byte)0) is var skipped and >= 0)
            {
                slot += skipped / Unsafe.SizeOf<T>();
                copy[machine.Lines.PlaceOf(slot)] = rows[slot];
                slot++;
            }
        });
        return rows;
    }
}
