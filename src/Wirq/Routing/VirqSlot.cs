using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Routing;

/// <summary>The kind of a virq.</summary>
public enum VirqKind : byte
{
    /// <summary>It sends a message: an MSI, or an entry of MSI-X.</summary>
    Message,
    /// <summary>It drives a line at a level; the holder of the line gets its acknowledge.</summary>
    Level,
    /// <summary>It drives a line by edges.</summary>
    Edge,
}

[Flags]
internal enum VirqFlags : ushort
{
    None = 0,
    /// <summary>Its translation is valid.</summary>
    Translated = 1 << 0,
    /// <summary>It was triggered while masked, and has no eventfd to keep that in.</summary>
    Latched = 1 << 1,
    /// <summary>Userspace has seen it fire.</summary>
    Fired = 1 << 2,
    /// <summary>It was bound once without having fired before.</summary>
    BoundUnfired = 1 << 3,
    /// <summary>It is translated when the guest programs it.</summary>
    Prefault = 1 << 4,
    /// <summary>It was given a message.</summary>
    Programmed = 1 << 5,
    /// <summary>The kernel refused to bind its eventfd: userspace serves it until it gets another.</summary>
    Unbindable = 1 << 6,
    /// <summary>A read of its eventfd waits in the queue.</summary>
    Reading = 1 << 7,
}

/// <summary>One virq.</summary>
internal struct VirqSlot : IState
{
    internal const ushort None = ushort.MaxValue;
    internal const int NoGsi = -1;

    /// <summary>The message as the guest programmed it.</summary>
    public ulong Address;
    /// <summary>The message as it was translated.</summary>
    public InterruptMessage Translation;
    /// <summary>Where the translation came from.</summary>
    public RouteCookie Cookie;
    public uint Data;
    /// <summary>Counts the owners of the slot.</summary>
    public uint Owner;
    /// <summary>Counts the translations that were invalidated, so that an earlier one is recognised as old.</summary>
    public uint Generation;
    public int Gsi;
    public EventFd Trigger;
    public EventFd Resample;
    public ushort Requester;
    /// <summary>Its source, where it drives a line.</summary>
    public ushort Source;
    /// <summary>Links of the waiting list.</summary>
    public ushort Next, Previous;
    public VirqState State;
    public VirqKind Kind;
    public VirqFlags Flags;
    public uint Reserved;

    public readonly Msi Message => new(Address, Data);
    public readonly bool Has(VirqFlags flag) => (Flags & flag) != 0;
    public void Add(VirqFlags flag) => Flags |= flag;
    public void Remove(VirqFlags flag) => Flags &= ~flag;
}

/// <summary>The state of the route cache besides its virqs and its parts.</summary>
internal struct RouteCacheState : IState
{
    /// <summary>Commits that were appended and not carried out yet.</summary>
    public int Committing;
    /// <summary>Whether the table differs from what was committed.</summary>
    public ushort Dirty;
    /// <summary>1 while neither the kernel nor userspace reads an eventfd: <see cref="RouteCache.Suspend"/>.</summary>
    public ushort Suspended;
}
