using System.Collections.Concurrent;

namespace Wirq.Lab.Worlds;

/// <summary>What packed worlds refer to and do not contain: pages of guest memory, lists of the journal and snapshots, each once. The worlds of
/// several threads may share one.</summary>
/// <remarks>Pages and lists in it never change. They are found by the hashes that are part of an identity, so a pool can be no
/// cause of a mistake that an identity could not make.</remarks>
internal sealed class PackPool
{
    private const int PageCost = GuestMemory.PageBytes + 96, LinkCost = 96;

    private readonly ConcurrentDictionary<(int Number, UInt128 Hash), GuestPage> _pages = new();
    private readonly ConcurrentDictionary<ChainState, Chains.Link> _chains = new();
    private readonly ConcurrentDictionary<UInt128, SavedMachine> _snapshots = new();
    private long _bytes;

    /// <summary>About how many bytes it holds.</summary>
    internal long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The page of this number and contents that the pool has, which may become the given one.</summary>
    internal GuestPage Keep(int number, GuestPage page)
    {
        if (_pages.TryGetValue((number, page.Hash), out GuestPage? known))
            return known;
        GuestPage kept = _pages.GetOrAdd((number, page.Hash), page);
        if (ReferenceEquals(kept, page))
            Interlocked.Add(ref _bytes, PageCost);
        return kept;
    }

    internal GuestPage PageOf(int number, UInt128 hash) => _pages[(number, hash)];

    internal void Keep(in ChainState state, Chains.Link end)
    {
        if (!_chains.ContainsKey(state) && _chains.TryAdd(state, end))
            Interlocked.Add(ref _bytes, LinkCost);
    }

    internal void Keep(SavedMachine saved)
    {
        if (!_snapshots.ContainsKey(saved.Name) && _snapshots.TryAdd(saved.Name, saved))
            Interlocked.Add(ref _bytes, saved.Machine.Length + (saved.Cpus?.Length ?? 0) + LinkCost);
    }

    /// <summary>The snapshot of a name; none for zero.</summary>
    internal SavedMachine? SnapshotOf(UInt128 name) => name == UInt128.Zero ? null : _snapshots[name];

    internal Chains.Link ChainOf(in ChainState state) => _chains[state];
}
