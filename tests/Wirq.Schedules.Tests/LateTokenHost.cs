namespace Wirq.Schedules.Tests;

/// <summary>A host with the classic fault: it looks whether the queue is empty, releases the lock, and gives its token back
/// afterwards. Who appends in between relies on a thread that has already looked.</summary>
internal sealed class LateTokenHost
{
    private readonly object _lock = new();
    private int _waiting;
    private bool _drains;

    internal int Waiting => _waiting;

    internal void Append()
    {
        lock (_lock)
        {
            _waiting++;
            if (_drains)
                return;
            _drains = true;
        }
        bool more = true;
        while (more)
        {
            lock (_lock)
            {
                more = _waiting > 0;
                if (more)
                    _waiting--;
            }
        }
        lock (_lock)
            _drains = false;
    }
}
