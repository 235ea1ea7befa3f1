using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Routing;

/// <summary>Of what kind a virq is.</summary>
public enum VirqKind : byte
{
    /// <summary>It sends a message: an MSI, or an entry of MSI-X.</summary>
    Message,
    /// <summary>It drives a line at a level; who holds the line hears its acknowledge.</summary>
    Level,
    /// <summary>It drives a line by edges.</summary>
    Edge,
}

[Flags]
internal enum VirqFlags : ushort
{
    None = 0,
    /// <summary>Its translation holds.</summary>
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
    /// <summary>Counts the translations that were lost, so that one made before is known for old.</summary>
    public uint Generation;
    public int Gsi;
    public EventFd Trigger;
    public EventFd Resample;
    public ushort Requester;
    /// <summary>Its source, where it drives a line.</summary>
    public ushort Source;
    /// <summary>Neighbours among those that wait.</summary>
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

/// <summary>One GSI that a virq can have.</summary>
internal struct GsiRow : IState
{
    /// <summary>The route that the kernel's table has, where <see cref="Committed"/> is set.</summary>
    public InterruptMessage Message;
    /// <summary>The virq that has it, <see cref="VirqSlot.None"/> for none.</summary>
    public ushort Owner;
    public byte Committed;
    public GsiUse Use;
    public uint Reserved;
}

/// <summary>How a GSI fares when a victim is looked for.</summary>
internal enum GsiUse : byte
{
    /// <summary>It may be taken.</summary>
    Idle,
    /// <summary>It is spared once.</summary>
    Recent,
    /// <summary>It belongs to the batch that is being given routes.</summary>
    Pinned,
}

/// <summary>What the cache of routes remembers besides its virqs.</summary>
internal struct RouteCacheState : IState
{
    /// <summary>When those that wait get their routes, in ns; 0 while none waits.</summary>
    public long Deadline;
    public int Waiting;
    /// <summary>How many GSIs have an owner.</summary>
    public int Used;
    /// <summary>Where the search for a victim goes on; 0 while no GSI has an owner.</summary>
    public int ClockHand;
    /// <summary>Commits that were appended and not carried out yet.</summary>
    public int Committing;
    /// <summary>Whether the table differs from what was committed.</summary>
    public ushort Dirty;
    public ushort FirstWaiting, LastWaiting, Reserved;

    internal static void MakeRelative(ref RouteCacheState state, long now)
    {
        if (state.Deadline != 0)
            state.Deadline -= now;
    }
}
