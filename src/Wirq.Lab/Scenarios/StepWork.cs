namespace Wirq.Lab.Scenarios;

/// <summary>The work of a step, in units of a register access on a machine with few CPUs. It bounds a scenario before
/// it is run (<see cref="MaxSteps"/>), and it bounds its run, with the work of CPUs and timers in it
/// (<see cref="MaxRun"/>).</summary>
/// <remarks>A unit takes about 2 us in a release build and 13 us in a debug build. So the largest file is read, and
/// each of its runs ends, within 10 s in both builds. A step that costs more must be counted as more here.</remarks>
internal static class StepWork
{
    /// <summary>The limit on the work of a file's steps, with repetitions, variants and historic designs.</summary>
    internal const int MaxSteps = 200_000;
    /// <summary>The limit on the work of a run: without a design, or under one historic design.</summary>
    internal const int MaxRun = 250_000;
    /// <summary>The limit on the work of all runs under historic designs together. Above it, no further one is
    /// started.</summary>
    internal const int MaxDesigns = 250_000;
    // After each step all CPUs are checked for work.
    private const int CpusPerUnit = 32;

    /// <summary>The work of checking all CPUs of a machine once, in addition to the step that made it
    /// necessary.</summary>
    internal static int OfCpus(MachineSpec machine) => machine.Cpus / CpusPerUnit;

    /// <summary>The work of a step alone; the steps of a repetition are counted separately.</summary>
    internal static long Of(Step step, MachineSpec machine) => OfCpus(machine) + step switch
    {
        CpuStep { Command: IrteCommand run } => run.Last - run.First + 1,
        // These access several registers and a queue in memory.
        CpuStep { Command: InvalidateCommand or RemappingCommand } => 4,
        DeviceStep { Vector: < 0 } all => machine.Devices[all.Device].Vectors,
        ExpectStep expect => Of(expect.Checks, machine),
        _ => 1,
    };

    private static long Of(IReadOnlyList<Check> checks, MachineSpec machine)
    {
        long work = 0;
        foreach (Check check in checks)
        {
            work += check switch
            {
                VirqsCheck virqs => machine.Devices[virqs.Device].Vectors,
                PendingVectorsCheck virqs => machine.Devices[virqs.Device].Vectors,
                FaultsCheck => machine.Fabric.Vtd?.FaultRecords ?? 1,
                TakenByAnyCheck => 1 + OfCpus(machine),
                _ => 1,
            };
        }
        return Math.Max(1, work);
    }
}
