namespace Wirq.Linux.VfioUser;

/// <summary>What a function that is served over a socket did with its interrupts, and what its clients did.</summary>
public sealed class InterruptCounts
{
    private readonly long[] _sent, _lost;

    internal InterruptCounts(int vectors) => (_sent, _lost) = (new long[vectors], new long[vectors]);

    /// <summary>How often INTx rose.</summary>
    public long Raised { get; internal set; }
    /// <summary>How often INTx was signalled by its eventfd.</summary>
    public long Signalled { get; internal set; }
    /// <summary>Of these: because an unmask came while the function still asserted.</summary>
    public long SignalledAgain { get; internal set; }
    /// <summary>Interrupts that a client asked for, of any kind.</summary>
    public long ByClient { get; internal set; }
    /// <summary>Messages that were signalled, by vector.</summary>
    public IReadOnlyList<long> Sent => _sent;
    /// <summary>Messages that had no eventfd, by vector.</summary>
    public IReadOnlyList<long> Lost => _lost;

    /// <summary>Unmasks of INTx that came as messages.</summary>
    public long UnmaskMessages { get; internal set; }
    /// <summary>Unmasks of INTx that came by the eventfd. Several writes may be one.</summary>
    public long UnmaskEventFds { get; internal set; }
    /// <summary>Unmasks that came while INTx was not masked, or was by the guest's own DisINTx.</summary>
    public long IdleUnmasks { get; internal set; }
    /// <summary>Unmasks that came while the function still asserted: it stayed masked, and was signalled again.</summary>
    public long EarlyUnmasks { get; internal set; }
    /// <summary>Masks of INTx that came as messages.</summary>
    public long Masks { get; internal set; }
    /// <summary>How often the guest set or cleared DisINTx.</summary>
    public long InterruptDisables { get; internal set; }

    /// <summary>Eventfds that were given to an interrupt that had none.</summary>
    public long TriggersSet { get; internal set; }
    /// <summary>Eventfds that took the place of another.</summary>
    public long TriggersSwapped { get; internal set; }
    /// <summary>Eventfds that were taken away.</summary>
    public long TriggersRemoved { get; internal set; }

    /// <summary>All unmasks of INTx.</summary>
    public long Unmasks => UnmaskMessages + UnmaskEventFds;
    /// <summary>Unmasks that changed nothing, or came too early.</summary>
    public long NeedlessUnmasks => IdleUnmasks + EarlyUnmasks;
    /// <summary>Messages of all vectors that were signalled.</summary>
    public long AllSent => _sent.Sum();
    /// <summary>Messages of all vectors that had no eventfd.</summary>
    public long AllLost => _lost.Sum();

    internal void Count(int vector, bool sent) => (sent ? _sent : _lost)[vector]++;
}
