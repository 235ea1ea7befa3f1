using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <content>The CPUs: state machines that take one step at a time.</content>
public sealed partial class World
{
    private readonly Block<CpuState> _cpus;
    private readonly Block<TurnState> _turns;

    /// <summary>Whether a CPU can do a step: it is in a handler or would take an interrupt, and waits for
    /// nothing.</summary>
    public bool CanStep(int cpu) => !IsUpdating && HasWork(cpu) && !(IsConcurrent && IsHeldInHandler(cpu)) && !IsFlowHeld(cpu) && !(IsPolling(cpu) && !WouldTake(cpu));

    private bool HasWork(int cpu) => _cpus[cpu].Depth > 0 || WouldTake(cpu) || LooksFirst(cpu);

    /// <summary>One step of a CPU: it takes an interrupt, does the next step of its handler, or returns from
    /// it.</summary>
    private void StepCpu(int cpu)
    {
        ref CpuState state = ref _cpus[cpu];
        _design?.GoesOn(this, cpu);
        if (LooksFirst(cpu))
            EnterGuest(cpu);
        else if (WouldTake(cpu))
            Enter(cpu, ref state);
        else
            RunFrame(cpu, ref state);
    }

    /// <summary>Whether a CPU takes an interrupt next.</summary>
    internal bool WouldTake(int cpu) =>
        _cpus[cpu].Interrupts != 0 && _state.Value.LockedByAndOne != cpu + 1 && _cpuPort.HasInterrupt(cpu);

    private void SetInterrupts(int cpu, bool on)
    {
        _cpuPort.SetInterrupts(cpu, on);
        _cpus[cpu].Interrupts = on ? 1u : 0;
    }

    private void Enter(int cpu, ref CpuState state)
    {
        Spend(Worker.Cpus, 1);
        if (_xen is not null)
        {
            _xen.Enter(cpu);
            _xen.EndPoll(cpu);
            if (!_cpuPort.HasInterrupt(cpu))
                return;
        }
        int before = Fabric.Events.Count;
        int vector = _cpuPort.Take(cpu);
        WaitAfter(cpu, command: null);
        if (vector < 0)
            return;
        Journal.NoteTaken(cpu, (byte)vector);
        (Origin origin, LastResort end) = SourceOfLastTaken(cpu, vector, before);
        int handler = FindHandler(cpu, vector);
        var taken = new InterruptTaken(cpu, (byte)vector, origin, handler);
        _watch.Note(taken);
        if (state.Depth == CpuState.MaxDepth)
            throw new WorldException($"cpu{cpu} nests handlers deeper than {CpuState.MaxDepth}, the last for 0x{vector:x2}: {_watch.StormOf(taken).Cause}") { IsOutcome = true };
        if (handler < 0 && !Scenario.IgnoresUnhandled)
            NoteUnhandled(taken, spurious: end is LastResort.Nothing or LastResort.MasterPic);
        ref Frame frame = ref state.Frames[(int)state.Depth++];
        frame = new Frame { Handler = (ushort)(handler + 1), Vector = (byte)vector, End = end };
        if (handler >= 0)
        {
            ref ulong turn = ref _turns[handler * Spec.Cpus + cpu].Count;
            frame.Turn = (ushort)turn;
            turn = Math.Min(turn + 1, (ulong)Scenario.Handlers[handler].Turns.Count - 1);
        }
        state.Interrupts = 0;
    }

    /// <summary>The cause of the interrupt that was just taken, and how to end it. The events of the take are still in
    /// the queue, behind those that waited before it: another CPU may have taken something too.</summary>
    private (Origin Origin, LastResort End) SourceOfLastTaken(int cpu, int vector, int before)
    {
        VectorGiver giver = VectorGiver.LocalApic;
        for (int i = Fabric.Events.Count - 1; i >= before; i--)
        {
            Event e = Fabric.Events.Peek(i);
            if (e.Kind == EventKind.VectorTaken)
                giver = VectorTaken.Of(e).By;
            // The 8259s report their part before the CPU takes the vector.
            if (e.Kind == EventKind.PicTaken && giver == VectorGiver.Pic)
            {
                // A spurious vector sets no in-service bit at the chip that returned it (8259A data sheet, "Edge and
                // level triggered modes"). A spurious vector of the slave sets one at the master.
                LastResort end = !PicTaken.Of(e).Spurious ? LastResort.BothPics
                    : e.Irq >= PicPair.SlaveFirst ? LastResort.MasterPic : LastResort.Nothing;
                return (Origin.Pic(e.Irq), end);
            }
        }
        return giver switch
        {
            VectorGiver.Pic => (default, LastResort.BothPics),
            // SDM vol. 3, 11.9: the handler of a spurious interrupt returns without an EOI.
            VectorGiver.Spurious => (default, LastResort.Nothing),
            // It is in no local APIC.
            VectorGiver.XenCallback => (default, LastResort.Nothing),
            _ => (Causes.OriginOf(cpu, (byte)vector), LastResort.LocalApic),
        };
    }

    /// <summary>A CPU's own handler of the vector takes precedence over one of all CPUs. A handler of a vector takes
    /// precedence over one of any vector.</summary>
    private int FindHandler(int cpu, int vector)
    {
        int best = -1, bestRank = -1;
        for (int i = 0; i < Scenario.Handlers.Count; i++)
        {
            Handler handler = Scenario.Handlers[i];
            if ((handler.Cpu >= 0 && handler.Cpu != cpu) || (handler.Vector >= 0 && handler.Vector != vector))
                continue;
            int rank = (handler.Vector >= 0 ? 2 : 0) + (handler.Cpu >= 0 ? 1 : 0);
            if (rank > bestRank)
                (best, bestRank) = (i, rank);
        }
        return best;
    }

    /// <summary>The steps of a handler's next run.</summary>
    internal IReadOnlyList<Step> NextTurn(int handler, int cpu) =>
        Scenario.Handlers[handler].Turns[(int)_turns[handler * Spec.Cpus + cpu].Count];

    /// <summary>The next step of the handler that a CPU executes; null if it returns next, or if it has no handler.</summary>
    internal Step? NextOfHandler(int cpu)
    {
        if (_cpus[cpu].Depth == 0)
            return null;
        Frame frame = _cpus[cpu].Frames[(int)_cpus[cpu].Depth - 1];
        if (frame.Handler == 0)
            return null;
        IReadOnlyList<Step> steps = Scenario.Handlers[frame.Handler - 1].Turns[frame.Turn];
        return frame.Step < steps.Count ? steps[frame.Step] : null;
    }

    private void RunFrame(int cpu, ref CpuState state)
    {
        int depth = (int)state.Depth - 1;
        Frame frame = state.Frames[depth];
        if (frame.Handler == 0)
        {
            Spend(Worker.Cpus, 1);
            End(cpu, frame.End);
            WaitAfter(cpu, new EoiCommand());
            Return(cpu, ref state);
            return;
        }
        IReadOnlyList<Step> steps = Scenario.Handlers[frame.Handler - 1].Turns[frame.Turn];
        if (frame.Step >= steps.Count)
        {
            Spend(Worker.Cpus, 1);
            Return(cpu, ref state);
            return;
        }
        if (steps[frame.Step] is CpuStep { Command: UpcallCommand } && !StepUpcall(cpu, steps[frame.Step]))
            return;
        if (steps[frame.Step] is CpuStep { Command: IrqCommand irq })
        {
            if (StepFlow(cpu, steps[frame.Step], irq.Line))
                state.Frames[depth].Step++;
            return;
        }
        state.Frames[depth].Step++;
        if (steps[frame.Step] is CpuStep { Command: UpcallCommand })
            return;
        Perform(steps[frame.Step], cpu);
        if (steps[frame.Step] is CpuStep step)
            WaitAfter(cpu, step.Command);
    }

    /// <summary>Ends an interrupt without a handler at its source, like the default handler of an operating
    /// system.</summary>
    private void End(int cpu, LastResort end)
    {
        switch (end)
        {
            case LastResort.LocalApic:
                Do(cpu, new EoiCommand());
                break;
            case LastResort.BothPics or LastResort.MasterPic:
                Do(cpu, new PicEoiCommand(-1, Slave: end == LastResort.BothPics));
                break;
        }
    }

    private void Return(int cpu, ref CpuState state)
    {
        _cpuPort.Return(cpu);
        state.Depth--;
        state.Frames[(int)state.Depth] = default;
        state.Interrupts = 1;
    }
}
