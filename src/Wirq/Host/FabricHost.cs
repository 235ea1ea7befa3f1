using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>Drives a fabric from many threads: threads of devices, of CPUs, and the one that polls eventfds may come in
/// anywhere.</summary>
/// <remarks>
/// <para>One lock guards the chips, and one queue holds their effects. Whoever finds nobody draining takes the drain
/// token and carries the effects out, in order, outside the lock.</para>
/// <para>A call whose completion is architectural (a register write, mask, unmask, a changed message, an acknowledge by
/// EOI, dispose) returns after its effects have run, whoever ran them. A call made from within an effect (an acknowledge
/// callback, say) only queues: it counts as completed when its own effects have run. A completing call must not be made
/// under a lock that a receiver of effects takes: an acknowledge callback, or one of the <see cref="FabricPorts"/>.</para>
/// <para>A failure of the host, <see cref="KernelException"/>, is thrown once, by the first call that returns after it, and
/// after the rest of the queue has run; the virq concerned is served in userspace from then on. Any other exception of a
/// port or of a callback is thrown by the call that drained; the effect counts as refused, and what waits behind it runs
/// with the next call.</para>
/// <para>What is carried out, and in which order, is the <see cref="Carrier"/>'s affair: here are the lock, the token and
/// the wait.</para>
/// <para>A hot virq does not come here at all: the kernel serves it.</para>
/// </remarks>
public sealed partial class FabricHost
{
    private readonly HostLock _lock = new();
    private readonly Fabric _fabric;
    private readonly Carrier _carrier;
    private readonly CallPorts _ports;
    private readonly IEventPort? _eventFds;
    private readonly Acks _acks;
    private readonly LineHolders _holders;
    private int _drainer, _waiters;
    // Events carried out, modulo 2^32, as EventBuffer counts them.
    private uint _carried;
    private Exception? _failure;

    /// <summary>Takes a fabric over. From now on nobody else may touch it; a <see cref="Fabric.Drain"/> from within <see
    /// cref="Do(Action{Fabric})"/> leaves the queue to the host.</summary>
    /// <param name="fabric">The fabric.</param>
    /// <param name="ports">Who carries out what leaves it; null for nobody. They are called outside the lock, on the
    /// thread that drains.</param>
    /// <exception cref="ArgumentException">The machine was built for a kernel that owns its local APICs, and there is
    /// none.</exception>
    public FabricHost(Fabric fabric, FabricPorts? ports = null)
    {
        ArgumentNullException.ThrowIfNull(fabric);
        if (fabric.Options.Routing?.Kernel is not null && ports?.Kernel is null)
            throw new ArgumentException("the machine was built for a kernel that owns its local APICs", nameof(ports));
        _fabric = fabric;
        _carrier = fabric.Carrier;
        _carrier.IsDriven = true;
        _holders = new LineHolders(fabric.Options.Sources);
        _acks = new Acks(_holders, ports?.Acks);
        _ports = new CallPorts((ports ?? new FabricPorts()) with { Acks = _acks }, fabric);
        _eventFds = ports?.EventFds;
        _carried = fabric.Events.Taken;
    }

    /// <summary>How the machine is built.</summary>
    public FabricOptions Options => _fabric.Options;

    /// <summary>The next virtual time at which something happens by itself, in ns; <see cref="long.MaxValue"/> for
    /// none. It waits for no effect.</summary>
    public long NextDeadline
    {
        get
        {
            using (_lock.Hold())
                return _fabric.NextDeadline;
        }
    }

    /// <summary>Virtual time moves on. It only queues: what is due may run on another thread, after this returns.</summary>
    /// <param name="now">The new time in ns; an earlier one than the present is the present.</param>
    public void Advance(long now)
    {
        using (_lock.Hold())
        {
            _fabric.Advance(Math.Max(now, _fabric.Now));
            Kick();
        }
        ThrowFailure();
    }

    /// <summary>Looks at the fabric, or gives it an input that has no method here, under the lock. A completing call: it returns after
    /// the effects of that have run.</summary>
    /// <param name="input">Called under the lock: it must not call anything of its own that blocks.</param>
    public T Do<T>(Func<Fabric, T> input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Do(input, static (fabric, call) => call(fabric));
    }

    /// <summary>As <see cref="Do{T}"/>, without a result.</summary>
    public void Do(Action<Fabric> input)
    {
        ArgumentNullException.ThrowIfNull(input);
        Do(input, static (fabric, call) =>
        {
            call(fabric);
            return true;
        });
    }

    /// <summary>A completing call. What it is given comes beside it, so that no call allocates.</summary>
    private T Do<TArguments, T>(TArguments arguments, Func<Fabric, TArguments, T> input)
    {
        T result;
        using (_lock.Hold())
        {
            result = input(_fabric, arguments);
            Complete();
        }
        ThrowFailure();
        return result;
    }

    /// <summary>The lock, for who counts how often it is taken.</summary>
    internal HostLock Lock => _lock;

    private bool IsDrainer => _drainer == Environment.CurrentManagedThreadId;

    /// <summary>Sees to it that what was appended will be carried out; the caller does not wait for it.</summary>
    private void Kick()
    {
        Debug.Assert(_lock.IsHeld);
        if (_drainer == 0)
            Drain();
    }

    /// <summary>Returns after all that was appended so far has been carried out.</summary>
    private void Complete()
    {
        Debug.Assert(_lock.IsHeld);
        if (IsDrainer)
            return;
        uint ticket = _fabric.Events.Appended;
        while ((int)(_carried - ticket) < 0)
        {
            if (_drainer == 0)
            {
                Drain();
                continue;
            }
            _waiters++;
            _lock.Wait();
            _waiters--;
        }
    }

    private void Drain()
    {
        _drainer = Environment.CurrentManagedThreadId;
        try
        {
            do
            {
                while (!_fabric.Events.IsEmpty)
                {
                    Step();
                    _carried = _fabric.Events.Taken;
                    if (_waiters > 0)
                        _lock.WakeAll();
                }
            }
            while (!Rests());
        }
        finally
        {
            _carried = _fabric.Events.Taken;
            _drainer = 0;
            if (_waiters > 0)
                _lock.WakeAll();
        }
    }

    /// <summary>Tells whoever observes that nothing is in flight.</summary>
    /// <returns>False where something came in meanwhile.</returns>
    private bool Rests()
    {
        if (!_ports.Observes || !_fabric.Events.Observing)
            return true;
        var rest = new Event(EventKind.Rest) { Time = _fabric.Now };
        if (!_ports.IsObserved(rest))
            return true;
        Exception? thrown = null;
        Observe(rest, ref thrown);
        if (thrown is not null)
            ExceptionDispatchInfo.Throw(thrown);
        return _fabric.Events.IsEmpty;
    }

    /// <summary>What failed is thrown once, by a call that holds the lock no more.</summary>
    private void ThrowFailure()
    {
        if (_failure is null)
            return;
        Exception? failure;
        using (_lock.Hold())
        {
            if (IsDrainer)
                return;
            (failure, _failure) = (_failure, null);
        }
        if (failure is not null)
            throw failure;
    }
}
