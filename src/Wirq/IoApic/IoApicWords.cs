namespace Wirq;

/// <summary>The identification and arbitration registers.</summary>
/// <remarks><code>
///  31 28 27 24 23      0
/// +-----+-----+---------+
/// |  0  | id  |    0    |
/// +-----+-----+---------+
/// </code>82093AA, 3.2.1 and 3.2.3.</remarks>
/// <param name="Id">0 to 15.</param>
internal readonly record struct IoApicIdentity(uint Id)
{
    private const int Shift = 24;
    private const uint Mask = 15;

    internal uint Bits => (Id & Mask) << Shift;
    internal static IoApicIdentity FromBits(uint bits) => new(bits >> Shift & Mask);
}

/// <summary>The version register.</summary>
/// <remarks><code>
///  31 24 23         16 15  8 7       0
/// +-----+-------------+-----+---------+
/// |  0  | highest pin |  0  | version |
/// +-----+-------------+-----+---------+
/// </code>82093AA, 3.2.2.</remarks>
internal readonly record struct IoApicVersion(uint Bits)
{
    internal static IoApicVersion Create(byte version, int pins) => new(version | (uint)(pins - 1) << 16);
}
