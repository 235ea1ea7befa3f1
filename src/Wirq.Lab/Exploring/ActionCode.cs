using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>A transition in one word.</summary>
/// <remarks><code>
///  31    24 23          0
/// +--------+-------------+
/// |  kind  |    index    |
/// +--------+-------------+
/// </code></remarks>
internal readonly record struct ActionCode(uint Bits)
{
    private const int KindShift = 24;
    private const uint IndexMask = (1u << KindShift) - 1;

    internal ActionCode(Transition transition) : this((uint)transition.Kind << KindShift | (uint)transition.Index & IndexMask) { }

    internal TransitionKind Kind => (TransitionKind)(Bits >> KindShift);
    internal int Index => (int)(Bits & IndexMask);
    internal Transition Transition => new(Kind, Index);

    /// <inheritdoc/>
    public override string ToString() => Transition.ToString();
}
