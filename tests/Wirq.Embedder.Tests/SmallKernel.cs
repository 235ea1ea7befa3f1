using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Embedder.Tests;

/// <summary>A kernel and its eventfds, as far as virqs need them.</summary>
internal sealed class SmallKernel(Fabric machine) : IKernelPort, IEventPort
{
    private readonly Dictionary<int, InterruptMessage> _table = [];
    private readonly Dictionary<EventFd, int> _bound = [], _polled = [];
    private readonly HashSet<EventFd> _readable = [];

    public KernelLimits Limits => machine.Options.Routing!.Kernel!;

    /// <summary>What was injected, by userspace or by the kernel alone.</summary>
    internal List<InterruptMessage> Injected { get; } = [];

    /// <summary>How many of them the kernel served alone.</summary>
    internal int Served { get; private set; }

    /// <summary>A device writes its eventfd.</summary>
    internal void Signal(VirqHandle virq)
    {
        EventFd fd = machine.RouteCache!.TriggerOf(virq);
        machine.Events.Observe(new Event(EventKind.VirqSignalled, (ushort)virq.Slot));
        if (_bound.TryGetValue(fd, out int gsi))
        {
            Served++;
            Injected.Add(_table[gsi]);
            machine.Events.Observe(new Event(EventKind.VirqServed, (ushort)virq.Slot, (uint)gsi, _table[gsi].Bits));
            return;
        }
        _readable.Add(fd);
        if (_polled.TryGetValue(fd, out int token))
            machine.RouteCache.Readable(token);
    }

    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        _table.Clear();
        foreach (KernelRoute route in routes)
            _table.Add(route.Gsi, route.Message);
    }

    public void Bind(int gsi, EventFd trigger, EventFd resample) => _bound.Add(trigger, gsi);
    public void Unbind(int gsi, EventFd trigger) => _bound.Remove(trigger);

    public bool Signal(InterruptMessage message)
    {
        Injected.Add(message);
        return true;
    }

    public void SetLine(int gsi, bool asserted) => throw new NotSupportedException();
    public void RaiseExtInt(int cpu, byte vector) => throw new NotSupportedException();
    public void Watch(EventFd trigger, int token) => _polled[trigger] = token;
    public void Unwatch(EventFd trigger) => _polled.Remove(trigger);
    public bool Read(EventFd trigger) => _readable.Remove(trigger);
    public bool IsReadable(EventFd trigger) => _readable.Contains(trigger);
    public void Write(EventFd fd) => _readable.Add(fd);
}
