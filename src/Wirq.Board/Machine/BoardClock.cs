using System.Diagnostics;
using Wirq.Board.Timing;
using Wirq.Linux;

namespace Wirq.Board.Machine;

/// <summary>The time of the machine, which is the host's time, and its deadlines.</summary>
/// <remarks>A deadline within 50 µs after an earlier one is served at the end of these 50 µs. An access to the
/// interrupt system still sees its timers at their exact time.</remarks>
public sealed class BoardClock : IBoardClock
{
    // A guest may program a timer that expires at each tick of its bus clock. It is served at most this often, so that
    // the host has time for other work.
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

    /// <summary>Call this after a deadline may have moved. It must not be called under a lock that
    /// <see cref="ITimedDevice.NextDeadline"/> takes.</summary>
    public void Look()
    {
        lock (_lock)
        {
            long next = long.MaxValue;
            foreach (ITimedDevice device in _devices)
                next = Math.Min(next, device.NextDeadline);
            next = Math.Max(next, Volatile.Read(ref _reached) + ShortestGap);
            // If the deadline moved later, the loop wakes, finds nothing due, and sets the next one.
            if (next < _armed && _loop is not null)
                Arm(next);
        }
    }

    /// <summary>The deadline of one device may have moved to this value. All others did not move.</summary>
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

    /// <summary>Whether a deadline has passed that the loop has not served yet.</summary>
    internal bool IsDue => Now >= Armed;

    /// <summary>The time to which the loop's timer is set, in nanoseconds; <see cref="long.MaxValue"/> for
    /// none.</summary>
    internal long Armed => Volatile.Read(ref _armed);

    /// <summary>Serves the deadlines that have passed.</summary>
    internal void Reached()
    {
        lock (_lock)
            _armed = long.MaxValue;
        // Advances all of them, even if only one is due. The chips come first, so that a device's change of a line gets
        // this time too.
        long now = Now;
        foreach (ITimedDevice device in Volatile.Read(ref _devices))
            device.Advance(now);
        Volatile.Write(ref _reached, now);
        Look();
    }

    /// <summary>Makes a loop report when a deadline has passed, from now on.</summary>
    internal void Start(EpollLoop loop)
    {
        lock (_lock)
            _loop = loop;
        Look();
    }

    /// <summary>Stops all deadlines.</summary>
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
