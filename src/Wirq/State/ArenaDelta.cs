using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Wirq.State;

/// <summary>A state as its difference from another one of the same layout: the words of 8 bytes that differ.</summary>
/// <remarks><code>
/// +---------+-----------------+---------+---------+- -
/// | group   | mask            | word    | word    | …    for each group of 64 words that differs
/// | 16 bits | 64 bits         | 64 bits | 64 bits |
/// +---------+-----------------+---------+---------+- -
/// </code>Groups are counted through all slabs.</remarks>
internal static class ArenaDelta
{
    private const int WordBytes = sizeof(ulong), GroupWords = 64;
    private const int HeadBytes = sizeof(ushort) + sizeof(ulong);

    /// <summary>The largest number of bytes that a difference needs; -1 if a state of this size has too many groups.</summary>
    internal static int MostBytes(StateArena arena)
    {
        long groups = 0, words = 0;
        foreach (StateSlab slab in arena.Slabs)
        {
            groups += GroupsOf(slab.Used.Length);
            words += slab.Used.Length / WordBytes;
        }
        return groups > ushort.MaxValue ? -1 : (int)(groups * HeadBytes + words * WordBytes);
    }

    /// <summary>Writes how a state differs from a base.</summary>
    /// <returns>The number of bytes.</returns>
    internal static int Write(StateArena state, StateArena from, Span<byte> into)
    {
        int at = 0, group = 0;
        for (int slab = 0; slab < state.Slabs.Count; slab++)
        {
            ReadOnlySpan<ulong> mine = MemoryMarshal.Cast<byte, ulong>(state.Slabs[slab].Used), its = MemoryMarshal.Cast<byte, ulong>(from.Slabs[slab].Used);
            for (int first = 0; first < mine.Length; first += GroupWords, group++)
            {
                int count = Math.Min(GroupWords, mine.Length - first);
                ulong mask = Differing(mine.Slice(first, count), its.Slice(first, count));
                if (mask == 0)
                    continue;
                Unsafe.WriteUnaligned(ref into[at], (ushort)group);
                Unsafe.WriteUnaligned(ref into[at + sizeof(ushort)], mask);
                at += HeadBytes;
                for (; mask != 0; mask &= mask - 1, at += WordBytes)
                    Unsafe.WriteUnaligned(ref into[at], mine[first + BitOperations.TrailingZeroCount(mask)]);
            }
        }
        return at;
    }

    /// <summary>Applies a difference to a state that is equal to the base.</summary>
    internal static void Read(StateArena state, ReadOnlySpan<byte> delta)
    {
        int slab = 0, firstOfSlab = 0;
        for (int at = 0; at < delta.Length;)
        {
            int group = Unsafe.ReadUnaligned<ushort>(in delta[at]);
            ulong mask = Unsafe.ReadUnaligned<ulong>(in delta[at + sizeof(ushort)]);
            at += HeadBytes;
            for (int groups; group >= firstOfSlab + (groups = GroupsOf(state.Slabs[slab].Used.Length)); slab++)
                firstOfSlab += groups;
            Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(state.Slabs[slab].Used)[((group - firstOfSlab) * GroupWords)..];
            for (; mask != 0; mask &= mask - 1, at += WordBytes)
                words[BitOperations.TrailingZeroCount(mask)] = Unsafe.ReadUnaligned<ulong>(in delta[at]);
        }
    }

    private static int GroupsOf(int bytes) => (bytes / WordBytes + GroupWords - 1) / GroupWords;

    private static ulong Differing(ReadOnlySpan<ulong> mine, ReadOnlySpan<ulong> its)
    {
        if (mine.SequenceEqual(its))
            return 0;
        ulong mask = 0;
        int word = 0;
        for (; word + Vector256<ulong>.Count <= mine.Length; word += Vector256<ulong>.Count)
        {
            uint same = Vector256.Equals(Vector256.Create(mine[word..]), Vector256.Create(its[word..])).ExtractMostSignificantBits();
            mask |= (ulong)(~same & 0xF) << word;
        }
        for (; word < mine.Length; word++)
            mask |= mine[word] != its[word] ? 1ul << word : 0;
        return mask;
    }
}
