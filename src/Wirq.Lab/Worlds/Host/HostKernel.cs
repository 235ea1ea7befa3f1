using System.Buffers.Binary;
using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Lab.Kernels;
using Wirq.Lab.Scenarios;
using Wirq.Routing;
using Wirq.State;
using Wirq.Vfio;

namespace Wirq.Lab.Worlds;

/// <summary>The host below a world's machine: its interrupt core, VFIO above it, its own drivers, and the process that passes
/// devices on.</summary>
/// <remarks>It is another kernel on other CPUs: its queue is its own, and what it does is no part of any step of the machine. An
/// eventfd is where both meet. The unmask eventfd works where it is written.</remarks>
internal sealed partial class HostKernel : IVfioEventFds
{
    private readonly World _world;
    private readonly IrqKernelSpec _spec;
    private readonly SimulatedEventFds? _eventFds;
    private readonly int[] _deviceOf, _passedOf;
    private readonly Block<PassedState> _passed;
    private readonly EventFd[] _named;

    internal HostKernel(World world, IrqKernelSpec spec, StateArena arena)
    {
        (_world, _spec) = (world, spec);
        _eventFds = world.Host?.EventFds;
        _passedOf = new int[world.Spec.Devices.Count];
        Array.Fill(_passedOf, -1);
        _deviceOf = [.. world.Spec.Devices.Index().Where(device => device.Item.Vfio is not null).Select(device => device.Index)];
        foreach ((int passed, int device) in _deviceOf.Index())
            _passedOf[device] = passed;
        if (_deviceOf.Length > 0)
        {
            Vfio = new VfioHost(new VfioOptions { Irqs = spec.Irqs, Devices = [.. _deviceOf.Select(device => world.Spec.Devices[device].Vfio!.Options)] }, this, arena);
            Irqs = Vfio.Irqs;
            _eventFds!.Woken = Written;
        }
        else
            Irqs = new HostIrqs(spec.Irqs, arena);
        Events.Observing = true;
        Drivers = new IrqDrivers(world, spec, Irqs, isGuest: false, arena);
        _passed = arena.Reserve<PassedState>(Math.Max(1, _deviceOf.Length));
        Counts = new HostCounts(world.Scenario, spec.Irqs.Lines.Count, world.Spec.Devices.Count, arena);
        _named = new EventFd[spec.EventFds.Count];
    }

    /// <summary>VFIO; null if no device is passed on.</summary>
    internal VfioHost? Vfio { get; }

    /// <summary>The interrupt core.</summary>
    internal HostIrqs Irqs { get; }

    /// <summary>The host's own drivers.</summary>
    internal IrqDrivers Drivers { get; }

    /// <summary>What expectations count.</summary>
    internal HostCounts Counts { get; }

    /// <summary>The queue.</summary>
    internal EventBuffer Events => Irqs.Events;

    /// <summary>The place of a device among those that are passed on; -1 for another one.</summary>
    internal int PassedOf(int device) => _passedOf[device];

    /// <summary>The device at a place among those that are passed on.</summary>
    internal int DeviceOf(int passed) => _deviceOf[passed];

    internal IrqKernelSpec Spec => _spec;

    /// <summary>Drivers request their lines, and the process enables the interrupts of its devices.</summary>
    internal void Start()
    {
        for (int name = 0; name < _named.Length; name++)
            _named[name] = _eventFds!.Create();
        Drivers.Start();
        for (int passed = 0; passed < _deviceOf.Length; passed++)
            Enable(passed);
    }

    /// <summary>The process enables the interrupts of a device, and registers the way back.</summary>
    internal void Enable(int passed)
    {
        DeviceSpec spec = _world.Spec.Devices[_deviceOf[passed]];
        IReadOnlyList<DeviceVirq> virqs = _world.VirqsOf(_deviceOf[passed]);
        bool hasLine = spec.Gsi >= 0;
        VfioIrqIndex index = hasLine ? VfioIrqIndex.Intx : spec.Vfio!.Options.MsixVectors > 0 ? VfioIrqIndex.Msix : VfioIrqIndex.Msi;
        Set(passed, index, VfioIrqSetBits.ActionTrigger, [.. virqs.Select(virq => virq.Trigger.Number)]);
        if (hasLine && spec.Vfio!.Back == UnmaskWay.EventFd)
            Set(passed, index, VfioIrqSetBits.ActionUnmask, [virqs[0].Resample.Number]);
    }

    private void Set(int passed, VfioIrqIndex index, VfioIrqSetBits action, int[] fds)
    {
        byte[] data = DataOf(fds);
        var set = new VfioIrqSet((uint)(VfioIrqSet.Size + data.Length), VfioIrqSetBits.DataEventFd | action, (uint)index, 0, (uint)fds.Length);
        int answer = Vfio!.SetIrqs(passed, set, data);
        if (answer != 0)
            throw new WorldException($"VFIO answers {answer} to the process that enables {_world.Spec.Devices[_deviceOf[passed]].Name}") { IsOutcome = true };
    }

    private static byte[] DataOf(int[] fds)
    {
        var data = new byte[fds.Length * sizeof(int)];
        for (int i = 0; i < fds.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(i * sizeof(int)), fds[i]);
        return data;
    }

    /// <summary>The process makes the call of a step.</summary>
    internal int Set(int passed, VfioStep step)
    {
        int device = _deviceOf[passed];
        byte[] data = step.Fds.Count > 0 ? DataOf([.. step.Fds.Select(fd => FdOf(fd, device).Number)]) : [.. step.Bools];
        if ((step.Set.Flags & (VfioIrqSetBits.ActionUnmask | VfioIrqSetBits.DataEventFd)) == VfioIrqSetBits.ActionUnmask && step.Set.Index == (uint)VfioIrqIndex.Intx)
            CountUnmask(device);
        return Vfio!.SetIrqs(passed, step.Set with { ArgumentSize = (uint)(VfioIrqSet.Size + data.Length) }, data);
    }

    // --- what happens by itself

    /// <summary>Whether something waits in the queue.</summary>
    internal bool HasEffect => Events.Count > 0;

    /// <summary>The first line from one on that would interrupt its CPU; -1 for none.</summary>
    internal int NextWanting(int from)
    {
        for (int line = from; line < _spec.Irqs.Lines.Count; line++)
        {
            if (Irqs.Wants(line))
                return line;
        }
        return -1;
    }

    /// <summary>A line interrupts its CPU.</summary>
    internal void Deliver(int line)
    {
        if (Irqs.Deliver(line))
            Counts.Note(HostWord.Entries, line);
    }

    /// <summary>Carries out the next effect.</summary>
    internal void CarryNext()
    {
        if (!Events.TryTake(out Event next) || _world.InterceptedByDesign(next))
            return;
        _world.Observe(next);
        if (!next.IsEffect)
            return;
        Carry(next);
        _world.AfterHost(next);
    }

    private void Carry(in Event next)
    {
        if (Vfio?.Carry(next) == true)
            return;
        switch (next.Kind)
        {
            case EventKind.VfioSignalled:
                Signal(VfioSignalled.Of(next));
                break;
            case EventKind.HostHardHandler when HostHardHandler.Of(next) is var its:
                Irqs.Answer(its.Line, its.Action, Drivers.Handle(its.Line, its.Action), its.Cpu);
                break;
            case EventKind.HostThreadWoken when HostThreadWoken.Of(next) is var its:
                Drivers.Woken(its.Line, its.Action);
                break;
            case EventKind.HostResend:
                Irqs.Resend((int)next.Index);
                break;
        }
    }

    private void Signal(VfioSignalled its)
    {
        Counts.Note(HostWord.Signals, _deviceOf[its.Device]);
        // Only who waits for an access asks.
        if (_world.Spec.Devices[_deviceOf[its.Device]].Vfio!.Back == UnmaskWay.Access)
            _passed[its.Device].IsPending = 1;
        _eventFds!.WriteByDevice(new EventFd(its.EventFd));
    }

    // --- time

    internal long NextDeadline => Vfio?.NextDeadline ?? long.MaxValue;

    internal void Advance(long now)
    {
        Events.Now = now;
        Vfio?.Advance(now);
    }
}
