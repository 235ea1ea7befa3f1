using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.State;

/// <summary>Marks a struct as the mutable state of a chip, a line or a law: unmanaged, and without padding, so that
/// its bytes alone say what it is. A test holds every implementer to that.</summary>
public interface IState;

/// <summary>Rewrites the absolute times inside one state struct as distances from <paramref name="now"/>.</summary>
/// <param name="state">A scratch copy of the state; the live one is never handed out.</param>
/// <param name="now">Virtual time in nanoseconds.</param>
public delegate void Relative<T>(ref T state, long now) where T : unmanaged, IState;

/// <summary>The mutable state of a whole machine, block by block: to fork is to copy it, to compare is to hash it.
/// Every chip, line table and law reserves its block here when it is built; two machines built from the same
/// configuration in the same order have the same layout.</summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class StateArena
{
    private readonly List<StateBlock> _blocks = [];
    private byte[] _scratch = [];

    /// <summary>Blocks reserved so far.</summary>
    public int Count => _blocks.Count;

    /// <summary>Bytes reserved so far.</summary>
    public int Length { get; private set; }

    /// <summary>Reserves zeroed room for <paramref name="count"/> structs in a row.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="relative">Needed where the struct holds absolute times; see <see cref="Identity"/>.</param>
    public Block<T> Reserve<T>(int count = 1, Relative<T>? relative = null) where T : unmanaged, IState =>
        Reserve(new StateBlock<T>(Zeroed<T>(count), relative));

    /// <summary>As <see cref="Reserve{T}(int, Relative{T})"/>, for what follows from other blocks and only finds something
    /// in them: it is copied with them, and has no part in the identity.</summary>
    /// <param name="count">How many; at least 1.</param>
    internal Block<T> ReserveDerived<T>(int count = 1) where T : unmanaged, IState =>
        Reserve(new StateBlock<T>(Zeroed<T>(count), null, isDerived: true));

    private static T[] Zeroed<T>(int count) where T : unmanaged, IState
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new T[count];
    }

    private Block<T> Reserve<T>(StateBlock<T> block) where T : unmanaged, IState
    {
        Length = checked(Length + block.Bytes.Length);
        _blocks.Add(block);
        return new Block<T>(block.States);
    }

    /// <summary>Takes over the state of a machine of the same layout.</summary>
    /// <exception cref="ArgumentException">The layouts differ.</exception>
    public void CopyFrom(StateArena other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Count != Count)
            throw new ArgumentException($"a state of {other.Count} blocks does not fit a layout of {Count}", nameof(other));
        CopyFrom(other, 0, 0, Count);
    }

    /// <summary>Takes over a run of blocks of another arena.</summary>
    internal void CopyFrom(StateArena other, int from, int to, int count)
    {
        // All of it is compared before any of it is copied: a machine that is half another's is nobody's.
        for (int i = 0; i < count; i++)
        {
            int source = other._blocks[from + i].Bytes.Length, target = _blocks[to + i].Bytes.Length;
            if (source != target)
                throw new ArgumentException($"a block of {source} bytes does not fit one of {target}", nameof(other));
        }
        for (int i = 0; i < count; i++)
            other._blocks[from + i].Bytes.CopyTo(_blocks[to + i].Bytes);
    }

    /// <summary>Whether another machine of the same layout has the same bytes.</summary>
    public bool HasSameBytes(StateArena other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.Count == Count
            && _blocks.Zip(other._blocks).All(pair => pair.First.Bytes.SequenceEqual(pair.Second.Bytes));
    }

    /// <summary>A 128-bit hash of the state in which every absolute time is taken relative to
    /// <paramref name="now"/>: two machines that will behave alike from here on have the same identity.</summary>
    public UInt128 Identity(long now)
    {
        var hash = new StateHash((ulong)Length);
        foreach (StateBlock block in _blocks)
        {
            if (block.IsDerived)
                continue;
            ReadOnlySpan<byte> bytes = block.Bytes;
            if (block.HasTimes)
            {
                if (_scratch.Length < bytes.Length)
                    _scratch = new byte[bytes.Length];
                bytes.CopyTo(_scratch);
                block.MakeRelative(_scratch.AsSpan(0, bytes.Length), now);
                bytes = _scratch.AsSpan(0, bytes.Length);
            }
            hash.Add(bytes);
        }
        return hash.Value;
    }
}

/// <summary>One block, whatever stands in it.</summary>
internal abstract class StateBlock
{
    internal abstract Span<byte> Bytes { get; }
    internal abstract bool HasTimes { get; }
    internal abstract bool IsDerived { get; }
    internal abstract void MakeRelative(Span<byte> copy, long now);
}

internal sealed class StateBlock<T>(T[] states, Relative<T>? relative, bool isDerived = false) : StateBlock where T : unmanaged, IState
{
    internal T[] States => states;
    internal override Span<byte> Bytes => MemoryMarshal.AsBytes(states.AsSpan());
    internal override bool HasTimes => relative is not null;
    internal override bool IsDerived => isDerived;

    internal override void MakeRelative(Span<byte> copy, long now)
    {
        foreach (ref T state in MemoryMarshal.Cast<byte, T>(copy))
            relative!(ref state, now);
    }
}

/// <summary>One chip's place in a <see cref="StateArena"/>.</summary>
public readonly struct Block<T> where T : unmanaged, IState
{
    private readonly T[] _states;

    internal Block(T[] states) => _states = states;

    /// <summary>How many structs stand in the block.</summary>
    public int Count => _states.Length;

    /// <summary>The first (often the only) struct.</summary>
    public ref T Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref MemoryMarshal.GetArrayDataReference(_states);
    }

    /// <summary>The struct at <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside the block.</exception>
    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((uint)index >= (uint)_states.Length)
                ThrowOutside(index);
            return ref Unsafe.Add(ref Value, index);
        }
    }

    /// <summary>All of them.</summary>
    public Span<T> Span => _states;

    private static void ThrowOutside(int index) =>
        throw new ArgumentOutOfRangeException(nameof(index), index, "outside the state block");
}
