using System.Numerics;
using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Tests.Shared.Litmus;

/// <summary>A virq of a litmus, with the state of its device, its guest and its check.</summary>
internal sealed class LitmusVirq(int index, EventFd trigger)
{
    internal const int Words = 4;
    private const int WordBits = 64;
    // Bits of even vectors, which the kernel's routes use.
    private const ulong Even = 0x5555555555555555;

    private readonly ulong[] _allowed = new ulong[Words];
    private readonly byte[] _vectors = new byte[2];
    private Virq? _virq;
    private long _signals, _refusals;
    private int _epoch;

    /// <summary>Its number, which is also that of its CPU. Its entries are twice that number, and the next.</summary>
    internal int Index => index;
    internal EventFd Trigger => trigger;

    /// <summary>Held by the guest while it programs this virq, and by the device while it checks whether all interrupts
    /// arrived.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>The virq that devices trigger; a new one after each dispose.</summary>
    internal Virq Virq
    {
        get => Volatile.Read(ref _virq)!;
        set => Volatile.Write(ref _virq, value);
    }

    /// <summary>Odd while the virq is being disposed of and registered again.</summary>
    internal int Epoch => Volatile.Read(ref _epoch);
    internal long Signals => Volatile.Read(ref _signals);
    internal long Refusals => Volatile.Read(ref _refusals);

    // Accessed under Gate.
    internal bool Masked { get; set; }
    internal int Handle { get; set; }

    // Accessed by the device only.
    internal long SignalsBefore { get; set; }
    internal long TriggersOfRound { get; set; }

    internal int Entry => index * 2 + Handle;

    internal void CountSignal() => Interlocked.Increment(ref _signals);
    internal void CountRefusal() => Interlocked.Increment(ref _refusals);
    internal void NextEpoch() => Interlocked.Increment(ref _epoch);

    /// <summary>The guest is about to write this vector into an entry.</summary>
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

    /// <summary>From here on only the current vectors may arrive.</summary>
    internal void ForgetOldVectors()
    {
        Array.Clear(_allowed);
        Allow(_vectors[Handle]);
    }

    /// <summary>The number of vectors that the kernel injected by a route.</summary>
    internal static int ByRoute(ReadOnlySpan<ulong> bits)
    {
        int count = 0;
        foreach (ulong word in bits)
            count += BitOperations.PopCount(word & Even);
        return count;
    }

    /// <summary>A vector that arrived, and that no entry had since the last check; -1 for none.</summary>
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

    /// <summary>Allows a vector, and the odd one above it, which identifies deliveries of userspace.</summary>
    private void Allow(byte vector) => _allowed[vector / WordBits] |= 3ul << vector % WordBits;
}
