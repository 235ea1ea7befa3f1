using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>The laws that watch one machine.</summary>
/// <remarks>Feed it every event of one machine, from power-on and in order. A stream that begins later must begin with
/// an
/// <see cref="EventKind.EntryWritten"/> for each entry that is not in its reset state any more; sources and levels
/// from before are learned of as they show. All state lies in the arena: it forks and compares with the
/// machine's.</remarks>
public sealed class LawSet
{
    private static readonly (string Name, Func<Shadows, StateArena, Law> Make)[] All =
    [
        (nameof(NoLostEdge), (shadows, arena) => new NoLostEdge(shadows, arena)),
        (nameof(LevelRedelivered), (shadows, arena) => new LevelRedelivered(shadows, arena)),
        (nameof(FreshRoute), (shadows, arena) => new FreshRoute(shadows, arena)),
        (nameof(RemoteIrrMatches), (shadows, arena) => new RemoteIrrMatches(shadows, arena)),
        (nameof(MaskedIsSilent), (shadows, arena) => new MaskedIsSilent(shadows, arena)),
        (nameof(SharersIndependent), (shadows, arena) => new SharersIndependent(shadows, arena)),
        (nameof(AckReachesAllSharers), (shadows, arena) => new AckReachesAllSharers(shadows, arena)),
        (nameof(NoPhantom), (shadows, arena) => new NoPhantom(shadows, arena)),
        (nameof(FaultAtDelivery), (shadows, arena) => new FaultAtDelivery(shadows, arena)),
        (nameof(InvalidateIsExact), (shadows, arena) => new InvalidateIsExact(shadows, arena)),
        (nameof(HotStaysInKernel), (shadows, arena) => new HotStaysInKernel(shadows, arena)),
    ];

    private readonly Shadows _shadows;
    private readonly Law[] _laws;

    /// <summary>Builds the laws with their state in <paramref name="arena"/>.</summary>
    /// <param name="options">How the machine is built.</param>
    /// <param name="gsis">Which of its GSIs leads where.</param>
    /// <param name="arena">Where the state goes: the machine's own arena, or another.</param>
    /// <param name="only">Names of the laws that are wanted; null for all.</param>
    /// <exception cref="ArgumentException">There is no law of such a name.</exception>
    public LawSet(FabricOptions options, GsiMap gsis, StateArena arena, IEnumerable<string>? only = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(gsis);
        ArgumentNullException.ThrowIfNull(arena);
        HashSet<string> wanted = [.. only ?? Names];
        if (wanted.FirstOrDefault(name => !Names.Contains(name)) is { } unknown)
            throw new ArgumentException($"there is no law '{unknown}'; there are {string.Join(", ", Names)}", nameof(only));
        _shadows = new Shadows(options, gsis, arena);
        _laws = [.. All.Where(law => wanted.Contains(law.Name)).Select(law => law.Make(_shadows, arena))];
    }

    /// <summary>The names of all laws that this library can check.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(law => law.Name)];

    /// <summary>The laws.</summary>
    public IReadOnlyList<Law> Laws => _laws;

    /// <summary>Takes in the next event.</summary>
    public void Observe(in Event e)
    {
        _shadows.Pins.Observe(e);
        _shadows.Lines.Observe(e);
        foreach (Law law in _laws)
            law.Observe(e);
    }
}
