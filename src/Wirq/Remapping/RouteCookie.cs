namespace Wirq.Remapping;

/// <summary>What a remapping unit knows a translation by: the entry of its table that it came from. A cached route bears
/// it, so that an invalidation finds the routes that it concerns and no others.</summary>
/// <remarks><code>
///  31   24 23              0
/// +-------+-----------------+
/// | unit  |      index      |
/// +-------+-----------------+
/// </code>The index is that of the entry in the unit's table (VT-d: 16 bits).</remarks>
public readonly record struct RouteCookie(uint Bits)
{
    private const int UnitShift = 24;
    private const uint IndexMask = (1u << UnitShift) - 1;

    /// <summary>The highest index that fits.</summary>
    public const int MaxIndex = (int)IndexMask;

    /// <summary>A cookie.</summary>
    /// <param name="unit">Number of the remapping unit, 0 to 254.</param>
    /// <param name="index">Index of the entry, 0 to <see cref="MaxIndex"/>.</param>
    public RouteCookie(int unit, int index) : this((uint)unit << UnitShift | (uint)index & IndexMask) { }

    /// <summary>The cookie of what no unit translated: no invalidation concerns it.</summary>
    public static RouteCookie None => new(uint.MaxValue);

    /// <summary>The remapping unit.</summary>
    public int Unit => (int)(Bits >> UnitShift);
    /// <summary>Index of the entry.</summary>
    public int Index => (int)(Bits & IndexMask);

    /// <inheritdoc/>
    public override string ToString() => this == None ? "no entry" : $"entry {Index} of remapping unit {Unit}";
}

/// <summary>A run of entries of one unit, both ends included.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last; below <paramref name="First"/> for none.</param>
public readonly record struct CookieRange(RouteCookie First, RouteCookie Last)
{
    /// <summary>No entry at all.</summary>
    public static CookieRange Empty => new(new RouteCookie(1u), new RouteCookie(0u));

    /// <summary>All entries of a unit.</summary>
    public static CookieRange AllOf(int unit) => new(new RouteCookie(unit, 0), new RouteCookie(unit, RouteCookie.MaxIndex));

    /// <summary>Whether there is nothing in it.</summary>
    public bool IsEmpty => Last.Bits < First.Bits;

    /// <summary>Whether an entry lies in it.</summary>
    public bool Has(RouteCookie cookie) => cookie.Bits >= First.Bits && cookie.Bits <= Last.Bits;
}
