using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Traces.Recordings;

/// <summary>What a recording contains of a remapping unit: enough to check the behaviour of the machine, but not how
/// the unit is built.</summary>
public sealed record RemapperFacts : IRemapperOptions
{
    /// <inheritdoc/>
    public IReadOnlyList<RegisterPages> Registers { get; init; } = [];
    /// <inheritdoc/>
    public IReadOnlyList<RequesterRange>? Scope { get; init; }
    /// <inheritdoc/>
    public MsiFormat OwnFormat { get; init; }

    /// <summary>The facts about a machine's units; null for none.</summary>
    internal static IReadOnlyList<RemapperFacts>? Of(FabricOptions machine) => machine.Remappers.Count == 0 ? null
        : [.. machine.Remappers.Select(one => new RemapperFacts { Registers = one.Registers, Scope = one.Scope, OwnFormat = one.OwnFormat })];

    /// <inheritdoc/>
    public void Validate() { }

    IRemapper IRemapperOptions.Build(StateArena arena, int unit) =>
        throw new NotSupportedException("a recording does not keep how a remapping unit is built; build the machine with the unit's own options");
}
