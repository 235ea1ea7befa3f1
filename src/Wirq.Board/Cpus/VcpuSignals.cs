namespace Wirq.Board.Cpus;

/// <summary>The events for a vCPU besides interrupts: NMI, INIT, SIPI. Any thread may post them; the vCPU handles them
/// before it enters the guest. A thread that posts one then kicks the vCPU.</summary>
internal sealed class VcpuSignals
{
    private const int NoVector = -1;
    // One NMI in progress and one latched: a CPU stores no more (Intel SDM vol. 3, 6.7.1).
    private const int MostNmis = 2;

    private readonly Lock _lock = new();
    private int _nmis, _startUp = NoVector;
    private bool _init;

    /// <summary>Posts an NMI.</summary>
    public void Nmi()
    {
        lock (_lock)
            _nmis = Math.Min(_nmis + 1, MostNmis);
    }

    /// <summary>Posts an INIT. Earlier events are dropped.</summary>
    public void Init()
    {
        lock (_lock)
            (_init, _nmis, _startUp) = (true, 0, NoVector);
    }

    /// <summary>Posts a start-up IPI. If several come before the vCPU handles them, only the first has an effect: the
    /// CPU is already started for the others.</summary>
    public void StartUp(byte vector)
    {
        lock (_lock)
            _startUp = _startUp == NoVector ? vector : _startUp;
    }

    /// <summary>Whether there is an event to handle.</summary>
    internal bool Any
    {
        get
        {
            lock (_lock)
                return _init || _nmis > 0 || _startUp != NoVector;
        }
    }

    /// <summary>Whether there is an INIT to handle.</summary>
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

    /// <summary>Takes a start-up IPI. A CPU that does not wait for one drops it.</summary>
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
