namespace Wirq.State;

/// <summary>How an identity uses the blocks of a slab.</summary>
internal enum StateRole
{
    /// <summary>It hashes them unchanged.</summary>
    Plain,
    /// <summary>It hashes a canonical copy of them.</summary>
    Rewritten,
    /// <summary>It skips them: they are derived from the others.</summary>
    Derived,
}

/// <summary>A piece of memory with contiguous blocks of state. It does not move, so the address of a block is
/// stable.</summary>
/// <param name="bytes">The memory, pinned and zeroed.</param>
/// <param name="role">How an identity uses its blocks.</param>
internal sealed class StateSlab(byte[] bytes, StateRole role)
{
    private const int Alignment = 8;
    private int _used;

    internal byte[] Bytes { get; } = bytes;
    internal int Size => Bytes.Length;
    internal StateRole Role => role;
    /// <summary>The offset of its bytes in what an identity hashes.</summary>
    internal int ImageAt { get; set; }
    internal Span<byte> Used => Bytes.AsSpan(0, _used);

    /// <summary>Makes an empty slab of its memory.</summary>
    internal StateSlab Renewed(StateRole role)
    {
        Used.Clear();
        return new StateSlab(Bytes, role);
    }

    internal static int Padded(int bytes) => checked(bytes + Alignment - 1) & -Alignment;

    internal bool Fits(int bytes) => Padded(bytes) <= Size - _used;

    /// <summary>Reserves bytes.</summary>
    /// <returns>Their offset.</returns>
    internal int Take(int bytes)
    {
        int offset = _used;
        _used += Padded(bytes);
        return offset;
    }
}

/// <summary>As <see cref="Canonical{T}"/>, for bytes.</summary>
internal delegate void RewriteBytes(Span<byte> copy, long now);

/// <summary>The place of one block, and the type of its structs.</summary>
internal readonly record struct StateBlock(StateSlab Slab, int Offset, int Length, Type Struct)
{
    internal int End => Offset + Length;
    internal Span<byte> Span => Slab.Bytes.AsSpan(Offset, Length);

    /// <summary>Whether it directly follows another block.</summary>
    internal bool Follows(StateBlock other) => Slab == other.Slab && Offset == other.Offset + StateSlab.Padded(other.Length);
}
