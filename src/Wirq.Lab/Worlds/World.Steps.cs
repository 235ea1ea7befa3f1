using System.Globalization;
using Wirq.Events;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <content>The actions of steps.</content>
public sealed partial class World
{
    private void Perform(Step step, int runningCpu)
    {
        if (step is not RepeatStep)
        {
            StepWatcher?.Invoke(step);
            if (runningCpu < 0)
                _at = step.At;
            Timeline.Add(step, Fabric.Now, ofScenario: runningCpu < 0);
            _outcome = default;
            // For steps of a handler, the code that runs the CPUs has already counted the check of all CPUs.
            if (runningCpu < 0)
                Spend(Worker.Scenario, StepWork.Of(step, Spec));
            else
                Spend(Worker.Cpus, StepWork.Of(step, Spec) - _workOfCpus);
        }
        switch (step)
        {
            case DeviceStep device:
                Do(device);
                break;
            case TimeStep time:
                if (runningCpu < 0)
                    BeginToPass(time.Nanoseconds);
                else
                    Pass(time.Nanoseconds);
                break;
            case RepeatStep repeat:
                Repeat(repeat, runningCpu);
                break;
            case SaveStep save:
                Save(save.Snapshot);
                break;
            case RestoreStep restore:
                Restore(restore.Snapshot, restore.Without);
                break;
            case UpdateStep update:
                Update(update);
                break;
            case ExpectStep expect:
                foreach (Failure failure in Expectations.Verify(this, expect.Checks, Math.Max(runningCpu, 0)))
                    Fail(failure.At, failure.Text);
                break;
            case KernelStep kernel:
                Do(kernel);
                break;
            case VfioStep vfio:
                Do(vfio);
                break;
            case DomainStep domain:
                if (Do(domain.Domain, 0, domain.Command) is { } differs)
                    Fail(domain.At, $"{domain.Text}: {differs}");
                break;
            case CpuStep cpu when IsPolling(cpu.Cpu >= 0 ? cpu.Cpu : runningCpu) && cpu.Command is not XenCommand { Action: XenAction.EndPoll }:
                Fail(cpu.At, $"{step.Text}: the CPU waits in SCHEDOP_poll, and can do nothing");
                break;
            case CpuStep cpu:
                int actor = cpu.Cpu >= 0 ? cpu.Cpu : runningCpu;
                _design?.GoesOn(this, actor);
                if (Do(actor, cpu.Command) is { } wrong)
                    Fail(cpu.At, wrong);
                Lock(actor, cpu.Lock);
                break;
        }
        if (_outcome.Kind != StepOutcomeKind.None)
            Timeline.Add(_outcome);
        _outcome = default;
    }

    private void Repeat(RepeatStep repeat, int cpu)
    {
        // An empty repetition takes time too.
        if (repeat.Steps.Count == 0)
            Spend(Worker.Cpus, repeat.Times);
        for (int i = 0; i < repeat.Times; i++)
        {
            foreach (Step inner in repeat.Steps)
                Perform(inner, cpu);
        }
    }

    /// <summary>A handler lets virtual time pass, and everything that is due happens. The other CPUs do nothing in that
    /// time.</summary>
    private void Pass(long nanoseconds)
    {
        long end = Fabric.Now + nanoseconds;
        for (bool first = true; Fabric.Now < end; first = false)
        {
            // The step itself is already counted.
            if (!first)
                Spend(Worker.Timers, 1 + _workOfCpus);
            PassOn(end);
            Drain();
        }
    }

    /// <summary>Performs a command of a CPU.</summary>
    /// <returns>A difference from the scenario, or null.</returns>
    private string? Do(int cpu, CpuCommand command)
    {
        if (_xen is not null && command is not EnterCommand && EntersFabric(command))
            _xen.LeftGuest(cpu);
        switch (command)
        {
            case XenCommand call:
                return Do(place: 0, cpu, call) is { } wrong ? $"cpu{cpu}: {wrong}" : null;
            case UpcallCommand:
                _xen!.Handle(cpu, wholly: true);
                return null;
            case EnterCommand:
                _xen!.Enter(cpu);
                return null;
            case WriteCommand write:
                return Faulted(!Registers.Write(cpu, write.Register, write.Value.Bits), write.Faults, $"the write of {write.Register.Text}");
            case ReadCommand read:
                return Read(cpu, read);
            case ChangeCommand change:
                if (!Registers.Read(cpu, change.Register, out ulong old))
                    return Faulted(true, false, $"the read of {change.Register.Text}");
                return Faulted(!Registers.Write(cpu, change.Register, change.Value.Over(old)), false, $"the write of {change.Register.Text}");
            case LoadCommand load:
                bool loaded = Registers.Read(cpu, load.Register, out ulong latch);
                _state.Value.Latch = (uint)latch;
                return Faulted(!loaded, false, $"the read of {load.Register.Text}");
            case StoreCommand store:
                return Faulted(!Registers.Write(cpu, store.Register, store.Value.Over(_state.Value.Latch)), false, $"the write of {store.Register.Text}");
            case EoiCommand:
                return Faulted(!Registers.WriteLocalApic(cpu, ApicRegister.Eoi, 0), false, "the EOI");
            case AccessCommand access:
                Accessed(access.Device);
                return null;
            case IrqCommand when !_guest!.CanStep(cpu):
                return $"cpu{cpu}: another CPU runs a flow handler, and holds the lock";
            case IrqCommand irq:
                while (!_guest!.Step(cpu, irq.Line))
                    Spend(Worker.Cpus, 1);
                return null;
            case ServeCommand serve:
                Accessed(serve.Device);
                Serve(serve.Device);
                return null;
            case MaskCommand mask:
                uint index = IoApic.EntryIndex(mask.Pin);
                RedirectionEntry entry = new(Registers.ReadIndexed(cpu, mask.IoApic, index));
                Registers.WriteIndexed(cpu, mask.IoApic, index, entry.WithMask(mask.Masked).Low);
                return null;
            case MigrateCommand migrate:
                Migrate(cpu, migrate);
                return null;
            case IpiCommand ipi:
                return Faulted(!Registers.WriteInterruptCommand(cpu, ipi.InterruptCommand), false, "the write of the ICR");
            case InterruptsCommand interrupts:
                SetInterrupts(cpu, interrupts.On);
                return null;
            case TakeCommand take:
                return Take(cpu, take.Vector);
            case IntaCommand inta:
                return Inta(cpu, inta.Vector);
            case MaskIrqCommand mask:
                MaskIrq(cpu, mask);
                return null;
            case IrteCommand irte:
                _driver!.Write(cpu, irte);
                return null;
            case InvalidateCommand invalidate:
                _driver!.Invalidate(cpu, invalidate);
                return null;
            case RemappingCommand remapping:
                _driver!.Command(cpu, remapping.Command, remapping.On);
                return null;
            case PicEoiCommand eoi:
                PicEoi(cpu, eoi);
                return null;
            default:
                throw new WorldException($"no CPU can do {command.GetType().Name}");
        }
    }

    private string? Read(int cpu, ReadCommand read)
    {
        bool faulted = !Registers.Read(cpu, read.Register, out ulong value);
        if (!faulted)
            _outcome = new StepOutcome(StepOutcomeKind.Found, value);
        if (Faulted(faulted, read.Faults, $"the read of {read.Register.Text}") is { } failure)
            return failure;
        return !faulted && read.Is is { } expected && !expected.Matches(value)
            ? Expectations.Differs(read.Register, expected, value) : null;
    }

    private string? Faulted(bool faulted, bool expected, string what)
    {
        if (faulted)
            _outcome = new StepOutcome(StepOutcomeKind.Faulted);
        return (faulted, expected) switch
        {
            (true, false) => $"{what} took #GP",
            (false, true) => $"{what} should have taken #GP",
            _ => null,
        };
    }

    private void Migrate(int cpu, MigrateCommand migrate)
    {
        uint index = IoApic.EntryIndex(migrate.Pin);
        RedirectionEntry entry = RedirectionEntry.Create(0, migrate.To & 0x7FFF);
        Registers.WriteIndexed(cpu, migrate.IoApic, index + 1, entry.High);
        if (migrate.Vector < 0)
            return;
        var field = new RegisterValue((uint)migrate.Vector, 0xFF);
        Registers.WriteIndexed(cpu, migrate.IoApic, index, (uint)field.Over(Registers.ReadIndexed(cpu, migrate.IoApic, index)));
    }

    private string? Take(int cpu, int expected)
    {
        int vector = TakeNow(cpu, _cpuPort.Take);
        _outcome = vector < 0 ? new StepOutcome(StepOutcomeKind.NothingTaken) : new StepOutcome(StepOutcomeKind.Taken, (ulong)vector);
        return expected switch
        {
            -1 => vector >= 0 ? null : $"cpu{cpu} had no interrupt to take",
            -2 => vector < 0 ? null : string.Create(CultureInfo.InvariantCulture, $"cpu{cpu} took 0x{vector:x2}, and should have had none to take"),
            _ => vector == expected ? null : string.Create(CultureInfo.InvariantCulture,
                $"cpu{cpu} took {(vector < 0 ? "nothing" : $"0x{vector:x2}")}, and should have taken 0x{expected:x2}"),
        };
    }

    /// <summary>A CPU takes an interrupt, with interrupts turned on for it if they are off, and returns from it at
    /// once.</summary>
    private int TakeNow(int cpu, Func<int, int> take)
    {
        bool off = _cpus[cpu].Interrupts == 0;
        if (off)
            _cpuPort.SetInterrupts(cpu, on: true);
        int vector = take(cpu);
        if (vector >= 0)
        {
            Journal.NoteTaken(cpu, (byte)vector);
            _cpuPort.Return(cpu);
        }
        if (off)
            _cpuPort.SetInterrupts(cpu, on: false);
        return vector;
    }

    private string? Inta(int cpu, int expected)
    {
        if (Fabric.Pic is null)
            return "the machine has no 8259";
        if (Spec.Kernel == KernelModel.Full)
            return "the kernel has the 8259s, and runs the INTA cycle when the CPU takes the interrupt";
        int vector = TakeNow(cpu, _cpuPort.Inta);
        _outcome = new StepOutcome(StepOutcomeKind.Given, (ulong)vector);
        return expected < 0 || vector == expected ? null : string.Create(CultureInfo.InvariantCulture,
            $"the INTA cycle returned 0x{vector:x2}, and should have returned 0x{expected:x2}");
    }

    // The input of the master that the slave drives.
    private const uint Cascade = 2;

    private void MaskIrq(int cpu, MaskIrqCommand command)
    {
        ushort port = command.Irq < 8 ? PicPair.MasterData : PicPair.SlaveData;
        uint bit = 1u << (command.Irq & 7);
        _cpuPort.TryReadPort(cpu, port, 1, out uint mask);
        _cpuPort.TryWritePort(cpu, port, 1, command.Masked ? mask | bit : mask & ~bit);
        // An IRQ of the slave reaches the CPU through IR2 of the master (8259A, "Cascade Mode").
        if (command is { Irq: >= 8, Masked: false } && _cpuPort.TryReadPort(cpu, PicPair.MasterData, 1, out uint master)
            && (master & 1u << (int)Cascade) != 0)
            _cpuPort.TryWritePort(cpu, PicPair.MasterData, 1, master & ~(1u << (int)Cascade));
    }

    private void PicEoi(int cpu, PicEoiCommand command)
    {
        const uint nonSpecific = 0x20, specific = 0x60;
        if (command.Irq < 0)
        {
            if (command.Slave)
                _cpuPort.TryWritePort(cpu, PicPair.SlaveCommand, 1, nonSpecific);
            _cpuPort.TryWritePort(cpu, PicPair.MasterCommand, 1, nonSpecific);
            return;
        }
        if (command.Irq >= 8)
            _cpuPort.TryWritePort(cpu, PicPair.SlaveCommand, 1, specific | (uint)(command.Irq - 8));
        _cpuPort.TryWritePort(cpu, PicPair.MasterCommand, 1, specific | (command.Irq >= 8 ? Cascade : (uint)command.Irq));
    }
}
