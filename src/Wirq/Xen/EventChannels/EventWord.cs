namespace Wirq.Xen;

/// <summary>One port's word in the event array of the FIFO ABI.</summary>
/// <remarks><code>
///   31      30     29     28   27   17 16    0
/// +-------+------+------+----+--------+------+
/// |pending|masked|linked|busy|    0   | link |
/// +-------+------+------+----+--------+------+
/// </code>Link is the next port of the queue. Busy keeps the guest from clearing masked.</remarks>
/// <param name="Bits">The word.</param>
internal readonly record struct EventWord(uint Bits)
{
    internal const int LinkBits = 17;
    internal const uint PendingBit = 1u << 31, MaskedBit = 1u << 30, LinkedBit = 1u << 29, BusyBit = 1u << 28;
    internal const uint LinkMask = (1u << LinkBits) - 1;

    internal bool Pending => (Bits & PendingBit) != 0;
    internal bool Masked => (Bits & MaskedBit) != 0;
    internal bool Linked => (Bits & LinkedBit) != 0;
    internal bool Busy => (Bits & BusyBit) != 0;
    internal uint Link => Bits & LinkMask;

    /// <summary>The word with another port behind it, and free for the guest.</summary>
    internal EventWord With(uint link) => new(Bits & ~(BusyBit | LinkMask) | link);
}
