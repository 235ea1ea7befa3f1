using Wirq.HostIrq;
using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>The drivers of a kernel: their actions, hard handlers and threads.</summary>
internal sealed class IrqDrivers
{
    private readonly World _world;
    private readonly IrqKernelSpec _spec;
    private readonly HostIrqs _irqs;
    private readonly bool _isGuest;
    private readonly Block<DriverState> _states;

    internal IrqDrivers(World world, IrqKernelSpec spec, HostIrqs irqs, bool isGuest, StateArena arena)
    {
        (_world, _spec, _irqs, _isGuest) = (world, spec, irqs, isGuest);
        _states = arena.Reserve<DriverState>(Math.Max(1, spec.Drivers.Count));
    }

    internal int Count => _spec.Drivers.Count;

    /// <summary>Lines that are disabled at once become so, and the drivers request theirs.</summary>
    /// <exception cref="WorldException">The kernel refuses one.</exception>
    internal void Start()
    {
        foreach (int line in _spec.Unlazy)
            _irqs.SetUnlazy(line, true);
        for (int driver = 0; driver < Count; driver++)
        {
            if (_spec.Drivers[driver].Requests && Request(driver) is var error && error != LinuxError.None)
                throw new WorldException($"the {(_isGuest ? "guest" : "host")} refuses the request of driver {_spec.Drivers[driver].Name}: {error}") { IsOutcome = true };
        }
    }

    /// <summary>A driver requests its line.</summary>
    internal LinuxError Request(int driver)
    {
        if (_states[driver].ActionAndOne != 0)
            return LinuxError.Busy;
        LinuxError error = _irqs.Request(_spec.Drivers[driver].Line, _spec.Drivers[driver].Request, out int action);
        if (error == LinuxError.None)
            _states[driver].ActionAndOne = (byte)(action + 1);
        return error;
    }

    /// <summary>A driver frees its line.</summary>
    internal bool Free(int driver)
    {
        int action = _states[driver].ActionAndOne - 1;
        if (action < 0)
            return false;
        _states[driver].ActionAndOne = 0;
        return _irqs.Free(_spec.Drivers[driver].Line, action);
    }

    /// <summary>The hard handler of an action runs. That of an action that was freed says nothing.</summary>
    internal HandlerAnswer Handle(int line, int action)
    {
        int driver = DriverOf(line, action);
        if (driver < 0)
            return HandlerAnswer.None;
        DriverSpec spec = _spec.Drivers[driver];
        if (_isGuest && spec.Looks)
            _world.Accessed(spec.Device);
        if (!spec.Handles || spec.Looks && !_world.Wants(spec.Device))
            return HandlerAnswer.None;
        if (spec.Request.HasThread)
            return HandlerAnswer.WakeThread;
        Serve(spec);
        return HandlerAnswer.Handled;
    }

    /// <summary>The thread of an action was woken.</summary>
    internal void Woken(int line, int action)
    {
        int driver = DriverOf(line, action);
        if (driver >= 0)
        {
            _states[driver].ThreadAndOne = (byte)(action + 1);
            return;
        }
        // It was freed: its thread ends.
        if (_irqs.ThreadStarted(line, action))
            _irqs.ThreadEnded(line, action);
    }

    /// <summary>A step lets a thread run.</summary>
    /// <returns>False if it was not woken.</returns>
    internal bool Tell(int driver)
    {
        if (_states[driver].ThreadAndOne == 0)
            return false;
        _states[driver].Told = 1;
        return true;
    }

    internal bool IsWoken(int driver) => _states[driver].ThreadAndOne != 0;

    /// <summary>Whether a thread can go on.</summary>
    internal bool CanRun(int driver) => IsWoken(driver) && (!_spec.ThreadsTold || _states[driver].Told != 0);

    /// <summary>The first thread from one on that can go on; -1 for none.</summary>
    internal int NextThread(int from)
    {
        for (int driver = from; driver < Count; driver++)
        {
            if (CanRun(driver))
                return driver;
        }
        return -1;
    }

    /// <summary>A thread goes on: it serves its device, and then it ends.</summary>
    internal void Run(int driver)
    {
        ref DriverState its = ref _states[driver];
        DriverSpec spec = _spec.Drivers[driver];
        int action = its.ThreadAndOne - 1;
        if (its.HasServed == 0)
        {
            its.HasServed = 1;
            _irqs.ThreadStarted(spec.Line, action);
            if (spec.Handles)
                Serve(spec);
            return;
        }
        (its.ThreadAndOne, its.HasServed, its.Told) = (0, 0, 0);
        _irqs.ThreadEnded(spec.Line, action, handled: spec.Handles);
    }

    /// <summary>Whether a thread serves its device next, in words.</summary>
    internal string Describe(int driver) => $"the thread of {_spec.Drivers[driver].Name} {(_states[driver].HasServed == 0 ? "serves" : "ends")}";

    private void Serve(DriverSpec spec)
    {
        if (_isGuest)
            _world.Accessed(spec.Device);
        _world.Serve(spec.Device);
    }

    private int DriverOf(int line, int action)
    {
        for (int driver = 0; driver < Count; driver++)
        {
            if (_spec.Drivers[driver].Line == line && _states[driver].ActionAndOne == action + 1)
                return driver;
        }
        return -1;
    }
}
