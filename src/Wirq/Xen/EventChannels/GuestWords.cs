using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Xen;

/// <summary>Atomic operations on words that a guest changes meanwhile.</summary>
internal static class GuestWords
{
    /// <summary>The word of 32 bits at an offset that is a multiple of 4 and inside the page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref uint U32(Span<byte> page, int offset) =>
        ref Unsafe.As<byte, uint>(ref MemoryMarshal.GetReference(page.Slice(offset, sizeof(uint))));

    /// <summary>As <see cref="U32"/>, for 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref ulong U64(Span<byte> page, int offset) =>
        ref Unsafe.As<byte, ulong>(ref MemoryMarshal.GetReference(page.Slice(offset, sizeof(ulong))));

    /// <summary>Sets a bit of a bitmap of 32-bit words, which is the bitmap of 64-bit words too: the guest is
    /// little-endian.</summary>
    /// <returns>Whether it was set.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TestAndSet(Span<byte> page, int offset, uint bit) =>
        TestAndSetMask(ref U32(page, offset + WordOf(bit)), MaskOf(bit));

    /// <summary>Clears a bit.</summary>
    /// <returns>Whether it was set.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TestAndClear(Span<byte> page, int offset, uint bit) =>
        TestAndClearMask(ref U32(page, offset + WordOf(bit)), MaskOf(bit));

    /// <summary>Whether a bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Test(Span<byte> page, int offset, uint bit) =>
        (Volatile.Read(ref U32(page, offset + WordOf(bit))) & MaskOf(bit)) != 0;

    /// <summary>Sets the bits of a mask.</summary>
    /// <returns>Whether one of them was set.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TestAndSetMask(ref uint word, uint mask) => (Interlocked.Or(ref word, mask) & mask) != 0;

    /// <summary>Clears the bits of a mask.</summary>
    /// <returns>Whether one of them was set.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TestAndClearMask(ref uint word, uint mask) => (Interlocked.And(ref word, ~mask) & mask) != 0;

    private const int BitShift = 5;

    private static int WordOf(uint bit) => (int)(bit >> BitShift) * sizeof(uint);

    private static uint MaskOf(uint bit) => 1u << (int)(bit & ((1 << BitShift) - 1));
}
