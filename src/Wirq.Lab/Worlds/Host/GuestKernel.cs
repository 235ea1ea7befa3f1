using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>The interrupt core of a machine's guest, above its chips.</summary>
/// <remarks>
/// A call to a chip is an access of the CPU: to an entry of an I/OAPIC, or an EOI. A flow handler holds the lock of the
/// descriptors while it calls the chip, and lets go of it while a hard handler runs. A thread is a transition of its own: it runs on
/// the CPU to which its line goes, while that runs no handler.
/// </remarks>
internal sealed class GuestKernel
{
    private const ulong SelfFixed = 1ul << 18;

    private readonly World _world;
    private readonly IrqKernelSpec _spec;
    private readonly Block<FlowState> _flows;
    private readonly Block<FlowLock> _lock;

    internal GuestKernel(World world, IrqKernelSpec spec, StateArena arena)
    {
        (_world, _spec) = (world, spec);
        Irqs = new HostIrqs(spec.Irqs, arena);
        Drivers = new IrqDrivers(world, spec, Irqs, isGuest: true, arena);
        _flows = arena.Reserve<FlowState>(world.Spec.Cpus);
        _lock = arena.Reserve<FlowLock>();
    }

    internal HostIrqs Irqs { get; }

    internal IrqDrivers Drivers { get; }

    internal EventBuffer Events => Irqs.Events;

    internal IrqKernelSpec Spec => _spec;

    /// <summary>The entries of the pins are written, masked, and the drivers request their lines.</summary>
    internal void Start()
    {
        foreach ((int line, GuestPin pin) in _spec.Pins.Index())
        {
            var entry = RedirectionEntry.Create(pin.Vector, IdOf(pin.Cpu), level: _spec.Irqs.Lines[line].IsLevel, masked: true);
            uint index = IoApic.EntryIndex(pin.Pin);
            _world.Registers.WriteIndexed(0, pin.IoApic, index + 1, entry.High);
            _world.Registers.WriteIndexed(0, pin.IoApic, index, entry.Low);
            Irqs.SetAffinity(line, pin.Cpu);
        }
        Events.Clear();
        Drivers.Start();
        CarryAll(cpu: 0);
    }

    /// <summary>Whether nobody calls a chip now.</summary>
    internal bool IsFree => _lock.Value.CpuAndOne == 0;

    /// <summary>Whether a CPU whose next step runs a flow handler can go on.</summary>
    internal bool CanStep(int cpu) => IsFree || _lock.Value.CpuAndOne == cpu + 1;

    /// <summary>A CPU goes on in the flow handler of a line.</summary>
    /// <returns>Whether it has ended.</returns>
    internal bool Step(int cpu, int line)
    {
        ref FlowState flow = ref _flows[cpu];
        switch (flow.Phase)
        {
            case FlowPhase.Begin:
                Irqs.Interrupt(line, cpu);
                flow.Phase = FlowPhase.Chip;
                break;
            case FlowPhase.Hard:
                Answer(line, flow.Action, cpu);
                flow.Phase = FlowPhase.Chip;
                break;
            default:
                CarryOne(cpu, ref flow);
                break;
        }
        if (Events.IsEmpty && flow is { Phase: FlowPhase.Chip, Resends: 1 })
        {
            flow.Resends = 0;
            Irqs.Resend(line);
        }
        _lock.Value.CpuAndOne = Events.IsEmpty ? 0 : (uint)cpu + 1;
        if (!Events.IsEmpty || flow.Phase != FlowPhase.Chip)
            return false;
        flow = default;
        return true;
    }

    private void Answer(int line, int action, int cpu)
    {
        HandlerAnswer answer = Drivers.Handle(line, action);
        _world.NoteOfGuest($"cpu{cpu}: the hard handler of {NameOf(line, action)} answers {answer}");
        Irqs.Answer(line, action, answer, cpu);
    }

    private void CarryOne(int cpu, ref FlowState flow)
    {
        if (!Events.TryTake(out Event next))
            return;
        switch (next.Kind)
        {
            case EventKind.HostHardHandler:
                (flow.Phase, flow.Action) = (FlowPhase.Hard, (ushort)HostHardHandler.Of(next).Action);
                break;
            case EventKind.HostResend:
                flow.Resends = 1;
                break;
            default:
                Carry(cpu, next);
                break;
        }
    }

    private void Carry(int cpu, in Event next)
    {
        if (next.Kind == EventKind.HostChipCall)
            Call(cpu, HostChipCall.Of(next));
        else if (next.Kind == EventKind.HostThreadWoken)
            Drivers.Woken(HostThreadWoken.Of(next).Line, HostThreadWoken.Of(next).Action);
        else if (next.Kind == EventKind.HostResend)
            // Linux does this in a tasklet.
            _world.Registers.WriteInterruptCommand(cpu, SelfFixed | _spec.Pins[(int)next.Index].Vector);
    }

    /// <summary>A thread goes on.</summary>
    internal void RunThread(int driver)
    {
        int cpu = CpuOfThread(driver);
        _world.NoteOfGuest($"cpu{cpu}: {Drivers.Describe(driver)}");
        Drivers.Run(driver);
        CarryAll(cpu);
    }

    /// <summary>The CPU on which a thread runs.</summary>
    internal int CpuOfThread(int driver) => Irqs.CpuOf(_spec.Drivers[driver].Line);

    /// <summary>A CPU carries out what a call made, under the lock.</summary>
    internal void CarryAll(int cpu)
    {
        while (Events.TryTake(out Event next))
            Carry(cpu, next);
    }

    private void Call(int cpu, HostChipCall its)
    {
        GuestPin pin = _spec.Pins[its.Line];
        _world.NoteOfGuest($"cpu{cpu}: {EventText.Describe(its.ToEvent()).Replace("host ", "", StringComparison.Ordinal)}");
        switch (its.Call)
        {
            case ChipCall.Mask or ChipCall.Disable:
                SetMask(cpu, pin, true);
                break;
            case ChipCall.Unmask or ChipCall.Enable:
                SetMask(cpu, pin, false);
                break;
            case ChipCall.MaskAck:
                SetMask(cpu, pin, true);
                _world.Registers.WriteLocalApic(cpu, ApicRegister.Eoi, 0);
                break;
            // A local APIC has one end, and no ack before it; a per-CPU flow calls both.
            case ChipCall.Ack when _spec.Irqs.Lines[its.Line].Flow == HostFlow.PerCpu:
                break;
            case ChipCall.Ack or ChipCall.Eoi:
                _world.Registers.WriteLocalApic(cpu, ApicRegister.Eoi, 0);
                break;
            case ChipCall.Retrigger:
                _world.Registers.WriteInterruptCommand(cpu, SelfFixed | pin.Vector);
                break;
            case ChipCall.Move:
                uint high = IoApic.EntryIndex(pin.Pin) + 1;
                _world.Registers.WriteIndexed(cpu, pin.IoApic, high, RedirectionEntry.Create(0, IdOf(its.Cpu)).High);
                break;
        }
    }

    private void SetMask(int cpu, GuestPin pin, bool masked)
    {
        uint index = IoApic.EntryIndex(pin.Pin);
        var entry = new RedirectionEntry(_world.Registers.ReadIndexed(cpu, pin.IoApic, index));
        _world.Registers.WriteIndexed(cpu, pin.IoApic, index, entry.WithMask(masked).Low);
    }

    private uint IdOf(int cpu) => (_world.Spec.Fabric.LocalApics.Ids?[cpu] ?? (uint)cpu) & 0x7FFF;

    private string NameOf(int line, int action)
    {
        DriverSpec[] ofLine = [.. _spec.Drivers.Where(driver => driver.Line == line)];
        return ofLine.Length == 1 ? ofLine[0].Name : $"action {action} of line {line}";
    }
}
