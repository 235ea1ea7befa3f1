using Wirq.Routing;

namespace Wirq.Tests.Shared.Litmus;

/// <summary>A kernel with a machine in split mode, whose CPUs take nothing: what they accepted stays in IRR. All may be
/// called from any thread.</summary>
public interface ILitmusKernel : IDisposable
{
    IKernelPort Kernel { get; }

    IEventPort Events { get; }

    EventFd CreateEventFd();

    void DeviceWrites(EventFd fd);

    /// <summary>Begins to poll what is watched, on a thread of its own.</summary>
    void Poll(Action<int> readable);

    /// <summary>Ends that thread.</summary>
    void EndPoll();

    /// <summary>Reads IRR, bit n of the 256 for vector n.</summary>
    void ReadRequests(int cpu, Span<ulong> bits);

    /// <summary>Clears IRR. What is accepted meanwhile may be lost with it.</summary>
    void ClearRequests(int cpu);

    /// <summary>How many interrupts were delivered so far, merged ones included, where the kernel counts them.</summary>
    long? Deliveries { get; }
}

/// <summary>What is wrong with a host, to show that the litmus notices.</summary>
public enum LitmusFlaw
{
    None,
    /// <summary>Whoever polls reads an eventfd first and looks at its virq afterwards: a count that the kernel was given
    /// at the bind is delivered twice.</summary>
    ReadsBeforeItAsks,
    /// <summary>An eventfd is emptied before it is bound: what came under a mask is lost.</summary>
    EmptiesAtBind,
    /// <summary>A table of the same GSIs as the last is not committed: the kernel goes on with old messages.</summary>
    SkipsCommits,
}

/// <summary>How a litmus is run.</summary>
public sealed record LitmusOptions
{
    public const int ReservedGsis = 48;

    private const int MostTimes = 40;

    /// <summary>How many interrupts devices make at least.</summary>
    public long Triggers { get; init; } = DefaultTriggers;
    /// <summary>How often each thing that a litmus counts has to happen before devices end, whatever the scheduler
    /// does.</summary>
    public long LeastOfEach { get; init; }
    /// <summary>How many interrupts devices make at most to come to <see cref="LeastOfEach"/>.</summary>
    public long MostTriggers => MostTimes * Triggers;
    public int Seed { get; init; } = 1;
    /// <summary>Virqs, each with a CPU of its own.</summary>
    public int Virqs { get; init; } = 8;
    /// <summary>GSIs for them: fewer, so that they are taken from each other.</summary>
    public int Routes { get; init; } = 6;
    /// <summary>Whether a bound eventfd stays in the poll.</summary>
    public bool StaysInThePoll { get; init; }
    public LitmusFlaw Flaw { get; init; }
    /// <summary>How long a single interrupt may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>How long all may take.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A million where WIRQ_LONG is set, else what a suite has time for.</summary>
    public static long DefaultTriggers => IsLong ? 1_000_000 : 50_000;

    public static bool IsLong => Environment.GetEnvironmentVariable("WIRQ_LONG") is "1";
}

/// <summary>What a litmus found.</summary>
/// <param name="Failure">What went wrong first; null for nothing.</param>
/// <param name="Triggers">Interrupts that devices made.</param>
/// <param name="Signalled">Of those that came to userspace, delivered by a message.</param>
/// <param name="Refused">Refused with a reason.</param>
/// <param name="Disposed">Last interrupts of a round whose virq was disposed meanwhile.</param>
/// <param name="Rounds">How often a virq was brought to rest and looked at.</param>
/// <param name="Bound">How often an eventfd was bound.</param>
/// <param name="Commits">How often the table was committed.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record LitmusResult(string? Failure, long Triggers, long Signalled, long Refused, long Disposed, long Rounds, long Bound,
    long Commits, TimeSpan Elapsed)
{
    /// <summary>The least of what a host with nothing left out does often.</summary>
    public long LeastOfEach => Math.Min(Math.Min(Signalled, Refused), Math.Min(Rounds, Math.Min(Bound, Commits)));

    public override string ToString() =>
        $"{Triggers} triggers in {Rounds} rounds: {Signalled} signalled by userspace, {Refused} refused, {Disposed} gone with their "
        + $"virq, the rest the kernel's; {Bound} binds, {Commits} commits, {Elapsed.TotalSeconds:0.0} s; {Failure ?? "nothing wrong"}";
}
