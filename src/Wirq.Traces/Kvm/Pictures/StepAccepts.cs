using System.Runtime.InteropServices;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

/// <summary>The accept lines of one step, by the vCPU that took them. A log may put any number of lines into a step: each is read once.</summary>
internal sealed class StepAccepts
{
    private const int VectorCount = Vectors256.Registers * sizeof(uint) * 8;

    private static readonly StepAccepts s_none = new();

    private readonly Dictionary<(int Cpu, int Vector), Mark> _first = [];
    private readonly Dictionary<int, Vectors256> _pending = [];

    private StepAccepts()
    {
    }

    internal static StepAccepts Of(Step? step, VmScan scan)
    {
        if (step is null or { Accepts.Count: 0 })
            return s_none;
        var accepts = new StepAccepts();
        foreach (KvmLine line in step.Accepts)
        {
            int cpu = scan.CpuOf(line.Vcpu);
            if (cpu < 0 || line.Vector is < 0 or >= VectorCount)
                continue;
            accepts._first.TryAdd((cpu, line.Vector), line.At);
            if (line.Mode <= DeliveryMode.LowestPriority)
                CollectionsMarshal.GetValueRefOrAddDefault(accepts._pending, cpu, out _).Add(line.Vector);
        }
        return accepts;
    }

    /// <summary>Where a vCPU's first line of a vector stands; null for none.</summary>
    internal Mark? FirstOf(int cpu, int vector) => _first.TryGetValue((cpu, vector), out Mark at) ? at : null;

    /// <summary>The vectors that lines say are pending at a vCPU: not those of an NMI, an INIT and the like.</summary>
    internal Vectors256 PendingAt(int cpu) => _pending.GetValueOrDefault(cpu);
}
