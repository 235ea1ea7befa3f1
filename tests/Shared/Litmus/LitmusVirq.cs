using System.Numerics;
using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Tests.Shared.Litmus;

/// <summary>A virq of a litmus, with what its device, its guest and its judge know of it.</summary>
internal sealed class LitmusVirq(int index, EventFd trigger)
{
    internal const int Words = 4;
    private const int WordBits = 64;
    // Bits of even vectors: those that the kernel's routes bear.
    private const ulong Even = 0x5555555555555555;

    private readonly ulong[] _allowed = new ulong[Words];
    private readonly byte[] _vectors = new byte[2];
    private Virq? _virq;
    private long _signals, _refusals;
    private int _epoch;

    /// <summary>Its number, its CPU's too; its two entries are twice that and the next.</summary>
    internal int Index => index;
    internal EventFd Trigger => trigger;

    /// <summary>Held by the guest while it programs this virq, and by the device while it looks whether all
    /// came.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>The virq that devices interrupt by; another after each dispose.</summary>
    internal Virq Virq
    {
        get => Volatile.Read(ref _virq)!;
        set => Volatile.Write(ref _virq, value);
    }

    /// <summary>Odd while the virq is being disposed of and registered anew.</summary>
    internal int Epoch => Volatile.Read(ref _epoch);
    internal long Signals => Volatile.Read(ref _signals);
    internal long Refusals => Volatile.Read(ref _refusals);

    // Under Gate.
    internal bool Masked { get; set; }
    internal int Handle { get; set; }

    // The device's alone.
    internal long SignalsBefore { get; set; }
    internal long TriggersOfRound { get; set; }

    internal int Entry => index * 2 + Handle;

    internal void CountSignal() => Interlocked.Increment(ref _signals);
    internal void CountRefusal() => Interlocked.Increment(ref _refusals);
    internal void NextEpoch() => Interlocked.Increment(ref _epoch);

    /// <summary>The guest is about to give an entry this vector.</summary>
    internal void Program(int handle, byte vector)
    {
        _vectors[handle] = vector;
        Allow(vector);
    }

    /// <summary>The guest is about to use the other entry.</summary>
    internal void Switch()
    {
        Handle ^= 1;
        Allow(_vectors[Handle]);
    }

    /// <summary>From here on only what is programmed now may come.</summary>
    internal void ForgetOldVectors()
    {
        Array.Clear(_allowed);
        Allow(_vectors[Handle]);
    }

    /// <summary>How many vectors the kernel injected by a route.</summary>
    internal static int ByRoute(ReadOnlySpan<ulong> bits)
    {
        int count = 0;
        foreach (ulong word in bits)
            count += BitOperations.PopCount(word & Even);
        return count;
    }

    /// <summary>A vector that came and that no entry had since the last look; -1 for none.</summary>
    internal int Strange(ReadOnlySpan<ulong> bits)
    {
        for (int i = 0; i < Words; i++)
        {
            ulong strange = bits[i] & ~_allowed[i];
            if (strange != 0)
                return i * WordBits + BitOperations.TrailingZeroCount(strange);
        }
        return -1;
    }

    public override string ToString() => $"virq {index}";

    /// <summary>A vector, and the odd one above it, by which userspace's deliveries are known.</summary>
    private void Allow(byte vector) => _allowed[vector / WordBits] |= 3ul << vector % WordBits;
}
