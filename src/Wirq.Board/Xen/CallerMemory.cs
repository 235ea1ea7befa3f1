using Wirq.Board.Workarounds;
using Wirq.Linux;

namespace Wirq.Board.Xen;

/// <summary>The memory of a vCPU that makes a hypercall, by the linear addresses that it passes.</summary>
/// <param name="view">The vCPU; its instruction is finished.</param>
/// <param name="system">Its system registers.</param>
/// <param name="is64Bit">Whether it runs 64-bit code.</param>
internal readonly struct CallerMemory(GuestView view, KvmSystemRegisters system, bool is64Bit)
{
    private const int UpperBits = 16;

    /// <summary>Whether words of its structures have 64 bits.</summary>
    internal bool Is64Bit => is64Bit;

    /// <summary>Reads bytes.</summary>
    /// <param name="address">May be anything.</param>
    /// <param name="destination">Where they go.</param>
    /// <returns>Whether all of them could be read.</returns>
    internal bool TryRead(ulong address, Span<byte> destination) =>
        IsAddress(address, destination.Length) && view.TryReadLinear(system, address, destination);

    /// <summary>Writes bytes.</summary>
    /// <param name="address">May be anything.</param>
    /// <param name="source">The bytes.</param>
    /// <returns>Whether all of them could be written; else some may have been.</returns>
    internal bool TryWrite(ulong address, ReadOnlySpan<byte> source) =>
        IsAddress(address, source.Length) && view.TryWriteLinear(system, address, source);

    private bool IsAddress(ulong address, int length)
    {
        ulong last = address + (ulong)Math.Max(length - 1, 0);
        // 48 bits, sign-extended: the page tables that are walked have four levels.
        return last >= address && (is64Bit
            ? IsCanonical(address) && IsCanonical(last)
            : last <= uint.MaxValue);
    }

    private static bool IsCanonical(ulong address) => (long)(address << UpperBits) >> UpperBits == (long)address;
}
