namespace Wirq.Lab.Scenarios;

/// <summary>What a step comes to when it is run, in units of a register access on a machine of few CPUs. A scenario is
/// bounded by it before it is run (<see cref="MaxSteps"/>), and its run, with what CPUs and timers do in it
/// (<see cref="MaxRun"/>).</summary>
/// <remarks>A unit takes about 2 us in a release build and 13 us in a debug build, so that the largest file is read, and each of its
/// runs comes to its end, within 10 s in either. What a step costs more than that has to show here.</remarks>
internal static class StepWork
{
    /// <summary>The most that the steps of a file come to: repetitions, variants and historic designs counted.</summary>
    internal const int MaxSteps = 200_000;
    /// <summary>The most that a run comes to: one as the scenario stands, or one under a historic design.</summary>
    internal const int MaxRun = 250_000;
    /// <summary>What the runs under historic designs come to together before no further one is begun.</summary>
    internal const int MaxDesigns = 250_000;
    // After each step all CPUs are checked for work.
    private const int CpusPerUnit = 32;

    /// <summary>What it takes to look at all CPUs of a machine once, beyond the step that made it necessary.</summary>
    internal static int OfCpus(MachineSpec machine) => machine.Cpus / CpusPerUnit;

    /// <summary>What a step comes to alone; one of a repetition's steps is a step of its own.</summary>
    internal static long Of(Step step, MachineSpec machine) => OfCpus(machine) + step switch
    {
        CpuStep { Command: IrteCommand run } => run.Last - run.First + 1,
        // Several registers and a queue in memory.
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
