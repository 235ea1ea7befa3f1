namespace Wirq;

/// <summary>The error status register, ESR.</summary>
/// <remarks><code>
///  31   8    7        6         5        4     3 0
/// +------+-------+---------+---------+-------+-----+
/// |  0   |address|received |  sent   |redirect|  0  |
/// +------+-------+---------+---------+-------+-----+
/// </code>Bits 3:0 (checksum and accept errors of the three-wire bus) are reserved since the Pentium 4.
/// Intel SDM vol. 3, 11.5.3.</remarks>
public readonly record struct ErrorStatus(byte Bits)
{
    /// <summary>A lowest-priority IPI that this model cannot send.</summary>
    public static ErrorStatus RedirectableIpi => new(1 << 4);
    /// <summary>A vector below 16 was to be sent.</summary>
    public static ErrorStatus SendIllegalVector => new(1 << 5);
    /// <summary>A vector below 16 was received, from the bus or from the local vector table.</summary>
    public static ErrorStatus ReceiveIllegalVector => new(1 << 6);
    /// <summary>A reserved register was accessed; in xAPIC mode only.</summary>
    public static ErrorStatus IllegalRegister => new(1 << 7);

    /// <summary>Whether no error is recorded.</summary>
    public bool IsEmpty => Bits == 0;
    /// <summary>Both records.</summary>
    public ErrorStatus With(ErrorStatus other) => new((byte)(Bits | other.Bits));
    /// <summary>What is in this record and not in the other.</summary>
    public ErrorStatus Without(ErrorStatus other) => new((byte)(Bits & ~other.Bits));

    /// <inheritdoc/>
    public override string ToString() => $"0x{Bits:x2}";
}
