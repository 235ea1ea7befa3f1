namespace Wirq;

/// <summary>The task priority register, TPR, and its view in CR8.</summary>
/// <remarks><code>
/// TPR   31     8 7      4 3         0       CR8   63     4 3      0
///      +--------+--------+-----------+           +--------+--------+
///      |   0    | class  | sub-class |           |   0    | class  |
///      +--------+--------+-----------+           +--------+--------+
/// </code>Intel SDM vol. 3, 11.8.3.1 and 11.8.6.</remarks>
internal static class TaskPriority
{
    private const int ClassShift = 4;

    /// <summary>Bits that software can write.</summary>
    public const uint Writable = 0xFF;

    public static byte ToCr8(byte priority) => (byte)(priority >> ClassShift);

    /// <summary>False where reserved bits of CR8 are set.</summary>
    public static bool TryFromCr8(ulong value, out byte priority)
    {
        priority = (byte)(value << ClassShift);
        return value <= 0xF;
    }
}
