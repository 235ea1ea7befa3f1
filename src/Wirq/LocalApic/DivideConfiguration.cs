namespace Wirq;

/// <summary>The divide configuration register of the timer.</summary>
/// <remarks><code>
///  31   4    3     2   1    0
/// +------+-------+---+-------+
/// |  0   | bit 2 | 0 |bits1:0|
/// +------+-------+---+-------+
/// </code>Values 0 to 6 divide by 2 to 128, 7 divides by 1. Intel SDM vol. 3, 11.5.4, figure 11-10.</remarks>
internal readonly record struct DivideConfiguration(byte Bits)
{
    /// <summary>Bits that software can write.</summary>
    public const uint Writable = 0xB;

    /// <summary>The word for a divisor of 1, 2, 4, …, 128.</summary>
    public static DivideConfiguration For(int divisor)
    {
        int value = (System.Numerics.BitOperations.Log2((uint)divisor) + 7) & 7;
        return new((byte)(value & 3 | (value & 4) << 1));
    }

    /// <summary>How far the bus clock is divided: 1 to 128.</summary>
    public uint Divisor => 1u << ((Bits & 3 | Bits >> 1 & 4) + 1 & 7);

    /// <inheritdoc/>
    public override string ToString() => $"/{Divisor}";
}
