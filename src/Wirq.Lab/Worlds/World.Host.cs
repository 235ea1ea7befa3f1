using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Scenarios.Reading;
using Wirq.Vfio;

namespace Wirq.Lab.Worlds;

/// <content>The host below the machine, whose devices are passed to it, and the interrupt core of the guest's kernel.</content>
public sealed partial class World
{
    private readonly HostKernel? _below;
    private readonly GuestKernel? _guest;

    internal HostKernel? Below => _below;

    internal GuestKernel? Guest => _guest;

    /// <summary>Whether a device needs service.</summary>
    internal bool Wants(int device) => _devices[device].Wants != 0;

    /// <summary>Whether a device's interrupt goes to the host first.</summary>
    private bool IsBelow(int device) => _below is not null && (Spec.Devices[device].HostLine >= 0 || Spec.Devices[device].Vfio is not null);

    /// <summary>The guest accesses a device: a VMM that listens hears it.</summary>
    internal void Accessed(int device)
    {
        if (!IsBelow(device))
            return;
        if (_design?.Accessed(this, device) != true)
            _below!.Accessed(device);
    }

    /// <summary>Whether a historic design does something else than to unmask at the acknowledge.</summary>
    internal bool DesignKeeps(int device) => _design?.KeepsMasked(this, device) == true;

    /// <summary>Whether a historic design drops an effect of the host.</summary>
    internal bool InterceptedByDesign(in Event next) => _design?.InterceptsHost(this, next) == true;

    /// <summary>An effect of the host was carried out.</summary>
    internal void AfterHost(in Event done) => _design?.AfterHost(this, done);

    /// <summary>The kernel of the host would crash under a historic design. The world goes on.</summary>
    internal void Crash(string how) => Fail(_at, how);

    /// <summary>The VMM raises the line of a device again.</summary>
    internal void HoldUp(int device) => _sources[device]?.Raise();

    internal void NoteOfGuest(string text) => Timeline.Add(text, Fabric.Now);

    // --- transitions

    /// <summary>Adds what the host can do.</summary>
    private void AddHost(List<Transition> next)
    {
        if (_below is null)
            return;
        if (_below.HasEffect)
            next.Add(new Transition(TransitionKind.Host));
        for (int line = _below.NextWanting(0); line >= 0; line = _below.NextWanting(line + 1))
            next.Add(new Transition(TransitionKind.HostLine, line));
        for (int driver = _below.Drivers.NextThread(0); driver >= 0; driver = _below.Drivers.NextThread(driver + 1))
            next.Add(new Transition(TransitionKind.HostThread, driver));
    }

    /// <summary>The next transition of the host in the usual order: its queue first.</summary>
    private bool TryNextOfHost(out Transition next)
    {
        next = default;
        if (_below is null)
            return false;
        if (_below.HasEffect)
            next = new Transition(TransitionKind.Host);
        else if (_below.NextWanting(0) is >= 0 and var line)
            next = new Transition(TransitionKind.HostLine, line);
        else if (_below.Drivers.NextThread(0) is >= 0 and var driver)
            next = new Transition(TransitionKind.HostThread, driver);
        else
            return false;
        return true;
    }

    /// <summary>Adds the threads of the guest that can go on.</summary>
    private void AddThreads(List<Transition> next)
    {
        for (int driver = NextThread(0); driver >= 0; driver = NextThread(driver + 1))
            next.Add(new Transition(TransitionKind.GuestThread, driver));
    }

    /// <summary>The first thread of the guest from one on that can go on; -1 for none.</summary>
    internal int NextThread(int from)
    {
        if (_guest is null || IsUpdating || !_guest.IsFree || _state.Value.LockedByAndOne != 0)
            return -1;
        for (int driver = _guest.Drivers.NextThread(from); driver >= 0; driver = _guest.Drivers.NextThread(driver + 1))
        {
            int cpu = _guest.CpuOfThread(driver);
            if (_cpus[cpu].Depth == 0 && !(IsConcurrent && IsHeld(cpu)))
                return driver;
        }
        return -1;
    }

    private bool HasThreadWork => _guest is not null && _guest.Drivers.NextThread(0) >= 0;

    /// <summary>Whether a CPU's next step runs a flow handler that has to wait for another one.</summary>
    private bool IsFlowHeld(int cpu) => _guest is not null && _cpus[cpu].Depth > 0 && !WouldTake(cpu) && NextOfHandler(cpu) switch
    {
        CpuStep { Command: IrqCommand } => !(_guest.CanStep(cpu) && _state.Value.LockedByAndOne == 0),
        KernelStep { OfGuest: true } => !IsGuestFree,
        _ => false,
    };

    /// <summary>Whether nobody changes the guest's descriptors or chips.</summary>
    private bool IsGuestFree => _guest!.IsFree && _state.Value.LockedByAndOne == 0;

    private void DoHost(Transition transition)
    {
        _state.Value.IsStirred = 1;
        switch (transition.Kind)
        {
            case TransitionKind.Host:
                _below!.CarryNext();
                break;
            case TransitionKind.HostLine:
                Spend(Worker.Host, 1);
                _below!.Deliver(transition.Index);
                break;
            case TransitionKind.HostThread:
                Spend(Worker.Host, 1);
                _below!.Drivers.Run(transition.Index);
                break;
            default:
                Spend(Worker.Cpus, 1);
                int cpu = _guest!.CpuOfThread(transition.Index);
                _guest.RunThread(transition.Index);
                if (IsConcurrent)
                    WaitOfCpu(cpu) = Waiting;
                break;
        }
    }

    /// <summary>A CPU goes on in a flow handler of its guest.</summary>
    /// <returns>Whether it has ended.</returns>
    private bool StepFlow(int cpu, Step step, int line)
    {
        StepWatcher?.Invoke(step);
        Spend(Worker.Cpus, 1);
        bool ended = _guest!.Step(cpu, line);
        WaitAfter(cpu, new IrqCommand(line));
        return ended;
    }

    // --- state

    /// <summary>A hash of a machine's state, and of what waits in the queues of the host and of the guest's kernel.</summary>
    private UInt128 WithQueues(UInt128 machine)
    {
        if (_below is not null)
            machine = _below.Events.HashAfter(machine, Fabric.Now, static (waiting, now) => waiting with { Time = 0 });
        return _guest is null ? machine : _guest.Events.HashAfter(machine, Fabric.Now, static (waiting, now) => waiting with { Time = 0 });
    }

    private void CopyQueues(World other)
    {
        _below?.Events.CopyFrom(other._below!.Events);
        _guest?.Events.CopyFrom(other._guest!.Events);
    }

    private int PackedQueues => PackedMostOf(_below?.Events) + PackedMostOf(_guest?.Events);

    private static int PackedMostOf(EventBuffer? events) => events is null ? 0 : sizeof(ushort) + events.Count * Unsafe.SizeOf<Event>();

    private static void PackQueue(EventBuffer? events, Span<byte> into, ref int at)
    {
        if (events is null)
            return;
        Put(into, ref at, checked((ushort)events.Count));
        for (int i = 0; i < events.Count; i++)
            Put(into, ref at, events.Peek(i));
    }

    private void UnpackQueue(EventBuffer? events, ReadOnlySpan<byte> packed, ref int at)
    {
        if (events is null)
            return;
        events.Clear();
        events.Now = Fabric.Now;
        for (int left = Get<ushort>(packed, ref at); left > 0; left--)
            events.Restore(Get<Event>(packed, ref at));
    }

    /// <summary>The value of a word about a kernel or a passed device.</summary>
    internal ulong ReadHost(RegisterName register)
    {
        bool ofGuest = (register.Number & RegisterReader.OfGuest) != 0;
        int which = (int)(register.Number & ~RegisterReader.OfGuest);
        HostIrqs? irqs = ofGuest ? _guest!.Irqs : _below?.Irqs;
        VfioHost? vfio = _below?.Vfio;
        return (HostWord)register.Unit switch
        {
            HostWord.Masked => One(irqs!.IsMasked(which)),
            HostWord.Disabled => One(irqs!.IsDisabled(which)),
            HostWord.Depth => (ulong)irqs!.DepthOf(which),
            HostWord.Pending => One(irqs!.IsPending(which)),
            HostWord.InProgress => One(irqs!.IsInProgress(which)),
            HostWord.Threads => irqs!.ThreadsOf(which),
            HostWord.Cpu => (ulong)irqs!.CpuOf(which),
            HostWord.NobodyCared => One(irqs!.IsSpuriousDisabled(which)),
            HostWord.VfioMasked => One(vfio!.IsMasked(_below!.PassedOf(which))),
            HostWord.Waiting => One(vfio!.IsWaiting(_below!.PassedOf(which))),
            HostWord.IntxDisabled => One(vfio!.HasIntxDisabled(_below!.PassedOf(which))),
            HostWord.Asserts => One(Wants(which)),
            HostWord.EventFd => _below!.CountOf(_below.FdOf(which, 0)),
            var counted => _below!.Counts.Of(counted, which),
        };
    }

    private static ulong One(bool set) => set ? 1u : 0;
}
