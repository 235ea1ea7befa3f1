namespace Wirq.Remapping;

/// <summary>The memory of a guest, as a chip that masters the bus sees it: little-endian bytes at physical
/// addresses.</summary>
/// <remarks>Addresses come from the guest and may be anything. If any byte of an access is outside memory, the whole
/// access is refused; nothing throws.</remarks>
public interface IGuestMemory
{
    /// <summary>Reads memory.</summary>
    /// <param name="address">Physical address, 64 bits, of any alignment.</param>
    /// <param name="destination">Filled if the result is true; else unchanged.</param>
    /// <returns>Whether all bytes lie in memory.</returns>
    bool TryRead(ulong address, Span<byte> destination);

    /// <summary>Writes memory.</summary>
    /// <param name="address">Physical address, 64 bits, of any alignment.</param>
    /// <param name="source">The bytes to write.</param>
    /// <returns>Whether all bytes lie in memory.</returns>
    bool TryWrite(ulong address, ReadOnlySpan<byte> source);
}

/// <summary>The memory of a machine without memory.</summary>
internal sealed class NoGuestMemory : IGuestMemory
{
    /// <summary>The only instance.</summary>
    public static NoGuestMemory Instance { get; } = new();

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> destination) => destination.IsEmpty;

    /// <inheritdoc/>
    public bool TryWrite(ulong address, ReadOnlySpan<byte> source) => source.IsEmpty;
}
