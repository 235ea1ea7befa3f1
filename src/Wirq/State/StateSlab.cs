namespace Wirq.State;

/// <summary>A piece of memory that holds blocks of state in a row. It does not move, so a block is found by its
/// address.</summary>
internal sealed class StateSlab(int size, bool isDerived)
{
    private const int Alignment = 8;
    private int _used;

    internal byte[] Bytes { get; } = GC.AllocateArray<byte>(size, pinned: true);
    internal int Size => Bytes.Length;
    internal bool IsDerived => isDerived;
    internal Span<byte> Used => Bytes.AsSpan(0, _used);

    /// <summary>The blocks of which a hash is not taken as they are.</summary>
    internal List<(StateBlock Block, RewriteBytes Rewrite)> Rewrites { get; } = [];

    internal static int Padded(int bytes) => checked(bytes + Alignment - 1) & -Alignment;

    internal bool Fits(int bytes) => Padded(bytes) <= Size - _used;

    /// <summary>Takes room.</summary>
    /// <returns>Where it begins.</returns>
    internal int Take(int bytes)
    {
        int offset = _used;
        _used += Padded(bytes);
        return offset;
    }
}

/// <summary>As <see cref="Canonical{T}"/>, of bytes.</summary>
internal delegate void RewriteBytes(Span<byte> copy, long now);

/// <summary>Where one block lies, and of what structs it is.</summary>
internal readonly record struct StateBlock(StateSlab Slab, int Offset, int Length, Type Struct)
{
    internal int End => Offset + Length;
    internal Span<byte> Span => Slab.Bytes.AsSpan(Offset, Length);

    /// <summary>Whether it stands right behind another.</summary>
    internal bool Follows(StateBlock other) => Slab == other.Slab && Offset == other.Offset + StateSlab.Padded(other.Length);
}
