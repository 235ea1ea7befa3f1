using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Wirq;

/// <summary>A bit for each of the 256 vectors: IRR, ISR or TMR.</summary>
internal struct Vectors256
{
    public const int Words = 4;
    /// <summary>Registers of 32 bits that show it.</summary>
    public const int Registers = 8;

    private ulong _word0, _word1, _word2, _word3;

    /// <summary>The highest vector; -1 for none.</summary>
    public readonly int Highest
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (_word3 != 0)
                return 255 - BitOperations.LeadingZeroCount(_word3);
            if (_word2 != 0)
                return 191 - BitOperations.LeadingZeroCount(_word2);
            if (_word1 != 0)
                return 127 - BitOperations.LeadingZeroCount(_word1);
            return 63 - BitOperations.LeadingZeroCount(_word0);
        }
    }

    public readonly bool IsEmpty => (_word0 | _word1 | _word2 | _word3) == 0;

    /// <summary>How many vectors are in it.</summary>
    public readonly int Count => BitOperations.PopCount(_word0) + BitOperations.PopCount(_word1)
        + BitOperations.PopCount(_word2) + BitOperations.PopCount(_word3);

    public readonly bool Has(int vector) =>
        (Unsafe.Add(ref Unsafe.AsRef(in _word0), vector >> 6 & 3) >> vector & 1) != 0;
    public void Add(int vector) => Word(vector) |= 1ul << vector;
    public void Remove(int vector) => Word(vector) &= ~(1ul << vector);

    /// <summary>Adds <paramref name="vector"/>, or removes it.</summary>
    public void Assign(int vector, bool present)
    {
        if (present)
            Add(vector);
        else
            Remove(vector);
    }

    /// <summary>The vectors that are in this one, in the other, or in both.</summary>
    public readonly Vectors256 Union(in Vectors256 other) => new()
    {
        _word0 = _word0 | other._word0, _word1 = _word1 | other._word1, _word2 = _word2 | other._word2, _word3 = _word3 | other._word3,
    };

    /// <summary>The vectors that are in this one, and not in the other.</summary>
    public readonly Vectors256 Except(in Vectors256 other) => new()
    {
        _word0 = _word0 & ~other._word0, _word1 = _word1 & ~other._word1, _word2 = _word2 & ~other._word2, _word3 = _word3 & ~other._word3,
    };

    /// <summary>Removes the highest vector.</summary>
    /// <param name="highest">What <see cref="Highest"/> says.</param>
    /// <returns>The highest that is left; -1 for none.</returns>
    public int RemoveHighest(int highest)
    {
        ref ulong word = ref Word(highest);
        ulong rest = word & ~(1ul << highest);
        word = rest;
        return rest != 0 ? (highest | 63) - BitOperations.LeadingZeroCount(rest) : Highest;
    }

    /// <summary>Thirty-two vectors as a register shows them; <paramref name="index"/> 0 to 7.</summary>
    public readonly uint Register(int index) =>
        (uint)(Unsafe.Add(ref Unsafe.AsRef(in _word0), index >> 1 & 3) >> ((index & 1) << 5));

    /// <summary>Takes thirty-two vectors from a register; <paramref name="index"/> 0 to 7.</summary>
    public void SetRegister(int index, uint bits)
    {
        int shift = (index & 1) << 5;
        ref ulong word = ref Unsafe.Add(ref _word0, index >> 1 & 3);
        word = word & ~((ulong)uint.MaxValue << shift) | (ulong)bits << shift;
    }

    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong Word(int vector) => ref Unsafe.Add(ref _word0, vector >> 6 & 3);
}
