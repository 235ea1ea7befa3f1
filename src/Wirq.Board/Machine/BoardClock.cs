using System.Diagnostics;
using Wirq.Board.Timing;
using Wirq.Linux;

namespace Wirq.Board.Machine;

/// <summary>The machine's time, which is the host's, and what is due in it.</summary>
public sealed class BoardClock : IBoardClock
{
    private readonly Lock _lock = new();
    private readonly long _origin = EpollLoop.Now;
    private ITimedDevice[] _devices = [];
    private EpollLoop? _loop;
    private long _armed = long.MaxValue;

    /// <inheritdoc/>
    public long Now => EpollLoop.Now - _origin;

    /// <summary>Adds something that does things by itself.</summary>
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
            // One that has moved back finds nothing due, and sets the next.
            if (next < _armed && _loop is not null)
                Arm(next);
        }
    }

    /// <summary>Whether something is due that the loop has not come to yet.</summary>
    internal bool IsDue => Now >= Volatile.Read(ref _armed);

    /// <summary>Does what is due.</summary>
    internal void Reached()
    {
        lock (_lock)
            _armed = long.MaxValue;
        foreach (ITimedDevice device in Volatile.Read(ref _devices))
        {
            long now = Now;
            if (device.NextDeadline <= now)
                device.Advance(now);
        }
        Look();
    }

    /// <summary>From now on a loop tells when something is due.</summary>
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
