namespace Wirq.Host;

/// <summary>The lock of a host, which counts how often it is taken.</summary>
internal sealed class HostLock
{
    private readonly object _monitor = new();

    /// <summary>How often it was taken. Taking it again after a wait does not count.</summary>
    internal long Acquisitions { get; private set; }

    /// <summary>Whether the current thread has it.</summary>
    internal bool IsHeld => Monitor.IsEntered(_monitor);

    /// <summary>Takes the lock; disposing of the result releases it.</summary>
    internal Scope Hold()
    {
        Enter();
        return new Scope(this);
    }

    internal void Enter()
    {
        Monitor.Enter(_monitor);
        Acquisitions++;
    }

    internal void Exit() => Monitor.Exit(_monitor);

    /// <summary>Releases the lock until another thread calls <see cref="WakeAll"/>.</summary>
    internal void Wait() => Monitor.Wait(_monitor);

    /// <summary>Wakes all threads that wait.</summary>
    internal void WakeAll() => Monitor.PulseAll(_monitor);

    internal readonly ref struct Scope(HostLock held)
    {
        public void Dispose() => held.Exit();
    }
}
