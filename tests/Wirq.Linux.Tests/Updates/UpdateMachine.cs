using Wirq.Host;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Linux.Tests.Updates;

/// <summary>One side of a live update: a host, its kernel with the local APICs, and its poll.</summary>
internal sealed class UpdateMachine : IUserKernelOwner, IDisposable
{
    private readonly UpdateLitmus _litmus;
    private readonly EpollLoop _poll;
    private readonly UserKernel _kernel;

    /// <param name="litmus">What its ports and its observer tell.</param>
    /// <param name="memory">The guest's memory, which both sides share.</param>
    internal UpdateMachine(UpdateLitmus litmus, SmallMemory memory)
    {
        _litmus = litmus;
        Cpus = new GuestCpus(litmus.WakeCpus);
        _kernel = new UserKernel(this, UpdateLitmus.Routes);
        FabricHost? host = null;
        _poll = new EpollLoop(token => litmus.Guarded(() => Volatile.Read(ref host)!.EventArrived(token)));
        Host = host = new FabricHost(new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = UpdateLitmus.Virqs + 1, BatchCount = 2, BatchDelay = 50_000, Kernel = _kernel.Limits },
            // The I/OAPIC's messages are not remapped.
            Vtd = new VtdOptions { Scope = [new(RemappedGuest.Requester, RemappedGuest.Requester)] },
            Pic = null,
        })
        { Memory = memory }, new FabricPorts { Kernel = _kernel, EventFds = new UpdateEvents(litmus, _poll), Observer = litmus });
        Host.Do(fabric => fabric.Events.Observing = true);
    }

    internal FabricHost Host { get; }
    internal GuestCpus Cpus { get; }

    /// <summary>The devices' handles, by slot.</summary>
    internal Virq[] Virqs { get; private set; } = [];

    /// <summary>Gives devices their handles again.</summary>
    internal void FindVirqs(int count) => Virqs = [.. Enumerable.Range(0, count).Select(slot => Host.VirqAt(slot))];

    internal void Register(IEnumerable<Virq> virqs) => Virqs = [.. virqs];

    /// <summary>Asks while nothing is on its way from an eventfd to a CPU.</summary>
    internal T Quiet<T>(Func<T> question) => _kernel.Quiet(question);

    TriggerLedger IUserKernelOwner.LedgerOf(EventFd trigger) => _litmus.FindLedger(trigger)!;

    void IUserKernelOwner.Injected(TriggerLedger ledger, InterruptMessage message, Numbers[] numbers) =>
        _litmus.Injected(Cpus, ledger, message, numbers);

    void IUserKernelOwner.Signalled(InterruptMessage message) => _litmus.Signalled(Cpus, message);

    public void Dispose()
    {
        _poll.Dispose();
        _kernel.Dispose();
    }
}

/// <summary>The eventfds as a host's userspace sees them. Each read and each write back is accounted for.</summary>
internal sealed class UpdateEvents(UpdateLitmus litmus, EpollLoop poll) : IEventPort
{
    public void Watch(EventFd trigger, int token) => poll.Watch(trigger, token);
    public void Unwatch(EventFd trigger) => poll.Unwatch(trigger);
    public bool IsReadable(EventFd trigger) => poll.IsReadable(trigger);
    public bool Read(EventFd trigger) => litmus.FindLedger(trigger)?.TakeInHand() ?? poll.Read(trigger);

    public void Write(EventFd fd)
    {
        if (litmus.FindLedger(fd) is not { } ledger)
            poll.Write(fd);
        else if (!ledger.PutBack())
            litmus.Fail($"{ledger}: an interrupt that no trigger made is written back");
    }
}
