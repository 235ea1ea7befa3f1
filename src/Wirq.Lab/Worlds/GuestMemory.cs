using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>Eight bytes of guest memory.</summary>
[InlineArray(sizeof(ulong))]
internal struct MemoryWord : IState
{
    private byte _first;
}

/// <summary>The memory of a guest, from address 0 on; part of the world's state.</summary>
internal sealed class GuestMemory(StateArena arena, int bytes) : IGuestMemory
{
    private readonly Block<MemoryWord> _words = arena.Reserve<MemoryWord>(bytes / sizeof(ulong));

    private Span<byte> Bytes => MemoryMarshal.AsBytes(_words.Span);

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (!IsInside(address, destination.Length))
            return false;
        Bytes.Slice((int)address, destination.Length).CopyTo(destination);
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!IsInside(address, source.Length))
            return false;
        source.CopyTo(Bytes[(int)address..]);
        return true;
    }

    private bool IsInside(ulong address, int length) =>
        address <= (ulong)Bytes.Length && (ulong)length <= (ulong)Bytes.Length - address;
}
