using Wirq.Routing;

namespace Wirq.Tests.Shared.Litmus;

/// <summary>A kernel with a machine in split mode, whose CPUs take no interrupts: accepted vectors stay in IRR. All
/// members may be called from any thread.</summary>
public interface ILitmusKernel : IDisposable
{
    IKernelPort Kernel { get; }

    IEventPort Events { get; }

    EventFd CreateEventFd();

    void DeviceWrites(EventFd fd);

    /// <summary>Starts to poll watched eventfds, on its own thread.</summary>
    void Poll(Action<int> readable);

    /// <summary>Ends that thread.</summary>
    void EndPoll();

    /// <summary>Reads IRR, bit n of the 256 for vector n.</summary>
    void ReadRequests(int cpu, Span<ulong> bits);

    /// <summary>Clears IRR. Vectors that are accepted at the same time may be lost.</summary>
    void ClearRequests(int cpu);

    /// <summary>The number of delivered interrupts so far, including merged ones, if the kernel counts them.</summary>
    long? Deliveries { get; }
}

/// <summary>A defect of a host, to show that the litmus detects it.</summary>
public enum LitmusFlaw
{
    None,
    /// <summary>The polling thread reads an eventfd first and checks its virq afterwards: a count that the kernel got
    /// at the bind is delivered twice.</summary>
    ReadsBeforeItAsks,
    /// <summary>An eventfd is drained before it is bound: interrupts that came under a mask are lost.</summary>
    EmptiesAtBind,
    /// <summary>A table with the same GSIs as the last one is not committed: the kernel uses old messages.</summary>
    SkipsCommits,
}

/// <summary>The options of a litmus.</summary>
public sealed record LitmusOptions
{
    public const int ReservedGsis = 48;

    private const int MostTimes = 40;

    /// <summary>The lowest number of interrupts of the devices.</summary>
    public long Triggers { get; init; } = DefaultTriggers;
    /// <summary>How often each counted event must happen before devices stop, with any scheduling.</summary>
    public long LeastOfEach { get; init; }
    /// <summary>The highest number of interrupts of the devices to reach <see cref="LeastOfEach"/>.</summary>
    public long MostTriggers => MostTimes * Triggers;
    public int Seed { get; init; } = 1;
    /// <summary>Virqs, each with a CPU of its own.</summary>
    public int Virqs { get; init; } = 8;
    /// <summary>GSIs for them. There are fewer than virqs, so that GSIs are reused.</summary>
    public int Routes { get; init; } = 6;
    /// <summary>Whether a bound eventfd stays in the poll.</summary>
    public bool StaysInThePoll { get; init; }
    public LitmusFlaw Flaw { get; init; }
    /// <summary>The time limit of a single interrupt.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>The time limit of the whole run.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A million if WIRQ_LONG is set, else a number that is fast enough for the suite.</summary>
    public static long DefaultTriggers => IsLong ? 1_000_000 : 50_000;

    public static bool IsLong => Environment.GetEnvironmentVariable("WIRQ_LONG") is "1";
}

/// <summary>What a litmus found.</summary>
/// <param name="Failure">The first failure; null for none.</param>
/// <param name="Triggers">Interrupts that devices made.</param>
/// <param name="Signalled">Interrupts that userspace delivered by a message.</param>
/// <param name="Refused">Interrupts that were refused with a reason.</param>
/// <param name="Disposed">Last interrupts of a round whose virq was disposed of in the meantime.</param>
/// <param name="Rounds">How often a virq was brought to rest and checked.</param>
/// <param name="Bound">How often an eventfd was bound.</param>
/// <param name="Commits">How often the table was committed.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record LitmusResult(string? Failure, long Triggers, long Signalled, long Refused, long Disposed, long Rounds, long Bound,
    long Commits, TimeSpan Elapsed)
{
    /// <summary>The lowest of the counts that must be high on a complete host.</summary>
    public long LeastOfEach => Math.Min(Math.Min(Signalled, Refused), Math.Min(Rounds, Math.Min(Bound, Commits)));

    public override string ToString() =>
        $"{Triggers} triggers in {Rounds} rounds: {Signalled} signalled by userspace, {Refused} refused, {Disposed} gone with their "
        + $"virq, the rest the kernel's; {Bound} binds, {Commits} commits, {Elapsed.TotalSeconds:0.0} s; {Failure ?? "nothing wrong"}";
}
