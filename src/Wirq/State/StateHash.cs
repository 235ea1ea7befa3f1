using System.Numerics;

namespace Wirq.State;

/// <summary>A fast, seedless 128-bit hash over 64-bit words: two multiply-and-rotate lanes, mixed at the end. Stable
/// across runs and machines of one byte order; no defence against chosen collisions is meant.</summary>
internal static class StateHash
{
    private const ulong PrimeA = 0x9E3779B97F4A7C15;
    private const ulong PrimeB = 0xC2B2AE3D27D4EB4F;

    internal static UInt128 Of(ReadOnlySpan<ulong> words)
    {
        ulong a = PrimeA ^ (ulong)words.Length;
        ulong b = PrimeB;
        foreach (ulong word in words)
        {
            a = BitOperations.RotateLeft(a ^ (word * PrimeB), 31) * PrimeA;
            b = (BitOperations.RotateLeft(b + word, 29) ^ word) * PrimeB;
        }
        return new UInt128(Mix(a ^ BitOperations.RotateLeft(b, 17)), Mix(b + a));
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 33)) * PrimeB;
        x = (x ^ (x >> 29)) * PrimeA;
        return x ^ (x >> 32);
    }
}
