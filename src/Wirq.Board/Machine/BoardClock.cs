using System.Diagnostics;
using Wirq.Board.Timing;
using Wirq.Linux;

namespace Wirq.Board.Machine;

/// <summary>The machine's time, which is the host's, and the deadlines in it.</summary>
/// <remarks>A deadline within 50 us of an earlier one is served after these 50 us. An access to the interrupt system
/// still finds its own timers as they are at that moment.</remarks>
public sealed class BoardClock : IBoardClock
{
    // A guest may ask for a timer that expires at each tick of its bus: it is served as often as this, and no oftener,
    // so that the host has time for the rest.
    private const long ShortestGap = 50_000;

    private readonly Lock _lock = new();
    private readonly long _origin = EpollLoop.Now;
    private ITimedDevice[] _devices = [];
    private EpollLoop? _loop;
    private long _armed = long.MaxValue, _reached = -ShortestGap;

    /// <inheritdoc/>
    public long Now => EpollLoop.Now - _origin;

    /// <summary>Adds a device with deadlines.</summary>
    public void Add(ITimedDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (_lock)
            _devices = [.. _devices, device];
        device.DeadlineMoved += Look;
        Look();
    }

    /// <summary>A deadline may have moved. It must not be called under a lock that <see
    /// cref="ITimedDevice.NextDeadline"/> takes.</summary>
    public void Look()
    {
        lock (_lock)
        {
            long next = long.MaxValue;
            foreach (ITimedDevice device in _devices)
                next = Math.Min(next, device.NextDeadline);
            next = Math.Max(next, Volatile.Read(ref _reached) + ShortestGap);
            // One that has moved back finds nothing due, and sets the next.
            if (next < _armed && _loop is not null)
                Arm(next);
        }
    }

    /// <summary>The deadline of one device may have moved to this; those of all others are where they were.</summary>
    internal void Look(long deadline)
    {
        if (deadline >= Armed)
            return;
        lock (_lock)
        {
            long next = Math.Max(deadline, Volatile.Read(ref _reached) + ShortestGap);
            if (next < _armed && _loop is not null)
                Arm(next);
        }
    }

    /// <summary>Whether something is due that the loop has not come to yet.</summary>
    internal bool IsDue => Now >= Armed;

    /// <summary>The time that the loop's timer is set to, in nanoseconds; <see cref="long.MaxValue"/> where nothing is
    /// due.</summary>
    internal long Armed => Volatile.Read(ref _armed);

    /// <summary>Does what is due.</summary>
    internal void Reached()
    {
        lock (_lock)
            _armed = long.MaxValue;
        // Advances all of them, even if only one is due: what a device does to a line gets the time that was set for
        // the chips, which come first.
        long now = Now;
        foreach (ITimedDevice device in Volatile.Read(ref _devices))
            device.Advance(now);
        Volatile.Write(ref _reached, now);
        Look();
    }

    /// <summary>From now on a loop reports when a deadline has passed.</summary>
    internal void Start(EpollLoop loop)
    {
        lock (_lock)
            _loop = loop;
        Look();
    }

    /// <summary>Nothing is due any more.</summary>
    internal void Stop()
    {
        lock (_lock)
            _loop = null;
    }

    private void Arm(long next)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        Volatile.Write(ref _armed, next);
        _loop!.SetDeadline(next > long.MaxValue - _origin ? long.MaxValue : next + _origin);
    }
}
