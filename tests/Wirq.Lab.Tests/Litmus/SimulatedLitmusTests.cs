using Wirq.Lab.Kernels;
using Wirq.Routing;
using Wirq.Tests.Shared.Litmus;

namespace Wirq.Lab.Tests.Litmus;

/// <summary>The litmus over the simulated kernel.</summary>
public sealed class SimulatedLitmusTests
{
    [Fact]
    public void Under_fire_every_last_interrupt_arrives_or_is_refused_and_none_twice()
    {
        LitmusResult result = Run(new LitmusOptions());
        TestContext.Current.SendDiagnosticMessage(result.ToString());
        Assert.Null(result.Failure);
        AssertBusy(result);
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
        using var kernel = new SimulatedLitmusKernel(options);
        return RoutingLitmus.Run(kernel, options);
    }

    /// <summary>Nothing was left out: every way was taken.</summary>
    private static void AssertBusy(LitmusResult result)
    {
        Assert.True(result.Triggers >= LitmusOptions.DefaultTriggers);
        Assert.All([result.Signalled, result.Refused, result.Bound, result.Commits, result.Rounds],
            count => Assert.InRange(count, 100, result.Triggers));
    }
}

/// <summary>The simulated kernel under its lock.</summary>
internal sealed class SimulatedLitmusKernel : ILitmusKernel
{
    private readonly LockedKernel _kernel;
    private Thread? _poll;

    internal SimulatedLitmusKernel(LitmusOptions options)
    {
        _kernel = LockedKernel.Create(new SimulatedKernelOptions
        {
            Cpus = options.Virqs,
            ReservedGsis = LitmusOptions.ReservedGsis,
            Routes = LitmusOptions.ReservedGsis + options.Routes,
        });
        for (int cpu = 0; cpu < options.Virqs; cpu++)
            _kernel.Do(kernel => kernel.EnableApic(cpu));
    }

    public IKernelPort Kernel => _kernel;
    public IEventPort Events => _kernel;
    public long? Deliveries => _kernel.Do(kernel => kernel.Figures.Injections + kernel.Figures.MessagesSignalled);

    public EventFd CreateEventFd() => _kernel.CreateEventFd();
    public void DeviceWrites(EventFd fd) => _kernel.WriteByDevice(fd);
    public void Poll(Action<int> readable) => _poll = _kernel.Poll(readable);

    public void EndPoll()
    {
        _kernel.Stop();
        _poll?.Join();
    }

    public void ReadRequests(int cpu, Span<ulong> bits)
    {
        (ulong, ulong, ulong, ulong) words = _kernel.Do(kernel => (Word(kernel, cpu, 0), Word(kernel, cpu, 1), Word(kernel, cpu, 2), Word(kernel, cpu, 3)));
        (bits[0], bits[1], bits[2], bits[3]) = words;
    }

    public void ClearRequests(int cpu) => _kernel.Do(kernel => kernel.ClearRequests(cpu));

    public void Dispose() => EndPoll();

    private static ulong Word(SimulatedKernel kernel, int cpu, uint word) =>
        kernel.ReadApic(cpu, ApicRegister.Request + word * 0x20)
        | (ulong)kernel.ReadApic(cpu, ApicRegister.Request + word * 0x20 + 0x10) << 32;
}
