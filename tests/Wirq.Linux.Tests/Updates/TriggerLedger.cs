namespace Wirq.Linux.Tests.Updates;

/// <summary>A run of numbers of triggers.</summary>
internal readonly record struct Numbers(long First, long Last);

/// <summary>The account of one eventfd: every trigger has a number, and every number has one fate. What an eventfd merged
/// stays apart here: whoever reads its count gets that many numbers.</summary>
internal sealed class TriggerLedger(int index) : IDisposable
{
    private const int WordBits = 64;

    private readonly Lock _lock = new();
    // What userspace has read and not yet delivered, in the order of the reads: one element for each interrupt.
    private readonly Queue<Numbers[]> _hand = [];
    // What userspace wrote back because it may not deliver it now. Each such write is one of the count.
    private readonly List<Numbers> _returned = [];
    private ulong[] _settled = new ulong[16];
    private ulong _writtenBack;
    private long _issued, _taken, _settledCount;

    internal int Index => index;
    internal EventFdHandle EventFd { get; } = EventFdHandle.Create();
    internal long Issued => Volatile.Read(ref _issued);

    /// <summary>Numbers that were taken by the guest, or refused with a reason.</summary>
    internal long Settled => Volatile.Read(ref _settledCount);

    /// <summary>The device triggers: the number is there before the write.</summary>
    internal void Trigger()
    {
        Interlocked.Increment(ref _issued);
        EventFd.Write();
    }

    /// <summary>Reads the eventfd.</summary>
    /// <returns>The numbers that were in it; empty if its count was zero.</returns>
    internal Numbers[] Take()
    {
        lock (_lock)
        {
            if (!EventFd.TryRead(out ulong count))
                return [];
            long fresh = (long)(count - _writtenBack);
            if (fresh > 0)
                _returned.Add(new Numbers(_taken + 1, _taken += fresh));
            Numbers[] all = [.. _returned];
            _returned.Clear();
            _writtenBack = 0;
            return all;
        }
    }

    /// <summary>Userspace reads the eventfd, and has one interrupt to deliver.</summary>
    internal bool TakeInHand()
    {
        lock (_lock)
        {
            Numbers[] all = Take();
            if (all.Length > 0)
                _hand.Enqueue(all);
            return all.Length > 0;
        }
    }

    /// <summary>Userspace delivers, or refuses, the oldest interrupt that it has read.</summary>
    /// <returns>Null if it has none: the interrupt is one that no trigger made.</returns>
    internal Numbers[]? LeaveHand()
    {
        lock (_lock)
            return _hand.TryDequeue(out Numbers[]? oldest) ? oldest : null;
    }

    /// <summary>Userspace writes an interrupt back into the eventfd.</summary>
    /// <returns>False if it has read none.</returns>
    internal bool PutBack()
    {
        lock (_lock)
        {
            if (!_hand.TryDequeue(out Numbers[]? oldest))
                return false;
            _returned.AddRange(oldest);
            _writtenBack++;
            EventFd.Write();
            return true;
        }
    }

    /// <summary>Numbers reach their end.</summary>
    /// <returns>A number that had reached it before; 0 for none.</returns>
    internal long Settle(Numbers run)
    {
        lock (_lock)
        {
            for (long number = run.First; number <= run.Last; number++)
            {
                int word = (int)(number / WordBits);
                if (word >= _settled.Length)
                    Array.Resize(ref _settled, 2 * word);
                ulong bit = 1ul << (int)(number % WordBits);
                if ((_settled[word] & bit) != 0)
                    return number;
                _settled[word] |= bit;
                _settledCount++;
            }
            return 0;
        }
    }

    /// <summary>The first number that has not reached its end; 0 for none.</summary>
    internal long FirstOpen()
    {
        lock (_lock)
        {
            for (long number = 1; number <= _issued; number++)
            {
                if (number / WordBits >= _settled.Length || (_settled[number / WordBits] >> (int)(number % WordBits) & 1) == 0)
                    return number;
            }
            return 0;
        }
    }

    /// <summary>Whether nothing is in the eventfd, and nothing in userspace's hand.</summary>
    internal bool IsQuiet()
    {
        lock (_lock)
            return !EventFd.IsReadable && _hand.Count == 0;
    }

    public void Dispose() => EventFd.Dispose();

    public override string ToString() => $"virq {index}";
}
