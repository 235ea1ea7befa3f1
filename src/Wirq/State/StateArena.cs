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

/// <summary>The mutable state of a whole machine in one run of bytes: to fork is to copy it, to compare is to hash it.
/// Every chip, line table and law reserves its block here when it is built; two machines built from the same
/// configuration in the same order have the same layout.</summary>
/// <remarks>Not thread-safe. References handed out by a <see cref="Block{T}"/> must not be held across a later
/// <see cref="Reserve{T}"/>, which may move the bytes.</remarks>
public sealed class StateArena
{
    private const int Alignment = 8;

    private byte[] _bytes = new byte[256];
    private byte[] _scratch = [];
    private readonly List<Action<byte[], long>> _relatives = [];

    /// <summary>Bytes reserved so far.</summary>
    public int Length { get; private set; }

    internal byte[] Bytes => _bytes;

    /// <summary>Reserves zeroed room for <paramref name="count"/> structs in a row.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="relative">Needed where the struct holds absolute times; see <see cref="Identity"/>.</param>
    public Block<T> Reserve<T>(int count = 1, Relative<T>? relative = null) where T : unmanaged, IState
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int offset = Length;
        int size = checked(Unsafe.SizeOf<T>() * count);
        Length = checked(offset + size + Alignment - 1) / Alignment * Alignment;
        if (Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(Length, _bytes.Length * 2));
        if (relative is not null)
        {
            _relatives.Add((bytes, now) =>
            {
                foreach (ref T state in MemoryMarshal.Cast<byte, T>(bytes.AsSpan(offset, size)))
                    relative(ref state, now);
            });
        }
        return new Block<T>(this, offset, count);
    }

    /// <summary>Takes over the state of a machine of the same layout.</summary>
    /// <exception cref="ArgumentException">The layouts differ in size.</exception>
    public void CopyFrom(StateArena other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Length != Length)
            throw new ArgumentException($"a state of {other.Length} bytes does not fit a layout of {Length}", nameof(other));
        other._bytes.AsSpan(0, Length).CopyTo(_bytes);
    }

    /// <summary>Takes over a part of another arena.</summary>
    internal void CopyFrom(StateArena other, int from, int to, int length) =>
        other._bytes.AsSpan(0, other.Length).Slice(from, length).CopyTo(_bytes.AsSpan(0, Length)[to..]);

    /// <summary>The raw bytes, for a test or an explorer that stores states.</summary>
    public ReadOnlySpan<byte> AsSpan() => _bytes.AsSpan(0, Length);

    /// <summary>A 128-bit hash of the state in which every absolute time is taken relative to
    /// <paramref name="now"/>: two machines that will behave alike from here on have the same identity.</summary>
    public UInt128 Identity(long now)
    {
        if (_scratch.Length < Length)
            _scratch = new byte[_bytes.Length];
        _bytes.AsSpan(0, Length).CopyTo(_scratch);
        foreach (Action<byte[], long> relative in _relatives)
            relative(_scratch, now);
        return StateHash.Of(MemoryMarshal.Cast<byte, ulong>(_scratch.AsSpan(0, Length)));
    }
}

/// <summary>One chip's place in a <see cref="StateArena"/>.</summary>
public readonly struct Block<T> where T : unmanaged, IState
{
    private readonly StateArena _arena;
    private readonly int _offset;

    internal Block(StateArena arena, int offset, int count)
    {
        _arena = arena;
        _offset = offset;
        Count = count;
    }

    /// <summary>How many structs stand in the block.</summary>
    public int Count { get; }

    /// <summary>The first (often the only) struct.</summary>
    public ref T Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.As<byte, T>(ref Unsafe.AddByteOffset(
            ref MemoryMarshal.GetArrayDataReference(_arena.Bytes), (nint)_offset));
    }

    /// <summary>The struct at <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside the block.</exception>
    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((uint)index >= (uint)Count)
                ThrowOutside();
            return ref Unsafe.Add(ref Value, index);
        }
    }

    /// <summary>All of them.</summary>
    public Span<T> Span => MemoryMarshal.CreateSpan(ref Value, Count);

    private static void ThrowOutside() => throw new ArgumentOutOfRangeException("index", "outside the state block");
}
