using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>What an old side hands over to a new process: the snapshot of a machine that is suspended, what else its new side
/// needs, and its descriptors.</summary>
public sealed record LiveUpdateParcel
{
    /// <summary>The snapshot: <see cref="Host.FabricHost.Save"/>, after <see cref="Host.FabricHost.Suspend"/>.</summary>
    public required ReadOnlyMemory<byte> Snapshot { get; init; }

    /// <summary>States in the caller's own formats, by name: CPUs, chips of the kernel, devices.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> States { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>All eventfds of the snapshot: those that devices write, and those of acknowledges. They stay open on this
    /// side.</summary>
    public IReadOnlyCollection<EventFdHandle> EventFds { get; init; } = [];

    /// <summary>Other descriptors, by name: guest memory (<see cref="MemoryFile"/>), what devices have open.</summary>
    public IReadOnlyDictionary<string, FileDescriptor> Descriptors { get; init; } = new Dictionary<string, FileDescriptor>();
}

/// <summary>How much a new side accepts of an old one, which it need not trust.</summary>
public sealed record LiveUpdateLimits
{
    /// <summary>Bytes of the snapshot, of all states and of all names together, at most.</summary>
    public int Bytes { get; init; } = 64 << 20;

    /// <summary>Eventfds and other descriptors together, at most. The limit of the process (RLIMIT_NOFILE) must be
    /// higher.</summary>
    public int Descriptors { get; init; } = 16384;
}

/// <summary>What became of a handover.</summary>
public enum LiveUpdateAnswer
{
    /// <summary>The new side has the machine. This side must not resume it.</summary>
    Taken,
    /// <summary>The new side has not the machine, and will not have it: this side resumes it.</summary>
    Failed,
    /// <summary>The new side was told to resume, and gave no answer. It may have the machine. Make sure that its process has
    /// ended before this side resumes; what it took in between is gone with it.</summary>
    NotKnown,
}

/// <summary>What became of a handover, and why.</summary>
/// <param name="Answer">Who has the machine.</param>
/// <param name="Reason">What went wrong, in a sentence; empty if nothing did.</param>
public sealed record LiveUpdateOutcome(LiveUpdateAnswer Answer, string Reason);

/// <summary>What came from the old side cannot be accepted, or did not come in time.</summary>
public sealed class LiveUpdateException : Exception
{
    /// <summary>Makes it.</summary>
    public LiveUpdateException() : this("the live update failed") { }

    /// <summary>Makes it.</summary>
    public LiveUpdateException(string message) : base(message) { }

    /// <summary>Makes it.</summary>
    public LiveUpdateException(string message, Exception innerException) : base(message, innerException) { }
}
