using System.Numerics;
using System.Runtime.InteropServices;

namespace Wirq.State;

/// <summary>A fast, seedless 128-bit hash: two multiply-and-rotate lanes over 64-bit words, mixed at the end. Stable
/// across runs and machines of one byte order; no defence against chosen collisions is meant.</summary>
internal struct StateHash(ulong seed)
{
    private const ulong PrimeA = 0x9E3779B97F4A7C15;
    private const ulong PrimeB = 0xC2B2AE3D27D4EB4F;

    private ulong _a = PrimeA ^ seed, _b = PrimeB;

    internal readonly UInt128 Value => new(Mix(_a ^ BitOperations.RotateLeft(_b, 17)), Mix(_b + _a));

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
            Add(word);
        ulong rest = 0;
        foreach (byte last in bytes[(words.Length * sizeof(ulong))..])
            rest = rest << 8 | last;
        if (bytes.Length % sizeof(ulong) != 0)
            Add(rest);
    }

    private void Add(ulong word)
    {
        _a = BitOperations.RotateLeft(_a ^ (word * PrimeB), 31) * PrimeA;
        _b = (BitOperations.RotateLeft(_b + word, 29) ^ word) * PrimeB;
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 33)) * PrimeB;
        x = (x ^ (x >> 29)) * PrimeA;
        return x ^ (x >> 32);
    }
}
