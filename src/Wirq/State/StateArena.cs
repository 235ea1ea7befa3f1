using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.State;

/// <summary>Marks a struct as the mutable state of a chip, a line or a law: unmanaged, and without padding, so that its
/// bytes alone define it. A test checks this for every implementer.</summary>
public interface IState;

/// <summary>Rewrites one block so that states with the same behaviour have the same bytes. Times become distances,
/// counters that only distinguish old from new become that, and slots get an order that does not depend on the order of
/// arrival.</summary>
/// <param name="copy">A scratch copy of the block; the live block is never passed.</param>
/// <param name="now">Virtual time in nanoseconds.</param>
public delegate void Canonical<T>(Span<T> copy, long now) where T : unmanaged, IState;

/// <summary>The mutable state of a whole machine, in blocks. A fork copies it; a comparison hashes it. Every chip, line
/// table and law reserves its block here when it is built. Two machines that are built from the same configuration in
/// the same order have the same layout.</summary>
/// <remarks>Blocks are contiguous in a few pieces of memory (<see cref="StateSlab"/>), so a copy is a few moves. Not
/// thread-safe.</remarks>
public sealed class StateArena
{
    // A machine of common size has one slab for each role, so a copy is three moves. It is not a power of two: the slabs of
    // two machines would be a multiple of 4 KiB apart. With equal low 12 bits of the addresses, a processor mistakes a
    // load from one machine for a load of bytes that were just stored to the other.
    private const int FirstSlab = 17 * 1024;

    private readonly List<StateBlock> _blocks = [];
    private readonly List<StateSlab> _slabs = [];
    // The slab that has room for the next block, by role.
    private readonly StateSlab?[] _open = new StateSlab?[3];
    // The size of the next slab, by role: each is twice as large as the one before.
    private readonly int[] _next = [FirstSlab, FirstSlab, FirstSlab];
    // In the order of reservation: a canonical form may use one that was computed before.
    private readonly List<(StateBlock Block, RewriteBytes Rewrite)> _rewrites = [];
    // All that is hashed, in one piece: one hash of one piece is several times faster than one that is fed with pieces.
    private byte[] _image = [];
    private int _imageLength;
    // The number of blocks when it was laid out.
    private int _imageLayout = -1;
    // Arenas that were compared and have the same layout share one object; null if this arena was not compared yet. A
    // copy between arenas that share it does not check each block.
    private object? _layout;
    // Memory of another arena whose machine is gone.
    private readonly List<StateSlab> _spare = [];

    /// <summary>Makes an empty arena.</summary>
    public StateArena()
    {
    }

    /// <summary>Makes an empty arena in the memory of another. Whoever builds machine after machine of one kind saves to ask for memory,
    /// and to give it back, each time.</summary>
    /// <param name="spent">The other. Nothing that has its state there may be used any more.</param>
    internal StateArena(StateArena spent)
    {
        ArgumentNullException.ThrowIfNull(spent);
        _spare = spent._slabs;
    }

    /// <summary>The place of each block, in the order in which they were reserved.</summary>
    internal IReadOnlyList<StateBlock> Blocks => _blocks;

    /// <summary>The pieces of memory with the blocks.</summary>
    internal List<StateSlab> Slabs => _slabs;

    /// <summary>Blocks reserved so far.</summary>
    internal int Count => _blocks.Count;

    /// <summary>Bytes reserved so far.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of memory that it holds for them.</summary>
    internal long Held { get; private set; }

    /// <summary>Reserves zeroed room for <paramref name="count"/> structs in a row.</summary>
    /// <param name="count">How many; at least 1.</param>
    public Block<T> Reserve<T>(int count) where T : unmanaged, IState => Reserve<T>(count, StateRole.Plain, null);

    /// <summary>Reserves zeroed room for one struct.</summary>
    public Block<T> Reserve<T>() where T : unmanaged, IState => Reserve<T>(1);

    /// <summary>As <see cref="Reserve{T}(int)"/>, if the struct contains absolute times, or other values with several
    /// equivalent forms.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="canonical">See <see cref="Identity"/>.</param>
    public Block<T> Reserve<T>(int count, Canonical<T> canonical) where T : unmanaged, IState =>
        Reserve(count, StateRole.Rewritten, canonical);

    /// <summary>As <see cref="Reserve{T}(int)"/>, for an index that is derived from other blocks: it is
    /// copied with them, and is not part of the identity.</summary>
    /// <param name="count">How many; at least 1.</param>
    internal Block<T> ReserveDerived<T>(int count = 1) where T : unmanaged, IState => Reserve<T>(count, StateRole.Derived, null);

    private Block<T> Reserve<T>(int count, StateRole role, Canonical<T>? canonical) where T : unmanaged, IState
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int bytes = checked(count * Unsafe.SizeOf<T>());
        _layout = null;
        Length = checked(Length + bytes);
        StateSlab slab = WithRoom(role, bytes);
        int offset = slab.Take(bytes);
        var block = new StateBlock(slab, offset, bytes, typeof(T));
        _blocks.Add(block);
        if (canonical is not null)
            _rewrites.Add((block, (copy, now) => canonical(MemoryMarshal.Cast<byte, T>(copy), now)));
        return new Block<T>(slab.Bytes, offset, count);
    }

    /// <summary>A slab that has room. A block that is larger than the next slab gets a slab of its own size, and the
    /// current slab stays open.</summary>
    private StateSlab WithRoom(StateRole role, int bytes)
    {
        ref StateSlab? open = ref _open[(int)role];
        if (open is not null && open.Fits(bytes))
            return open;
        ref int next = ref _next[(int)role];
        int needed = StateSlab.Padded(bytes);
        if (needed > next)
            return Add(role, needed);
        open = Add(role, next);
        next = checked(next * 2);
        return open;
    }

    private StateSlab Add(StateRole role, int size)
    {
        int spare = _spare.FindIndex(slab => slab.Size == size);
        StateSlab slab = spare < 0 ? new StateSlab(GC.AllocateArray<byte>(size, pinned: true), role) : _spare[spare].Renewed(role);
        if (spare >= 0)
            _spare.RemoveAt(spare);
        _slabs.Add(slab);
        Held += size;
        return slab;
    }

    /// <summary>Takes over the state of a machine of the same layout.</summary>
    /// <exception cref="ArgumentException">The layouts differ.</exception>
    internal void CopyFrom(StateArena other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Count != Count)
            throw new ArgumentException($"a state of {other.Count} blocks does not fit a layout of {Count}", nameof(other));
        if (_layout is not null && ReferenceEquals(_layout, other._layout))
        {
            for (int i = 0; i < _slabs.Count; i++)
                other._slabs[i].Used.CopyTo(_slabs[i].Used);
            return;
        }
        CopyFrom(other, 0, 0, Count);
        if (HasSamePlaces(other))
            _layout = other._layout ??= new object();
    }

    /// <summary>Whether each block has the same offset in the same slab of both arenas.</summary>
    private bool HasSamePlaces(StateArena other)
    {
        if (_slabs.Count != other._slabs.Count)
            return false;
        for (int i = 0; i < Count; i++)
        {
            StateBlock mine = _blocks[i], its = other._blocks[i];
            if (mine.Offset != its.Offset || mine.Length != its.Length || _slabs.IndexOf(mine.Slab) != other._slabs.IndexOf(its.Slab))
                return false;
        }
        return true;
    }

    /// <summary>Takes over a run of blocks of another arena.</summary>
    internal void CopyFrom(StateArena other, int from, int to, int count)
    {
        ReadOnlySpan<StateBlock> sources = CollectionsMarshal.AsSpan(other._blocks).Slice(from, count);
        ReadOnlySpan<StateBlock> targets = CollectionsMarshal.AsSpan(_blocks).Slice(to, count);
        // Everything is compared before anything is copied, so a failure leaves no partly copied machine.
        for (int i = 0; i < count; i++)
        {
            if (sources[i].Length != targets[i].Length)
                throw new ArgumentException($"a block of {sources[i].Length} bytes does not fit one of {targets[i].Length}", nameof(other));
        }
        // Blocks that are contiguous in both arenas are moved at once.
        for (int first = 0, end; first < count; first = end)
        {
            for (end = first + 1; end < count && sources[end].Follows(sources[end - 1]) && targets[end].Follows(targets[end - 1]); end++) { }
            int length = sources[end - 1].End - sources[first].Offset;
            sources[first].Slab.Bytes.AsSpan(sources[first].Offset, length)
                .CopyTo(targets[first].Slab.Bytes.AsSpan(targets[first].Offset, length));
        }
    }

    /// <summary>Whether another machine of the same layout has the same bytes.</summary>
    internal bool HasSameBytes(StateArena other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.Count == Count
            && _blocks.Zip(other._blocks).All(pair => pair.First.Span.SequenceEqual(pair.Second.Span));
    }

    /// <summary>A 128-bit hash of the state, with every absolute time relative to <paramref name="now"/>. Two machines
    /// that will behave the same from here on have the same identity.</summary>
    /// <remarks>XXH128 of the blocks in their order in memory: fast, and stable across runs and across machines of one
    /// byte order. It does not defend against deliberate collisions.</remarks>
    internal UInt128 Identity(long now)
    {
        MakeImage(now);
        return XxHash128.HashToUInt128(_image.AsSpan(0, _imageLength));
    }

    private void MakeImage(long now)
    {
        if (_imageLayout != _blocks.Count)
            LayOutImage();
        foreach (StateSlab slab in _slabs)
        {
            if (slab.Role != StateRole.Derived)
                slab.Used.CopyTo(_image.AsSpan(slab.ImageAt));
        }
        foreach ((StateBlock block, RewriteBytes rewrite) in _rewrites)
            rewrite(_image.AsSpan(block.Slab.ImageAt + block.Offset, block.Length), now);
    }

    /// <summary>Gives each slab its place in the image, as far as it is used.</summary>
    private void LayOutImage()
    {
        _imageLength = 0;
        foreach (StateSlab slab in _slabs)
        {
            if (slab.Role == StateRole.Derived)
                continue;
            slab.ImageAt = _imageLength;
            _imageLength = checked(_imageLength + slab.Used.Length);
        }
        _image = new byte[_imageLength];
        _imageLayout = _blocks.Count;
    }
}
