using Wirq.Events;
using Wirq.HostIrq;
using Wirq.State;

namespace Wirq.Vfio;

/// <summary>A host that forwards interrupts of devices to guests by VFIO, above its interrupt core.</summary>
/// <remarks>
/// Pure and synchronous. Its owner changes the levels of devices, makes the calls of a machine's process
/// (<see cref="SetIrqs"/>), tells which eventfds were written (<see cref="EventFdWritten"/>), and takes the effects of
/// <see cref="Events"/>. Each is passed to <see cref="Carry"/>, which carries out what stays inside: handlers and threads of
/// VFIO, its deferred work, and what is sent again. The rest is the owner's: <see cref="VfioSignalled"/>, and the handlers of
/// others on the same lines.
/// <para>What a process passes may be anything: it gets Linux's answer, never an exception. All state lies in a
/// <see cref="StateArena"/>. Not thread-safe.</para>
/// </remarks>
public sealed partial class VfioHost
{
    private readonly IVfioEventFds _eventFds;
    private readonly Block<VfioDeviceState> _devices;
    private readonly Block<VfioVectorState> _vectors;
    private readonly Block<VfioLineState> _lines;
    // Where its state is in the arena, with that of its interrupt core.
    private readonly int _firstBlock, _blocks;
    // The first vector of each device.
    private readonly int[] _firstVectors;
    private readonly ForwardMode[] _modes;
    // Those that are masked by their own DisINTx.
    private readonly bool[] _masksItself;

    /// <summary>Makes a host whose devices have no interrupt enabled.</summary>
    /// <param name="options">How.</param>
    /// <param name="eventFds">The eventfds.</param>
    /// <param name="arena">Where the state goes; null for an arena of its own.</param>
    /// <exception cref="OptionException">The options are invalid. Nothing was built.</exception>
    public VfioHost(VfioOptions options, IVfioEventFds eventFds, StateArena? arena = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(eventFds);
        options.Validate();
        (Options, _eventFds) = (options, eventFds);
        Arena = arena ?? new StateArena();
        _firstBlock = Arena.Count;
        Irqs = new HostIrqs(options.Irqs, Arena);
        _devices = Arena.Reserve<VfioDeviceState>(options.Devices.Count, (copy, now) =>
        {
            for (int i = 0; i < copy.Length; i++)
            {
                ref VfioDeviceState device = ref copy[i];
                device.Deadline = VfioDeadline.Ahead(device.Deadline, now);
                device.StormDeadline = VfioDeadline.Ahead(device.StormDeadline, now);
                // A count whose window is over is none. The end of a brake lies ahead.
                device.StormSince = now - device.StormSince;
                if (device.StormCount == 0 || device.StormSince > options.Devices[i].StormWindow)
                    (device.StormCount, device.StormSince) = (0, 0);
            }
        });
        _firstVectors = new int[options.Devices.Count];
        _modes = [.. options.Devices.Select(device => device.EffectiveMode)];
        _masksItself = [.. options.Devices.Select(device => device.UsesIntxDisable)];
        int vectors = 0;
        for (int i = 0; i < _firstVectors.Length; i++)
        {
            _firstVectors[i] = vectors;
            vectors += VectorsOf(i);
        }
        _vectors = Arena.Reserve<VfioVectorState>(Math.Max(1, vectors));
        _lines = Arena.Reserve<VfioLineState>(options.Irqs.Lines.Count);
        _blocks = Arena.Count - _firstBlock;
        for (int device = 0; device < _firstVectors.Length; device++)
            Open(device);
    }

    /// <summary>How it was built.</summary>
    public VfioOptions Options { get; }

    /// <summary>The host's interrupt core. Actions of others are requested there, and their handlers answered.</summary>
    public HostIrqs Irqs { get; }

    /// <summary>The queue of effects.</summary>
    public EventBuffer Events => Irqs.Events;

    internal StateArena Arena { get; }

    /// <summary>A 128-bit hash of the state.</summary>
    public UInt128 Identity => Arena.Identity(Events.Now);

    /// <summary>Takes over the state of another host of the same options. Effects that wait are not taken over.</summary>
    /// <exception cref="ArgumentException">It was built otherwise.</exception>
    public void CopyFrom(VfioHost other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Arena.CopyFrom(other.Arena);
        Events.Now = other.Events.Now;
    }

    /// <summary>Whether VFIO keeps a device's line-based interrupt masked.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public bool IsMasked(int device) => The(device).Masked != 0;

    /// <summary>Whether the guest has an interrupt of a ONESHOT line that it has not finished.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public bool IsWaiting(int device) => The(device).Waits != 0;

    /// <summary>Whether a device has its line: INTx is enabled, or it is an open device of the platform bus.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public bool IsEnabled(int device) => The(device).Action != 0;

    /// <summary>Whether its line-based interrupt has an eventfd to signal.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public bool HasTrigger(int device) => The(device).Trigger != 0;

    /// <summary>Whether a device asserts its interrupt, as its status bit says: whether or not anything masks it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public bool IsAsserting(int device) => The(device).Asserts != 0;

    /// <summary>Whether the device's own DisINTx is set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public bool HasIntxDisabled(int device) => The(device).IntxDisable != 0;

    /// <summary>Which kind of interrupts of a PCI device is enabled; null for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    internal VfioIrqIndex? EnabledOf(int device) => The(device).Type switch
    {
        VfioType.None => null,
        VfioType.Intx => VfioIrqIndex.Intx,
        var type => IndexOf(type),
    };

    /// <summary>The eventfd that unmasks a device; -1 for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    internal int UnmaskEventFdOf(int device) => The(device).UnmaskFd - 1;

    /// <summary>The eventfd that INTx, or a vector of messages, signals; -1 for none, and for a vector that does not
    /// exist.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    internal int TriggerOf(int device, VfioIrqIndex index, int vector)
    {
        if (index == VfioIrqIndex.Intx)
            return vector == 0 ? The(device).Trigger - 1 : -1;
        return EnabledOf(device) == index && (uint)vector < (uint)VectorsOf(device) ? Vector(device, vector).Trigger - 1 : -1;
    }

    /// <summary>Adds each eventfd that a device uses to a set. The others may be closed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    internal void AddEventFds(int device, ISet<int> used)
    {
        ArgumentNullException.ThrowIfNull(used);
        EachEventFd(device, (ref int place) => used.Add(place - 1));
    }

    /// <summary>A place where a device keeps an eventfd: one more than its number.</summary>
    private delegate void EventFdPlace(ref int place);

    /// <summary>Visits each place of a device that has an eventfd.</summary>
    private void EachEventFd(int device, EventFdPlace visit)
    {
        ref VfioDeviceState its = ref The(device);
        Visit(ref its.Trigger);
        Visit(ref its.UnmaskFd);
        Visit(ref its.MaskFd);
        Visit(ref its.Err);
        Visit(ref its.Req);
        for (int vector = 0; vector < VectorsOf(device); vector++)
            Visit(ref Vector(device, vector).Trigger);

        void Visit(ref int place)
        {
            if (place != 0)
                visit(ref place);
        }
    }

    private VfioDeviceOptions OptionsOf(int device) => Options.Devices[device];

    private ref VfioDeviceState The(int device)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)device, (uint)_devices.Count, nameof(device));
        return ref _devices[device];
    }

    private int VectorsOf(int device) => Math.Max(OptionsOf(device).MsiVectors, OptionsOf(device).MsixVectors);

    // --- the device

    /// <summary>A device's interrupt state rises or falls. While messages are enabled, each call with true sends
    /// vector 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public void SetLevel(int device, bool asserts)
    {
        ref VfioDeviceState its = ref The(device);
        its.Asserts = asserts ? (byte)1 : (byte)0;
        Drive(device);
        if (!asserts)
            ForgetStorm(device, ref its);
        if (asserts && its.SendsMessages)
            SendMessage(device, 0);
    }

    /// <summary>Something else holds a line up, or no longer.</summary>
    /// <returns>False if there is no such line.</returns>
    public bool SetOthersLevel(int line, bool high)
    {
        if ((uint)line >= (uint)_lines.Count)
            return false;
        _lines[line].Others = high ? (ushort)1 : (ushort)0;
        DriveLine(line);
        return true;
    }

    private void Drive(int device)
    {
        if (OptionsOf(device).Line is { } line)
            DriveLine(line);
    }

    private void DriveLine(int line) => Irqs.SetLevel(line, IsDriven(line));

    /// <summary>Whether something holds a line up.</summary>
    private bool IsDriven(int line)
    {
        bool high = _lines[line].Others != 0;
        for (int device = 0; device < _devices.Count && !high; device++)
            high = OptionsOf(device).Line == line && Drives(device);
        return high;
    }

    private bool Drives(int device)
    {
        ref VfioDeviceState its = ref _devices[device];
        return its is { Asserts: not 0, IntxDisable: 0, SendsMessages: false };
    }

    // --- what is carried out here

    /// <summary>Carries out an effect that stays inside.</summary>
    /// <returns>False if it is the owner's.</returns>
    public bool Carry(in Event effect)
    {
        switch (effect.Kind)
        {
            case EventKind.HostChipCall:
                // The pin has done it.
                return true;
            case EventKind.HostResend:
                Irqs.Resend((int)effect.Index);
                return true;
            case EventKind.HostHardHandler:
                return RunHandler(HostHardHandler.Of(effect));
            case EventKind.HostThreadWoken:
                return RunThread(HostThreadWoken.Of(effect));
            case EventKind.VfioWork:
                RunWork(effect.Unit);
                return true;
            default:
                return false;
        }
    }

    private bool RunHandler(HostHardHandler its)
    {
        int owner = Irqs.OwnerOf(its.Line, its.Action) - 1;
        if (owner < 0)
            return false;
        // One that was freed between the interrupt and here has nothing to say.
        HandlerAnswer answer = _devices[owner].Action == its.Action + 1 ? Handle(owner) : HandlerAnswer.None;
        Irqs.Answer(its.Line, its.Action, answer, its.Cpu);
        return true;
    }

    private bool RunThread(HostThreadWoken its)
    {
        int owner = Irqs.OwnerOf(its.Line, its.Action) - 1;
        // Of an action that is gone, the wake-up is nobody's.
        if (owner < 0)
            return !Irqs.HasAction(its.Line, its.Action);
        if (!Irqs.ThreadStarted(its.Line, its.Action))
            return true;
        // The guest may have finished before the thread began to wait.
        if (_devices[owner].Action != its.Action + 1 || _devices[owner].Waits == 0)
            Irqs.ThreadEnded(its.Line, its.Action);
        return true;
    }

    /// <summary>An eventfd was written: if it unmasks or masks a device, that is done. Its count does not matter.</summary>
    public void EventFdWritten(int fd)
    {
        if (fd < 0 || !_eventFds.IsReadable(fd))
            return;
        bool drained = false;
        for (int device = 0; device < _devices.Count; device++)
        {
            ref VfioDeviceState its = ref _devices[device];
            bool unmasks = its.UnmaskFd == fd + 1, masks = its.MaskFd == fd + 1;
            if (!unmasks && !masks)
                continue;
            if (!drained)
                _eventFds.Drain(fd);
            drained = true;
            if (masks)
                Mask(device);
            if (unmasks)
                UnmaskByEventFd(device);
        }
    }

    /// <summary>When <see cref="Advance"/> next has something to do, in ns of virtual time; null for never.</summary>
    public long? NextDeadline
    {
        get
        {
            long next = long.MaxValue;
            for (int device = 0; device < _devices.Count; device++)
            {
                ref VfioDeviceState its = ref _devices[device];
                if (its is { Waits: not 0, Deadline: not 0 })
                    next = Math.Min(next, its.Deadline);
                if (its.StormDeadline != 0)
                    next = Math.Min(next, its.StormDeadline);
            }
            return next == long.MaxValue ? null : next;
        }
    }

    /// <summary>Time passes: waits for guests that take too long end, and the storm brake lets devices go.</summary>
    /// <param name="now">Virtual time in ns.</param>
    public void Advance(long now)
    {
        Events.Now = Math.Max(Events.Now, now);
        for (int device = 0; device < _devices.Count; device++)
        {
            ref VfioDeviceState its = ref _devices[device];
            if (its is { Waits: not 0, Deadline: not 0 } && its.Deadline <= Events.Now)
                Hold(device, ForwardEnd.Timeout);
            if (its.StormDeadline != 0 && its.StormDeadline <= Events.Now)
                LetGo(device, ref its);
        }
    }
}
