using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <content>Actors whose steps may come in any order: what each of them waits for.</content>
/// <remarks>
/// <para>A call whose completion is architectural returns after its effects have run, as in
/// <see cref="Wirq.Host.FabricHost"/>: an actor that masks a virq, and a CPU that accesses a chip of the fabric, do
/// nothing before everything that was in the queue then has been carried out. A device that raises its line, or
/// writes an eventfd, does not wait.</para>
/// <para>A CPU does one thing at a time. A script's step of a CPU waits while the CPU is in a handler, and a CPU that left
/// its guest for an EOI waits until userspace has the report.</para>
/// <para>A guest changes a register that its CPUs share in several accesses, under one lock of the guest, with interrupts
/// off. Each access is one transition. Devices and other calls may come in between; another CPU's accesses of that kind
/// may not.</para>
/// <para>A live update stops the CPUs when each has returned from its last access. The calls of
/// <see cref="Wirq.Host.FabricHost"/> complete: to suspend, to save, to restore, to resume. From the snapshot on, the VMM's own threads
/// make no call and its timers stand still, until the machine goes on; an eventfd is written at any time.</para>
/// </remarks>
public sealed partial class World
{
    // By script, then by CPU.
    private readonly Block<WaitState> _waits;

    private ref int WaitOfCpu(int cpu) => ref _waits[_scripts.Count + cpu].Events;

    /// <summary>Whether a script whose turn has come may do its next step.</summary>
    private bool MayGoOn(int script, bool isQuiet)
    {
        Step? next = NextStep(script);
        if (!IsConcurrent)
            return isQuiet || !NeedsRest(next);
        if (next is UpdateStep update && script > 0)
            return _waits[script].Events == 0 && MayUpdate(update);
        // What prepares the machine, and what judges it at the end, is no part of the race.
        if (NeedsRest(next) || script == 0 || script == _scripts.Count - 1)
            return isQuiet;
        return _waits[script].Events == 0 && next switch
        {
            CpuStep step => IsFree(step),
            DeviceStep step => IsFree(step),
            KernelStep step => IsFree(step),
            VfioStep => !IsHandedOver,
            _ => true,
        };
    }

    private bool IsFree(CpuStep step) => !IsUpdating && _cpus[step.Cpu].Depth == 0 && !IsHeld(step.Cpu) && !IsLockedOut(step.Cpu, step)
        && !LooksFirst(step.Cpu) && (step.Command is not IrqCommand || IsGuestFree) && (!IsPolling(step.Cpu) || step.Command is XenCommand { Action: XenAction.EndPoll });

    /// <summary>Whether a CPU waits for the end of its last access, or for the report of its EOI.</summary>
    private bool IsHeld(int cpu) => WaitOfCpu(cpu) > 0 || _host?.Kernel is { } kernel && kernel.TryFindExit(cpu, out int left) && left == cpu;

    /// <summary>Whether another CPU holds the lock that a step takes.</summary>
    private bool IsLockedOut(int cpu, CpuStep step) =>
        step.Lock.HasFlag(LockUse.Take) && _state.Value.LockedByAndOne is var holder && holder != 0 && holder != cpu + 1;

    private bool IsHeldInHandler(int cpu)
    {
        if (IsHeld(cpu))
            return true;
        if (_state.Value.LockedByAndOne == 0 || _cpus[cpu].Depth == 0 || WouldTake(cpu))
            return false;
        Frame frame = _cpus[cpu].Frames[(int)_cpus[cpu].Depth - 1];
        if (frame.Handler == 0)
            return false;
        IReadOnlyList<Step> steps = Scenario.Handlers[frame.Handler - 1].Turns[frame.Turn];
        return frame.Step < steps.Count && steps[frame.Step] is CpuStep step && IsLockedOut(step.Cpu >= 0 ? step.Cpu : cpu, step);
    }

    private void Lock(int cpu, LockUse use)
    {
        if (use.HasFlag(LockUse.Take))
            _state.Value.LockedByAndOne = cpu + 1;
        if (use.HasFlag(LockUse.Release))
            (_state.Value.LockedByAndOne, _state.Value.Latch) = (0, 0);
    }

    /// <summary>An actor performed a step, and waits until its call returns.</summary>
    private void WaitAfter(int script, Step step)
    {
        if (!IsConcurrent)
            return;
        switch (step)
        {
            case CpuStep cpu when EntersFabric(cpu.Command):
                WaitOfCpu(cpu.Cpu) = Waiting;
                break;
            case DomainStep:
                _waits[script].Events = Waiting;
                break;
            case DeviceStep { Action: DeviceAction.Mask or DeviceAction.Unmask or DeviceAction.Message or DeviceAction.Remove }:
                _waits[script].Events = Waiting;
                break;
            case UpdateStep { Part: var part } when InOrder(part) is UpdatePart.Suspend or UpdatePart.Resume:
                _waits[script].Events = Waiting;
                break;
        }
    }

    /// <summary>A CPU took an interrupt, or did a step of its handler.</summary>
    private void WaitAfter(int cpu, CpuCommand? command)
    {
        if (IsConcurrent && (command is null ? _host?.Kernel is null : EntersFabric(command)))
            WaitOfCpu(cpu) = Waiting;
    }

    /// <summary>A CPU reported its EOI.</summary>
    private void WaitAfterExit(int cpu)
    {
        if (IsConcurrent)
            WaitOfCpu(cpu) = Waiting;
    }

    /// <summary>How many events leave the queue before everything in it has been carried out.</summary>
    private int Waiting => Fabric.Events.Count + (Fabric.Carrier.InFlight ? 1 : 0);

    /// <summary>Whether a command is an access that leaves its guest. A local APIC in a kernel answers at once.</summary>
    private bool EntersFabric(CpuCommand command) => command switch
    {
        InterruptsCommand or ServeCommand or UpcallCommand or AccessCommand => false,
        EoiCommand or IpiCommand or TakeCommand => _host?.Kernel is null,
        WriteCommand write => EntersFabric(write.Register),
        ReadCommand read => EntersFabric(read.Register),
        ChangeCommand change => EntersFabric(change.Register),
        _ => true,
    };

    private bool EntersFabric(RegisterName register) =>
        register.Kind != RegisterKind.Xen && _host?.Kernel is null || register.Kind is not (RegisterKind.LocalApic or RegisterKind.Msr or RegisterKind.Cr8);

    /// <summary>An event has left the queue, and its effect was carried out.</summary>
    private void CarriedOut()
    {
        if (!IsConcurrent)
            return;
        if (Waiting == 0)
        {
            _waits.Span.Clear();
            return;
        }
        foreach (ref WaitState wait in _waits.Span)
        {
            if (wait.Events > 0)
                wait.Events--;
        }
    }

    /// <summary>A transition in words: who does what.</summary>
    public string Describe(Transition transition)
    {
        if (transition.Kind != TransitionKind.Script)
            return transition.ToString();
        return NextStep(transition.Index) is { } step ? step.Text
            : $"{(_scripts[transition.Index].Name is { Length: > 0 } name ? name : "the scenario")} goes on";
    }
}
