using Wirq.State;

namespace Wirq.Vfio;

/// <summary>How a machine's process learns that its guest has finished a line-based interrupt.</summary>
public enum WayBack : byte
{
    /// <summary>The guest's chip tells of the acknowledge. The device's registers stay mapped into the guest.</summary>
    Acknowledge,
    /// <summary>The first access to the device after each event is taken for the end: QEMU's way where a resample cannot be
    /// had. The registers are not mapped meanwhile, so that the process sees the access.</summary>
    FirstAccess,
}

/// <summary>What a way back has cost.</summary>
/// <param name="Events">Events that the process took.</param>
/// <param name="Unmasks">Unmasks that it asked for.</param>
/// <param name="EarlyUnmasks">Those of them at which the device still asserted its interrupt.</param>
/// <param name="Resignals">Events that came of an early unmask.</param>
/// <param name="TrappedAccesses">Accesses of the guest that went through the process because the registers were not
/// mapped.</param>
public readonly record struct WayBackCounts(long Events, long Unmasks, long EarlyUnmasks, long Resignals, long TrappedAccesses);

/// <summary>The half of a device's line-based interrupt that is in the machine's process: from the event to the guest's line,
/// and from the guest back to the unmask.</summary>
/// <remarks>Its owner calls <see cref="Signalled"/> when the trigger eventfd was read, <see cref="Accessed"/> after each access
/// to a register of the device, <see cref="Acknowledged"/> when the guest's chip tells of it, and <see cref="Advance"/>; and
/// drives the guest's line as <see cref="IsAsserted"/> says. The state lies in a <see cref="StateArena"/>; the counts do not:
/// nothing follows from them. Not thread-safe.</remarks>
public sealed class VfioWayBack
{
    /// <summary>How long the registers stay unmapped after an event unless said otherwise, in ns: 1.1 s, as in QEMU.</summary>
    public const long DefaultRemapDelay = 1_100_000_000;

    private readonly VfioHost _host;
    private readonly int _device;
    private readonly long _remapDelay;
    private readonly Block<WayBackState> _state;

    /// <summary>Makes the process's half for a device that has no event yet.</summary>
    /// <param name="host">The host.</param>
    /// <param name="device">The device.</param>
    /// <param name="way">How it learns of the end.</param>
    /// <param name="remapDelay">How long after an event the registers are mapped again, in ns: 0 to 1000 s.</param>
    /// <param name="arena">Where the state goes; null for an arena of its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device or way, or the delay is out of its
    /// range.</exception>
    public VfioWayBack(VfioHost host, int device, WayBack way = WayBack.Acknowledge, long remapDelay = DefaultRemapDelay, StateArena? arena = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)device, (uint)host.Options.Devices.Count, nameof(device));
        if (!Enum.IsDefined(way))
            throw new ArgumentOutOfRangeException(nameof(way), way, "no way back");
        ArgumentOutOfRangeException.ThrowIfNegative(remapDelay);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(remapDelay, OptionCheck.MaxDelay);
        (_host, _device, Way, _remapDelay) = (host, device, way, remapDelay);
        _state = (arena ?? new StateArena()).Reserve<WayBackState>(1, (copy, now) =>
        {
            copy[0].Remap = VfioDeadline.Ahead(copy[0].Remap, now);
        });
    }

    /// <summary>How it learns of the end.</summary>
    public WayBack Way { get; }

    /// <summary>What it has cost so far.</summary>
    public WayBackCounts Counts { get; private set; }

    /// <summary>Whether the guest's line is asserted.</summary>
    public bool IsAsserted => _state[0].Pending != 0;

    /// <summary>Whether the guest reaches the device's registers without the process.</summary>
    public bool IsMapped => _state[0].Remap == 0;

    /// <summary>The next virtual time at which the registers are mapped again, in ns; null while they are mapped.</summary>
    public long? NextDeadline => IsMapped ? null : _state[0].Remap;

    /// <summary>The process has read the trigger eventfd, whatever its count.</summary>
    public void Signalled()
    {
        ref WayBackState its = ref _state[0];
        Counts = Counts with { Events = Counts.Events + 1, Resignals = Counts.Resignals + its.Early };
        (its.Pending, its.Early) = (1, 0);
        if (Way == WayBack.FirstAccess)
            its.Remap = Later();
    }

    /// <summary>The guest has accessed a register of the device, and the device has done what that does.</summary>
    /// <returns>Whether the access went through the process.</returns>
    public bool Accessed()
    {
        if (IsMapped)
            return false;
        Counts = Counts with { TrappedAccesses = Counts.TrappedAccesses + 1 };
        Finish();
        return true;
    }

    /// <summary>The guest's chip tells that the guest has acknowledged its line. Who waits for an access does not hear
    /// it.</summary>
    public void Acknowledged()
    {
        if (Way == WayBack.Acknowledge)
            Finish();
    }

    /// <summary>Time passes: registers are mapped again when their time has come and no event waits for its end.</summary>
    /// <param name="now">Virtual time in ns.</param>
    public void Advance(long now)
    {
        ref WayBackState its = ref _state[0];
        if (its.Remap == 0 || its.Remap > now)
            return;
        its.Remap = its.Pending != 0 ? Later(now) : 0;
    }

    // 0 stands for mapped, also with a delay of 0 at time 0.
    private long Later(long now = 0) => Math.Max(1, Math.Max(now, _host.Events.Now) + _remapDelay);

    /// <summary>The first end after an event lowers the guest's line and unmasks. Others do nothing.</summary>
    private void Finish()
    {
        ref WayBackState its = ref _state[0];
        if (its.Pending == 0)
            return;
        // Before the unmask, which may bring the next event.
        its.Pending = 0;
        bool asserts = _host.IsAsserting(_device);
        int answer = _host.SetIrqs(_device,
            new(VfioIrqSet.Size, VfioIrqSetBits.DataNone | VfioIrqSetBits.ActionUnmask, (uint)VfioIrqIndex.Intx, 0, 1), []);
        // Meanwhile the guest may have switched to messages.
        if (answer != 0)
            return;
        its.Early = asserts ? (byte)1 : (byte)0;
        Counts = Counts with { Unmasks = Counts.Unmasks + 1, EarlyUnmasks = Counts.EarlyUnmasks + its.Early };
    }
}
