namespace Wirq.Board.Cpus;

/// <summary>The events for a vCPU besides interrupts, from any thread, which it handles before it enters the guest:
/// NMI, INIT, SIPI. A thread that leaves one then kicks the vCPU.</summary>
internal sealed class VcpuSignals
{
    private const int NoVector = -1;
    // One being handled and one latched: a CPU remembers no more (Intel SDM vol. 3, 6.7.1).
    private const int MostNmis = 2;

    private readonly Lock _lock = new();
    private int _nmis, _startUp = NoVector;
    private bool _init;

    /// <summary>An NMI.</summary>
    public void Nmi()
    {
        lock (_lock)
            _nmis = Math.Min(_nmis + 1, MostNmis);
    }

    /// <summary>INIT: whatever came before it is void.</summary>
    public void Init()
    {
        lock (_lock)
            (_init, _nmis, _startUp) = (true, 0, NoVector);
    }

    /// <summary>A start-up IPI. Of several before it is looked at, the first counts: the rest find the CPU
    /// started.</summary>
    public void StartUp(byte vector)
    {
        lock (_lock)
            _startUp = _startUp == NoVector ? vector : _startUp;
    }

    /// <summary>Whether there is something to take.</summary>
    internal bool Any
    {
        get
        {
            lock (_lock)
                return _init || _nmis > 0 || _startUp != NoVector;
        }
    }

    /// <summary>Whether there is an INIT to take.</summary>
    internal bool HasInit
    {
        get
        {
            lock (_lock)
                return _init;
        }
    }

    /// <summary>Takes an INIT.</summary>
    internal bool TakeInit()
    {
        lock (_lock)
            return (_init, _init = false).Item1;
    }

    /// <summary>Takes a start-up IPI; a CPU that does not wait for one drops it.</summary>
    internal bool TakeStartUp(out byte vector)
    {
        lock (_lock)
        {
            vector = (byte)_startUp;
            return (_startUp != NoVector, _startUp = NoVector).Item1;
        }
    }

    /// <summary>Takes an NMI.</summary>
    internal bool TakeNmi()
    {
        lock (_lock)
        {
            if (_nmis == 0)
                return false;
            _nmis--;
            return true;
        }
    }
}
