using System.Numerics;
using System.Runtime.InteropServices;

namespace Wirq.Traces.Kvm;

/// <summary>A hash of a few bytes, for small tables that compare the bytes as well.</summary>
/// <remarks>A hash that resists an attacker costs more than the line it is of. The tables are bounded, and what has no place in one is read again.</remarks>
internal static class ByteHash
{
    private const ulong Factor = 0x9E3779B97F4A7C15;
    private const int Rotation = 5, Used = 40;

    internal static int Of(ReadOnlySpan<byte> text)
    {
        ulong hash = (ulong)text.Length;
        if (text.Length < sizeof(ulong))
        {
            foreach (byte one in text)
                hash = Add(hash, one);
        }
        else
        {
            for (ReadOnlySpan<byte> rest = text; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
                hash = Add(hash, MemoryMarshal.Read<ulong>(rest));
            hash = Add(hash, MemoryMarshal.Read<ulong>(text[^sizeof(ulong)..]));
        }
        return (int)(hash >> Used);
    }

    private static ulong Add(ulong hash, ulong more) => (BitOperations.RotateLeft(hash, Rotation) ^ more) * Factor;
}
