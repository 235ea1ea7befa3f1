namespace Wirq.Linux.Tests.Updates;

/// <summary>A device on a level line, in a process of its own: it asserts by an eventfd and hears the acknowledge by
/// another. It asserts once for all that it wants served, so each interrupt finds something to serve.</summary>
internal sealed class LineDevice : IDisposable
{
    private readonly Lock _lock = new();
    private long _issued, _served;
    private bool _asserts;

    internal EventFdHandle EventFd { get; } = EventFdHandle.Create();
    internal EventFdHandle Resample { get; } = EventFdHandle.Create();

    internal long Issued
    {
        get
        {
            lock (_lock)
                return _issued;
        }
    }

    internal long Served
    {
        get
        {
            lock (_lock)
                return _served;
        }
    }

    /// <summary>Whether nothing is in its eventfds.</summary>
    internal bool IsQuiet
    {
        get
        {
            lock (_lock)
                return !EventFd.IsReadable && !Resample.IsReadable;
        }
    }

    internal void Trigger()
    {
        lock (_lock)
        {
            _issued++;
            Assert();
        }
    }

    /// <summary>The poll reports the resample eventfd: the line was acknowledged.</summary>
    internal void Acknowledged()
    {
        lock (_lock)
        {
            if (!Resample.TryRead())
                return;
            _asserts = false;
            Assert();
        }
    }

    /// <summary>The guest's handler serves everything that the device wants.</summary>
    /// <returns>How much that was. If it is nothing, the interrupt came twice.</returns>
    internal long Serve()
    {
        lock (_lock)
        {
            long served = _issued - _served;
            _served = _issued;
            return served;
        }
    }

    public void Dispose()
    {
        EventFd.Dispose();
        Resample.Dispose();
    }

    private void Assert()
    {
        if (_asserts || _issued == _served)
            return;
        _asserts = true;
        EventFd.Write();
    }
}
