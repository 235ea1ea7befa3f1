using Wirq.Events;
using Wirq.Laws;
using Wirq.State;

namespace Wirq.Tests.Laws;

/// <summary>A history built by hand, which a law must accept, or a control, which must break it.</summary>
/// <param name="Name">What happens.</param>
/// <param name="Events">The events.</param>
/// <param name="Breaks">The sentence with which the law reports the break; null if it holds.</param>
/// <param name="Options">The machine, if it is not the default one.</param>
internal sealed record History(string Name, Event[] Events, string? Breaks = null, FabricOptions? Options = null)
{
    /// <summary>Two CPUs, two I/OAPICs and the 8259 pair.</summary>
    internal static readonly FabricOptions TwoChips = FabricOptions.Pc(cpus: 2) with
    {
        IoApics = [new(), new() { GsiBase = 24, Address = 0xFEC01000 }],
    };

    internal static FabricOptions Of(Profile profile) => FabricOptions.Pc(cpus: 2, profile);

    internal static LawSet Watch(FabricOptions options, StateArena arena, params string[] only) =>
        new(options, new GsiMap(options), arena, only.Length == 0 ? null : only);

    /// <summary>Judges the history by one law.</summary>
    internal Law Judge(string law)
    {
        LawSet laws = Watch(Options ?? TwoChips, new StateArena(), law);
        foreach (Event e in Events)
            laws.Observe(e);
        return Assert.Single(laws.Laws);
    }
}
