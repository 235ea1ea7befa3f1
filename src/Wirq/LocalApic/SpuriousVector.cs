namespace Wirq;

/// <summary>The spurious-interrupt vector register, SVR.</summary>
/// <remarks><code>
///  31      13   12    11 10   9     8     7    0
/// +----------+-------+-----+-------+----+--------+
/// |    0     | SEOIB |  0  | focus | EN | vector |
/// +----------+-------+-----+-------+----+--------+
/// </code>SEOIB suppresses EOI broadcasts where the version register advertises it. Focus checking is kept but has no
/// effect (not supported since the Pentium 4). Intel SDM vol. 3, 11.9.</remarks>
public readonly record struct SpuriousVector(uint Bits)
{
    private const uint EnableBit = 1 << 8, FocusBit = 1 << 9, SuppressBit = 1 << 12;

    /// <summary>The value after reset and INIT: vector 0xFF, software-disabled.</summary>
    public static SpuriousVector Reset => new(0xFF);

    /// <summary>Bits that software can write.</summary>
    public static uint Writable(bool suppression) => 0xFF | EnableBit | FocusBit | (suppression ? SuppressBit : 0);

    /// <summary>The vector that the CPU gets when it takes an interrupt that no longer exists.</summary>
    public byte Vector => (byte)Bits;
    /// <summary>Software enable.</summary>
    public bool Enabled => (Bits & EnableBit) != 0;
    /// <summary>Whether EOIs of level interrupts are not broadcast.</summary>
    public bool SuppressBroadcast => (Bits & SuppressBit) != 0;

    /// <summary>This word software-disabled.</summary>
    public SpuriousVector Disabled => new(Bits & ~EnableBit);

    /// <inheritdoc/>
    public override string ToString() =>
        $"0x{Vector:x2}{(Enabled ? " enabled" : " disabled")}{(SuppressBroadcast ? " SEOIB" : "")}";
}
