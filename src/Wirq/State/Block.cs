using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.State;

/// <summary>One chip's place in a <see cref="StateArena"/>.</summary>
public readonly unsafe struct Block<T> where T : unmanaged, IState
{
    // Keeps the memory that the address points into.
    private readonly byte[] _slab;
    private readonly T* _first;

    internal Block(byte[] slab, int offset, int count)
    {
        _slab = slab;
        // A slab is pinned: it does not move.
        _first = (T*)Unsafe.AsPointer(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(slab), offset));
        Count = count;
    }

    /// <summary>The number of structs in the block.</summary>
    public int Count { get; }

    /// <summary>The first (often the only) struct.</summary>
    public ref T Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref *_first;
    }

    /// <summary>The struct at <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not in the block.</exception>
    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((uint)index >= (uint)Count)
                ThrowOutside(index);
            return ref _first[index];
        }
    }

    /// <summary>All of them.</summary>
    public Span<T> Span => _slab is null ? [] : new(_first, Count);

    private static void ThrowOutside(int index) =>
        throw new ArgumentOutOfRangeException(nameof(index), index, "outside the state block");
}
