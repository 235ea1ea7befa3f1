namespace Wirq.Remapping;

/// <summary>The memory of a guest, as a chip that masters the bus sees it: little-endian bytes at physical
/// addresses.</summary>
/// <remarks>Addresses come from the guest and may be anything. An access that does not lie in memory with all its bytes
/// is refused whole; nothing throws.</remarks>
public interface IGuestMemory
{
    /// <summary>Reads memory.</summary>
    /// <param name="address">Physical address, 64 bits, of any alignment.</param>
    /// <param name="destination">Filled where the answer is true; untouched else.</param>
    /// <returns>Whether all bytes lie in memory.</returns>
    bool TryRead(ulong address, Span<byte> destination);

    /// <summary>Writes memory.</summary>
    /// <param name="address">Physical address, 64 bits, of any alignment.</param>
    /// <param name="source">What is written, where the answer is true.</param>
    /// <returns>Whether all bytes lie in memory.</returns>
    bool TryWrite(ulong address, ReadOnlySpan<byte> source);
}

/// <summary>A machine that has no memory to speak of.</summary>
internal sealed class NoGuestMemory : IGuestMemory
{
    /// <summary>The only one there need be.</summary>
    public static NoGuestMemory Instance { get; } = new();

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> destination) => destination.IsEmpty;

    /// <inheritdoc/>
    public bool TryWrite(ulong address, ReadOnlySpan<byte> source) => source.IsEmpty;
}
