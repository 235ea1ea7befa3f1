using System.Diagnostics;
using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>Drives a fabric from many threads. Threads of devices, threads of CPUs and the thread that polls eventfds
/// may call it at any time.</summary>
/// <remarks>
/// <para>One lock guards the chips, and one queue holds their effects. A thread that finds no other thread draining
/// takes the drain token and carries out the effects, in order, outside the lock.</para>
/// <para>A call whose completion is architectural (a register write, mask, unmask, a changed message, an acknowledge by
/// EOI, dispose) returns after its effects have run, on this or another thread. A call from within an effect (for
/// example an acknowledge callback) only queues; it is complete when its own effects have run. Do not make a completing
/// call under a lock that a receiver of effects takes: an acknowledge callback, or one of the
/// <see cref="FabricPorts"/>.</para>
/// <para>A failure of the host, <see cref="KernelException"/>, is thrown once, by the first call that returns after it,
/// and after the rest of the queue has run. From then on, the virq concerned is served in userspace. Any other
/// exception of a port or of a callback is thrown by the call that drained. Its effect counts as refused, and the
/// effects behind it run with the next call.</para>
/// <para>The <see cref="Carrier"/> decides what is carried out, and in which order. This class adds the lock, the token
/// and the wait.</para>
/// <para>A hot virq does not use this class: the kernel serves it.</para>
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
    private readonly IHostMeter? _meter;
    // Whether somebody besides the meter wants observations, and whether they are made as this host left it.
    private bool _othersObserve, _observing;
    private int _drainer, _waiters;
    // Events carried out, modulo 2^32, as EventBuffer counts them.
    private uint _carried;
    private KernelException? _failure;

    /// <summary>Takes over a fabric. From now on no other code may use it. A <see cref="Fabric.Drain"/> from within
    /// <see cref="Do(Action{Fabric})"/> leaves the queue to the host.</summary>
    /// <param name="fabric">The fabric.</param>
    /// <param name="ports">The ports that carry out what leaves the fabric; null for none. They are called outside the
    /// lock, on the thread that drains.</param>
    /// <exception cref="ArgumentException">The machine was built for a kernel that owns its local APICs, but there is
    /// no kernel port.</exception>
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
        IReadOnlyList<IEventObserver> observers = ports?.Observer is ObserverSet set ? set.All : ports?.Observer is { } one ? [one] : [];
        _meter = observers.OfType<IHostMeter>().FirstOrDefault();
        _othersObserve = _observing = fabric.Events.Observing;
        _meter?.Attach(this);
        FollowListeners();
        _carried = fabric.Events.Taken;
        Xen = fabric.Xen is null ? null : new HostXen(this);
    }

    /// <summary>How the machine is built.</summary>
    public FabricOptions Options => _fabric.Options;

    /// <summary>The next virtual time at which a timer expires, in ns; <see cref="long.MaxValue"/> for none. It waits
    /// for no effect.</summary>
    public long NextDeadline
    {
        get
        {
            using (_lock.Hold())
                return _fabric.NextDeadline;
        }
    }

    /// <summary>Advances virtual time. It only queues: what is due may run on another thread, after this returns.</summary>
    /// <param name="now">The new time in ns; a time before the current one counts as the current one.</param>
    public void Advance(long now)
    {
        using (_lock.Hold())
        {
            _fabric.Advance(Math.Max(now, _fabric.Now));
            Kick();
        }
        ThrowFailure();
    }

    /// <summary>Reads the fabric, or gives it an input that has no method here, under the lock. A completing call: it
    /// returns after the effects of the input have run.</summary>
    /// <param name="input">Called under the lock. It must not make a call that blocks.</param>
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

    /// <summary>A completing call. Its arguments are passed separately, so no call allocates.</summary>
    internal T Do<TArguments, T>(TArguments arguments, Func<Fabric, TArguments, T> input)
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

    /// <summary>Reads the fabric under the lock. It waits for no effect.</summary>
    internal T Ask<T>(Func<Fabric, T> question)
    {
        using (_lock.Hold())
            return question(_fabric);
    }

    /// <summary>As the other, without an allocation.</summary>
    internal T Ask<TArguments, T>(TArguments arguments, Func<Fabric, TArguments, T> question)
    {
        using (_lock.Hold())
            return question(_fabric, arguments);
    }

    /// <summary>Observations are made for a meter only while somebody listens to them.</summary>
    private void FollowListeners()
    {
        if (_meter is null)
            return;
        if (_fabric.Events.Observing != _observing)
            _othersObserve = _fabric.Events.Observing;
        _fabric.Events.Observing = _observing = _othersObserve || _fabric.IsWatched || _meter.WantsObservations;
    }

    /// <summary>A listener's code runs outside the lock.</summary>
    private void TellDrain(long began)
    {
        if (began < 0)
            return;
        _lock.Exit();
        try
        {
            _meter!.DrainEnds(began);
        }
        finally
        {
            _lock.Enter();
        }
    }

    /// <summary>The lock, for tests that count its acquisitions.</summary>
    internal HostLock Lock => _lock;

    private bool IsDrainer => _drainer == Environment.CurrentManagedThreadId;

    /// <summary>Makes sure that the appended effects will be carried out, without waiting for them.</summary>
    private void Kick()
    {
        Debug.Assert(_lock.IsHeld);
        if (_drainer == 0)
            Drain();
    }

    /// <summary>Returns after everything that was appended so far has been carried out.</summary>
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
            AwaitDrainer();
        }
    }

    /// <summary>Waits until the thread that drains has got on.</summary>
    private void AwaitDrainer()
    {
        _waiters++;
        _lock.Wait();
        _waiters--;
    }

    private void Drain()
    {
        _drainer = Environment.CurrentManagedThreadId;
        long began = _meter?.DrainBegins() ?? -1;
        try
        {
            do
            {
                while (!_fabric.Events.IsEmpty)
                {
                    _carrier.Step(new Unlocked(this), ref _failure);
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
            FollowListeners();
            if (_waiters > 0)
                _lock.WakeAll();
            TellDrain(began);
        }
    }

    /// <summary>Reports to the observer that nothing is in flight.</summary>
    /// <returns>False if an input came in between.</returns>
    private bool Rests()
    {
        if (!_ports.Observes || !_fabric.Events.Observing)
            return true;
        try
        {
            new Unlocked(this).Observe(new Event(EventKind.Rest) { Time = _fabric.Now });
        }
        catch (KernelException failure)
        {
            _failure ??= failure;
        }
        return _fabric.Events.IsEmpty;
    }

    /// <summary>A failure is thrown once, by a call that no longer holds the lock.</summary>
    private void ThrowFailure()
    {
        if (_failure is null)
            return;
        KernelException? failure;
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
