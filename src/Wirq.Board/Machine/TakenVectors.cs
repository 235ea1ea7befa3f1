using Wirq.Events;

namespace Wirq.Board.Machine;

/// <summary>How often a CPU took a vector for one cause.</summary>
/// <param name="Cpu">The CPU.</param>
/// <param name="Vector">The vector.</param>
/// <param name="Origin">Who sent it: the latest sender before the CPU took it, since senders of one vector merge.</param>
/// <param name="Count">How often.</param>
public sealed record TakenVector(int Cpu, byte Vector, Origin Origin, long Count);

/// <summary>Counts the vectors that CPUs took from the fabric's local APICs and 8259s, by CPU, vector and origin.</summary>
/// <remarks>A kernel with local APICs of its own delivers without saying so: then there are none.</remarks>
internal sealed class TakenVectors
{
    private const int Vectors = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<(int Cpu, byte Vector, Origin Origin), long> _counts = [];
    private Origin[] _senders = [];
    private Origin _pic;
    private IReadOnlyList<TakenVector>? _marked;

    /// <summary>The counts at the latest mark; without a mark, those until now.</summary>
    internal IReadOnlyList<TakenVector> Counts
    {
        get
        {
            lock (_lock)
                return _marked ?? Sorted();
        }
    }

    /// <summary>Whether there was a mark.</summary>
    internal bool IsMarked
    {
        get
        {
            lock (_lock)
                return _marked is not null;
        }
    }

    /// <summary>Keeps the counts as they are now.</summary>
    internal void Mark()
    {
        lock (_lock)
            _marked = Sorted();
    }

    internal void Begin(int cpus) => _senders = new Origin[cpus * Vectors];

    internal void Observe(in Event happened)
    {
        switch (happened.Kind)
        {
            case EventKind.VectorAccepted:
                VectorAccepted accepted = VectorAccepted.Of(happened);
                _senders[accepted.Cpu * Vectors + accepted.Vector] = accepted.Origin;
                break;
            case EventKind.PicTaken:
                _pic = Origin.Pic(PicTaken.Of(happened).Irq);
                break;
            case EventKind.VectorTaken:
                VectorTaken taken = VectorTaken.Of(happened);
                Count(taken.Cpu, taken.Vector, taken.By switch
                {
                    VectorGiver.Pic => _pic,
                    VectorGiver.Spurious => default,
                    _ => _senders[taken.Cpu * Vectors + taken.Vector],
                });
                break;
        }
    }

    private void Count(int cpu, byte vector, Origin origin)
    {
        lock (_lock)
        {
            (int, byte, Origin) key = (cpu, vector, origin);
            _counts[key] = _counts.GetValueOrDefault(key) + 1;
        }
    }

    private IReadOnlyList<TakenVector> Sorted() =>
    [
        .. _counts.Select(each => new TakenVector(each.Key.Cpu, each.Key.Vector, each.Key.Origin, each.Value))
            .OrderBy(each => each.Cpu).ThenBy(each => each.Vector).ThenBy(each => each.Origin.Bits),
    ];
}
