using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <content>The CPUs: state machines that take one step at a time.</content>
public sealed partial class World
{
    private const int MaxSettle = 2_000_000;

    private readonly Block<CpuState> _cpus;
    private readonly Block<TurnState> _turns;

    /// <summary>Lets the CPUs run, one step each in turn, until none has anything to do.</summary>
    /// <exception cref="WorldException">They never come to rest.</exception>
    public void Settle()
    {
        int steps = 0;
        for (bool moved = true; moved;)
        {
            moved = false;
            int first = _order?.Next(Spec.Cpus) ?? 0;
            for (int i = 0; i < Spec.Cpus; i++)
            {
                int cpu = (first + i) % Spec.Cpus;
                if (!CanStep(cpu))
                    continue;
                StepCpu(cpu);
                moved = true;
                if (++steps > MaxSettle)
                    throw new WorldException($"the CPUs do not come to rest within {MaxSettle} steps");
            }
        }
    }

    /// <summary>Whether a CPU is in a handler, or would take an interrupt.</summary>
    public bool CanStep(int cpu) => _cpus[cpu].Depth > 0 || (_cpus[cpu].Interrupts != 0 && _cpuPort.HasInterrupt(cpu));

    /// <summary>One step of a CPU: take an interrupt, do the next thing in its handler, or return from it.</summary>
    public void StepCpu(int cpu)
    {
        ref CpuState state = ref _cpus[cpu];
        if (state.Interrupts != 0 && _cpuPort.HasInterrupt(cpu))
            Enter(cpu, ref state);
        else
            RunFrame(cpu, ref state);
        Drain();
    }

    private void SetInterrupts(int cpu, bool on)
    {
        _cpuPort.SetInterrupts(cpu, on);
        _cpus[cpu].Interrupts = on ? 1u : 0;
    }

    private void Enter(int cpu, ref CpuState state)
    {
        int vector = _cpuPort.Take(cpu);
        if (vector < 0)
            return;
        Journal.NoteTaken(cpu, (byte)vector);
        if (state.Depth == CpuState.MaxDepth)
            throw new WorldException($"cpu{cpu} nests handlers deeper than {CpuState.MaxDepth}");
        bool external = LastTakenWasExternal();
        int handler = FindHandler(cpu, vector);
        ref Frame frame = ref state.Frames[(int)state.Depth++];
        frame = new Frame { Handler = (ushort)(handler + 1), Vector = (byte)vector, External = external ? (byte)1 : (byte)0 };
        if (handler >= 0)
        {
            ref ulong turn = ref _turns[handler * Spec.Cpus + cpu].Count;
            frame.Turn = (ushort)turn;
            turn = Math.Min(turn + 1, (ulong)Scenario.Handlers[handler].Turns.Count - 1);
        }
        state.Interrupts = 0;
    }

    private bool LastTakenWasExternal()
    {
        for (int i = Fabric.Events.Count - 1; i >= 0; i--)
        {
            if (Fabric.Events.Peek(i) is { Kind: EventKind.VectorTaken } taken)
                return taken.B == 1;
        }
        return false;
    }

    /// <summary>A CPU's own handler of the vector goes before the one of all CPUs; any handler of a vector before those
    /// of any vector.</summary>
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

    private void RunFrame(int cpu, ref CpuState state)
    {
        int depth = (int)state.Depth - 1;
        Frame frame = state.Frames[depth];
        if (frame.Handler == 0)
        {
            // No handler: end the interrupt where it came from, as an operating system's last resort does.
            if (frame.External != 0)
                Do(cpu, DefaultPicEoi);
            else
                Do(cpu, new EoiCommand());
            Return(cpu, ref state);
            return;
        }
        IReadOnlyList<Step> steps = Scenario.Handlers[frame.Handler - 1].Turns[frame.Turn];
        if (frame.Step >= steps.Count)
        {
            Return(cpu, ref state);
            return;
        }
        state.Frames[depth].Step++;
        Perform(steps[frame.Step], cpu);
    }

    private static readonly PicEoiCommand DefaultPicEoi = new(-1, Slave: true);

    private void Return(int cpu, ref CpuState state)
    {
        _cpuPort.Return(cpu);
        state.Depth--;
        state.Frames[(int)state.Depth] = default;
        state.Interrupts = 1;
    }
}
