using Wirq.Routing;
using Wirq.Tests.Shared.Litmus;

namespace Wirq.Linux.Tests.Litmus;

/// <summary>The litmus over the host's KVM.</summary>
public sealed class KvmLitmusTests
{
    [Fact]
    public void Under_fire_every_last_interrupt_arrives_or_is_refused_and_none_twice()
    {
        LitmusResult result = Run(new LitmusOptions());
        TestContext.Current.SendDiagnosticMessage(result.ToString());
        Assert.Null(result.Failure);
        Assert.True(result.Triggers >= LitmusOptions.DefaultTriggers);
        Assert.All([result.Signalled, result.Refused, result.Bound, result.Commits, result.Rounds],
            count => Assert.InRange(count, 100, result.Triggers));
    }

    [Fact]
    public void So_it_is_where_bound_eventfds_stay_in_the_poll() =>
        Assert.Null(Run(new LitmusOptions { StaysInThePoll = true, Triggers = 20_000, Seed = 2 }).Failure);

    [Theory]
    [InlineData(LitmusFlaw.ReadsBeforeItAsks, true, "deliveries by userspace")]
    [InlineData(LitmusFlaw.EmptiesAtBind, false, "was lost")]
    // A route that nobody committed leads to an old vector, or to the CPU of whoever had the GSI before.
    [InlineData(LitmusFlaw.SkipsCommits, false, "virq")]
    public void A_broken_host_is_caught(LitmusFlaw flaw, bool staysInThePoll, string failure)
    {
        LitmusResult result = Run(new LitmusOptions
        {
            Flaw = flaw, StaysInThePoll = staysInThePoll, Patience = TimeSpan.FromSeconds(1),
        });
        Assert.Contains(failure, result.Failure, StringComparison.Ordinal);
    }

    private static LitmusResult Run(LitmusOptions options)
    {
        using var kernel = new KvmLitmusKernel(options);
        Assert.SkipUnless(kernel.Kernel.Limits.ConsumesFirst || !options.StaysInThePoll, "this kernel lets pollers see what it consumes");
        return RoutingLitmus.Run(kernel, options);
    }
}

/// <summary>The host's KVM; no vCPU runs.</summary>
internal sealed class KvmLitmusKernel : ILitmusKernel
{
    private readonly KvmSystem _system;
    private readonly KvmVm _vm;
    private readonly KvmKernelPort _port;
    private readonly EpollLoop _loop;
    private readonly List<EventFdHandle> _eventFds = [];
    private Action<int>? _readable;

    internal KvmLitmusKernel(LitmusOptions options)
    {
        _system = KvmHost.Require();
        _vm = _system.CreateVm();
        _vm.CreateSplitIrqChip(LitmusOptions.ReservedGsis);
        for (int cpu = 0; cpu < options.Virqs; cpu++)
            KvmHost.Enabled(_vm, cpu);
        _port = new KvmKernelPort(_vm);
        _loop = new EpollLoop(token => Volatile.Read(ref _readable)?.Invoke(token), new() { EdgeTriggered = options.StaysInThePoll });
    }

    public IKernelPort Kernel => _port;
    public IEventPort Events => _loop;
    public long? Deliveries => null;

    public EventFd CreateEventFd()
    {
        EventFdHandle fd = EventFdHandle.Create();
        _eventFds.Add(fd);
        return fd;
    }

    public void DeviceWrites(EventFd fd) => _loop.Write(fd);
    public void Poll(Action<int> readable) => Volatile.Write(ref _readable, readable);
    public void EndPoll() => _loop.Dispose();

    public void ReadRequests(int cpu, Span<ulong> bits)
    {
        _vm.Vcpus[cpu].GetLapic(out LapicState state);
        for (int i = 0; i < bits.Length; i++)
            bits[i] = state.Word(ApicRegister.Request, 2 * i) | (ulong)state.Word(ApicRegister.Request, 2 * i + 1) << 32;
    }

    public void ClearRequests(int cpu) => _vm.Vcpus[cpu].ClearIrr();

    public void Dispose()
    {
        _loop.Dispose();
        _port.Dispose();
        foreach (EventFdHandle fd in _eventFds)
            fd.Dispose();
        _vm.Dispose();
        _system.Dispose();
    }
}
