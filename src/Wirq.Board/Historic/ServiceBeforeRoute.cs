using Wirq.Events;
using Wirq.Linux;
using Wirq.Routing;

namespace Wirq.Board.Historic;

/// <summary>A kernel port with the order of QEMU before 54ad31fb0a: the level interrupt of a pin is injected by its GSI, through
/// KVM's route table (KVM_IRQ_LINE), and the routes of pins change after that. So an entry write that moves and unmasks a
/// pending pin sends to the previous destination.</summary>
/// <remarks>
/// <para>The fabric commits the new route first. This port keeps the rows of pins back until the next pin is injected, or until
/// the queue is empty. Rows of virqs are committed at once. A pin without a row gets it at once: there is no older one.</para>
/// <para>As in QEMU, a pin has one row. The fabric keeps a second one for the EOI of what the pin sent before; here it is left out,
/// so KVM does not report the EOI of a misdelivered interrupt whose vector differs from the new one.</para>
/// <para>Edges are sent as messages, which is not historic; the defect concerns levels alone.</para>
/// </remarks>
internal sealed class ServiceBeforeRoute : IKernelPort
{
    private readonly KvmKernelPort _kernel;
    private readonly Action<Event>? _observer;
    private readonly int _pins;
    // By pin: the row that KVM has, and the one that the fabric has committed. Null for none.
    private readonly KernelRoute?[] _inForce, _wanted;
    private readonly List<KernelRoute> _virqs = [];
    private Event _injected;
    private long _misrouted;
    private bool _late;

    /// <summary>Puts the port before KVM's.</summary>
    /// <param name="kernel">The port of a machine with a split irqchip.</param>
    /// <param name="pins">Pins of the I/OAPIC. Their GSIs are the first.</param>
    /// <param name="observer">Gets what KVM accepted of a pin, as an event; null for nobody.</param>
    internal ServiceBeforeRoute(KvmKernelPort kernel, int pins, Action<Event>? observer)
    {
        (_kernel, _pins, _observer) = (kernel, pins, observer);
        (_inForce, _wanted) = (new KernelRoute?[pins], new KernelRoute?[pins]);
    }

    /// <summary>How many interrupts were sent by a route that was not that of their entry.</summary>
    internal long Misrouted => Interlocked.Read(ref _misrouted);

    /// <inheritdoc/>
    public KernelLimits Limits => _kernel.Limits;

    /// <summary>An event is about to be carried out, on the thread that makes the calls.</summary>
    internal void Observe(in Event next)
    {
        if (next.Kind == EventKind.PinInjected)
            _injected = next;
        else if (next.Kind == EventKind.Rest)
            CommitLate();
    }

    /// <inheritdoc/>
    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        Array.Clear(_wanted);
        _virqs.Clear();
        foreach (KernelRoute route in routes)
        {
            if (route.Gsi < _pins)
                _wanted[route.Gsi] = route;
            else if (route.Gsi >= Limits.ReservedGsis)
                _virqs.Add(route);
        }
        for (int pin = 0; pin < _pins; pin++)
            _inForce[pin] ??= _wanted[pin];
        _late = true;
        CommitInForce();
    }

    /// <inheritdoc/>
    public bool Signal(InterruptMessage message)
    {
        Event injected = _injected;
        _injected = default;
        if (injected.Kind != EventKind.PinInjected || !message.Level || _inForce[injected.Pin] is not { } route)
            return _kernel.Signal(message);
        bool accepted = _kernel.Vm.SetIrqLineStatus(route.Gsi, level: true) > 0;
        if (route.Message != message)
            Interlocked.Increment(ref _misrouted);
        if (accepted)
            _observer?.Invoke(new MessageAccepted(Origin.Pin(injected.IoApic, injected.Pin), route.Message, Cpus: 0).ToEvent() with { Time = injected.Time });
        CommitLate();
        return accepted;
    }

    /// <inheritdoc/>
    public void Bind(int gsi, EventFd trigger, EventFd resample) => _kernel.Bind(gsi, trigger, resample);

    /// <inheritdoc/>
    public void Unbind(int gsi, EventFd trigger) => _kernel.Unbind(gsi, trigger);

    /// <inheritdoc/>
    public void SetLine(int gsi, bool asserted) => _kernel.SetLine(gsi, asserted);

    /// <inheritdoc/>
    public void RaiseExtInt(int cpu, byte vector) => _kernel.RaiseExtInt(cpu, vector);

    private void CommitLate()
    {
        if (!_late)
            return;
        _late = false;
        if (_wanted.AsSpan().SequenceEqual(_inForce))
            return;
        _wanted.CopyTo(_inForce, 0);
        CommitInForce();
    }

    private void CommitInForce() => _kernel.Commit([.. _inForce.OfType<KernelRoute>(), .. _virqs]);
}
