using Wirq.Routing;

namespace Wirq.Schedules.Tests;

/// <summary>A kernel port that remembers which eventfds it has unbound. It has no lock: the host calls it from one thread at
/// a time.</summary>
internal sealed class Unbinds(IKernelPort kernel) : IKernelPort
{
    private readonly HashSet<EventFd> _unbound = [];

    /// <summary>Whether the next unbind throws.</summary>
    internal bool Throws { get; set; }

    internal int Count => _unbound.Count;

    internal bool Has(EventFd trigger) => _unbound.Contains(trigger);

    public KernelLimits Limits => kernel.Limits;

    public void Unbind(int gsi, EventFd trigger)
    {
        kernel.Unbind(gsi, trigger);
        _unbound.Add(trigger);
        if (!Throws)
            return;
        Throws = false;
        throw new NotSupportedException("a fault of an embedder's port");
    }

    public void Commit(ReadOnlySpan<KernelRoute> routes) => kernel.Commit(routes);
    public void Bind(int gsi, EventFd trigger, EventFd resample) => kernel.Bind(gsi, trigger, resample);
    public bool Signal(InterruptMessage message) => kernel.Signal(message);
    public void SetLine(int gsi, bool asserted) => kernel.SetLine(gsi, asserted);
    public void RaiseExtInt(int cpu, byte vector) => kernel.RaiseExtInt(cpu, vector);
}
