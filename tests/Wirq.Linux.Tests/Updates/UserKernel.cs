using Wirq.Routing;

namespace Wirq.Linux.Tests.Updates;

/// <summary>A kernel in userspace, with real eventfds and a thread of its own that consumes the bound ones. It does what
/// KVM does: a bind injects what is pending, an unbind first injects what was written, and an event whose GSI has no
/// route is consumed and dropped.</summary>
internal sealed class UserKernel : IKernelPort, IDisposable
{
    internal const int ReservedGsis = 48;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, TriggerLedger> _bound = [];
    private readonly Dictionary<int, InterruptMessage> _routes = [];
    private readonly IUserKernelOwner _owner;
    private readonly EpollLoop _loop;

    internal UserKernel(IUserKernelOwner owner, int routes)
    {
        (_owner, Limits) = (owner, new KernelLimits { Routes = ReservedGsis + routes, ReservedGsis = ReservedGsis });
        _loop = new EpollLoop(Arrived, new() { ThreadName = "user kernel" });
    }

    public KernelLimits Limits { get; }

    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        lock (_lock)
        {
            _routes.Clear();
            foreach (KernelRoute route in routes)
                _routes.Add(route.Gsi, route.Message);
        }
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample)
    {
        lock (_lock)
        {
            _bound.Add(gsi, _owner.LedgerOf(trigger));
            _loop.Watch(trigger, gsi);
        }
    }

    public void Unbind(int gsi, EventFd trigger)
    {
        lock (_lock)
        {
            if (!_bound.TryGetValue(gsi, out TriggerLedger? ledger) || ledger.EventFd.EventFd != trigger)
                return;
            _loop.Unwatch(trigger);
            Consume(gsi, ledger);
            _bound.Remove(gsi);
        }
    }

    public bool Signal(InterruptMessage message)
    {
        _owner.Signalled(message);
        return true;
    }

    public void SetLine(int gsi, bool asserted) => throw new NotSupportedException();
    public void RaiseExtInt(int cpu, byte vector) => throw new NotSupportedException();

    /// <summary>Runs while nothing is on its way from an eventfd to a CPU.</summary>
    internal T Quiet<T>(Func<T> question)
    {
        lock (_lock)
            return question();
    }

    public void Dispose() => _loop.Dispose();

    private void Arrived(int gsi)
    {
        lock (_lock)
        {
            if (_bound.TryGetValue(gsi, out TriggerLedger? ledger))
                Consume(gsi, ledger);
        }
    }

    private void Consume(int gsi, TriggerLedger ledger)
    {
        Numbers[] numbers = ledger.Take();
        if (numbers.Length > 0 && _routes.TryGetValue(gsi, out InterruptMessage message))
            _owner.Injected(ledger, message, numbers);
    }
}

/// <summary>Who gets what a <see cref="UserKernel"/> injects.</summary>
internal interface IUserKernelOwner
{
    TriggerLedger LedgerOf(EventFd trigger);

    /// <summary>An irqfd brings a message.</summary>
    void Injected(TriggerLedger ledger, InterruptMessage message, Numbers[] numbers);

    /// <summary>Userspace sends a message.</summary>
    void Signalled(InterruptMessage message);
}
