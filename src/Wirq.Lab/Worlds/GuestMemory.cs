using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>The memory in the identity of a world: the sum of the hashes of all pages, modulo 2^128.</summary>
internal struct MemoryState : IState
{
    public ulong Low, High;
}

/// <summary>The memory of a guest, from address 0 on. A copy shares its pages with the original until one of the two
/// writes them.</summary>
/// <remarks>
/// <para>A page that was never written does not exist, and reads as zero. Each page has a hash that includes its
/// number, and the arena has the sum of these hashes. So the cost of an identity is one hash for each written page. It
/// does not depend on the size of the memory.</para>
/// <para>The memory that created a page writes it in place, until that memory is copied.</para>
/// </remarks>
internal sealed class GuestMemory(StateArena arena, int bytes) : IGuestMemory
{
    internal const int PageBytes = 4096;

    private readonly Block<MemoryState> _state = arena.Reserve<MemoryState>();
    private readonly GuestPage?[] _pages = new GuestPage?[(bytes + PageBytes - 1) / PageBytes];
    // The numbers of the pages that this memory created since it was last copied, and of the pages whose hash is not in
    // the sum.
    private readonly List<int> _own = [], _unhashed = [];
    private readonly Stack<GuestPage> _spare = [];
    // Pages from this one on were never written.
    private int _end;
    private long _copies;

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (!IsInside(address, destination.Length))
            return false;
        for (int at = (int)address; destination.Length > 0;)
        {
            Span<byte> part = destination[..Math.Min(destination.Length, PageBytes - at % PageBytes)];
            if (_pages[at / PageBytes] is { } page)
                page.Bytes.AsSpan(at % PageBytes, part.Length).CopyTo(part);
            else
                part.Clear();
            at += part.Length;
            destination = destination[part.Length..];
        }
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!IsInside(address, source.Length))
            return false;
        for (int at = (int)address; source.Length > 0;)
        {
            ReadOnlySpan<byte> part = source[..Math.Min(source.Length, PageBytes - at % PageBytes)];
            part.CopyTo(Own(at / PageBytes).Bytes.AsSpan(at % PageBytes));
            at += part.Length;
            source = source[part.Length..];
        }
        return true;
    }

    /// <summary>The bytes of a page, which may be changed until the memory is copied.</summary>
    internal Span<byte> PageToChange(int number) => Own(number).Bytes;

    /// <summary>Updates the sum in the arena.</summary>
    internal void Hash()
    {
        foreach (int number in _unhashed)
        {
            GuestPage page = _pages[number]!;
            // A page that is zero again is treated as never written.
            bool isZero = page.Bytes.AsSpan().IndexOfAnyExcept((byte)0) < 0;
            page.Hash = isZero ? UInt128.Zero : XxHash128.HashToUInt128(page.Bytes, seed: number);
            page.IsHashed = true;
            Sum += page.Hash;
        }
        _unhashed.Clear();
    }

    /// <summary>Copies another memory of the same size, whose sum is up to date; the arena is copied
    /// separately.</summary>
    internal void CopyFrom(GuestMemory other)
    {
        // A copy from itself would recycle pages that are still in use.
        if (ReferenceEquals(other, this))
            return;
        foreach (int number in _own)
            _spare.Push(_pages[number]!);
        // Most are shared already, and comparing a reference is cheaper than storing one.
        for (int number = 0; number < other._end; number++)
        {
            if (!ReferenceEquals(_pages[number], other._pages[number]))
                _pages[number] = other._pages[number];
        }
        if (_end > other._end)
            Array.Clear(_pages, other._end, _end - other._end);
        _end = other._end;
        Share();
        other.Share();
    }

    /// <summary>From here on its pages are shared.</summary>
    private void Share()
    {
        _copies++;
        _own.Clear();
        _unhashed.Clear();
    }

    /// <summary>The most bytes that <see cref="Pack"/> writes.</summary>
    internal int PackedMost => _end * (sizeof(int) + Unsafe.SizeOf<UInt128>());

    /// <summary>Writes which pages differ from those of another memory, of which this one is a copy; the arena is packed
    /// separately.</summary>
    internal void Pack(GuestMemory root, PackPool pool, Span<byte> into, ref int at)
    {
        Hash();
        foreach (int number in _own)
        {
            GuestPage page = _pages[number]!, kept = pool.Keep(number, page);
            if (ReferenceEquals(page, kept))
                continue;
            _spare.Push(page);
            _pages[number] = kept;
        }
        Share();
        int countAt = at;
        ushort count = 0;
        World.Put(into, ref at, count);
        for (int number = 0; number < _end; number++)
        {
            if (_pages[number] is not { } page || number < root._end && ReferenceEquals(page, root._pages[number]))
                continue;
            // A page of a world that was copied before it was packed is no longer its own, and may be new to the pool.
            _pages[number] = pool.Keep(number, page);
            World.Put(into, ref at, number);
            World.Put(into, ref at, page.Hash);
            count++;
        }
        World.Put(into, ref countAt, count);
    }

    /// <summary>This memory is a copy of the one from which a packed memory differs: becomes the packed one.</summary>
    internal void Unpack(PackPool pool, ReadOnlySpan<byte> packed, ref int at, int count)
    {
        for (; count > 0; count--)
        {
            int number = World.Get<int>(packed, ref at);
            _pages[number] = pool.PageOf(number, World.Get<UInt128>(packed, ref at));
            _end = Math.Max(_end, number + 1);
        }
    }

    private GuestPage Own(int number)
    {
        GuestPage? page = _pages[number];
        bool isOwn = page is not null && page.Owner == this && page.Copies == _copies;
        if (isOwn && !page!.IsHashed)
            return page;
        if (page is not null)
            Sum -= page.Hash;
        if (!isOwn)
        {
            page = Copy(page);
            _pages[number] = page;
            _own.Add(number);
            _end = Math.Max(_end, number + 1);
        }
        page!.IsHashed = false;
        _unhashed.Add(number);
        return page;
    }

    private GuestPage Copy(GuestPage? old)
    {
        GuestPage page = _spare.Count > 0 ? _spare.Pop() : new GuestPage();
        (page.Owner, page.Copies) = (this, _copies);
        if (old is not null)
            old.Bytes.CopyTo(page.Bytes, 0);
        else
            Array.Clear(page.Bytes);
        return page;
    }

    private UInt128 Sum
    {
        get => new(_state.Value.High, _state.Value.Low);
        set => (_state.Value.High, _state.Value.Low) = ((ulong)(value >> 64), (ulong)value);
    }

    private bool IsInside(ulong address, int length) =>
        address <= (ulong)bytes && (ulong)length <= (ulong)bytes - address;
}

/// <summary>A page of guest memory.</summary>
internal sealed class GuestPage
{
    internal readonly byte[] Bytes = new byte[GuestMemory.PageBytes];
    internal GuestMemory? Owner;
    /// <summary>The number of copies that its owner had made when it created the page.</summary>
    internal long Copies;
    internal UInt128 Hash;
    /// <summary>Whether <see cref="Hash"/> is up to date, and in the sum.</summary>
    internal bool IsHashed;
}
