namespace Wirq.Remapping;

/// <summary>Identifies a translation of a remapping unit. A cached route carries it, so an invalidation finds exactly
/// the routes that it affects.</summary>
/// <remarks><code>
///  63  48 47    40 39                0
/// +------+--------+-------------------+
/// |  0   |  unit  |        key        |
/// +------+--------+-------------------+
/// </code>The unit chooses the meaning of the key: the index of an entry (VT-d, 16 bits), or the requester and an index
/// in its own table (AMD-Vi). Keys that one invalidation affects should form a run.</remarks>
/// <param name="Bits">Unit and key as above; bits 63:48 are zero.</param>
public readonly record struct RouteCookie(ulong Bits)
{
    private const int UnitShift = 40;
    private const ulong KeyMask = (1ul << UnitShift) - 1;

    /// <summary>How many bits a cookie has.</summary>
    internal const int Width = 48;

    /// <summary>The highest key, 2^40 - 1, for a translation that came from no entry. It lies in no run of entries, but
    /// an invalidation of the whole unit affects it.</summary>
    public const long MaxKey = (long)KeyMask;

    /// <summary>The highest number of a remapping unit.</summary>
    public const int MaxUnit = 254;

    /// <summary>A cookie.</summary>
    /// <param name="unit">Number of the remapping unit, 0 to <see cref="MaxUnit"/>.</param>
    /// <param name="key">How the unit identifies the entry, 0 to <see cref="MaxKey"/>.</param>
    public RouteCookie(int unit, long key) : this((ulong)(byte)unit << UnitShift | (ulong)key & KeyMask) { }

    /// <summary>The cookie of a message that no unit translated: no invalidation affects it.</summary>
    public static RouteCookie None => new((1ul << Width) - 1);

    /// <summary>The remapping unit; 255 for none.</summary>
    public int Unit => (byte)(Bits >> UnitShift);
    /// <summary>How the unit identifies the entry.</summary>
    public long Key => (long)(Bits & KeyMask);

    /// <inheritdoc/>
    public override string ToString() => this == None ? "no entry" : $"entry {Key} of remapping unit {Unit}";
}

/// <summary>A run of entries of one unit, both ends included.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last; below <paramref name="First"/> for none.</param>
public readonly record struct CookieRange(RouteCookie First, RouteCookie Last)
{
    /// <summary>No entry at all.</summary>
    public static CookieRange Empty => new(new RouteCookie(1ul), new RouteCookie(0ul));

    /// <summary>All entries of a unit, and the messages that it passed without an entry.</summary>
    /// <param name="unit">Its number, 0 to <see cref="RouteCookie.MaxUnit"/>.</param>
    public static CookieRange AllOf(int unit) => new(new RouteCookie(unit, 0), new RouteCookie(unit, RouteCookie.MaxKey));

    /// <summary>Whether the range is empty.</summary>
    public bool IsEmpty => Last.Bits < First.Bits;

    /// <summary>Whether an entry lies in it.</summary>
    public bool Has(RouteCookie cookie) => cookie.Bits >= First.Bits && cookie.Bits <= Last.Bits;
}
