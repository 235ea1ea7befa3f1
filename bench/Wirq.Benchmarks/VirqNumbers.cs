using System.Diagnostics;

namespace Wirq.Benchmarks;

/// <summary>The cost of virqs that userspace serves: cached, missed, invalidated.</summary>
internal static class VirqNumbers
{
    private const int Rounds = 200, FewRounds = 40, Some = 64;

    internal static void Measure(TextWriter output)
    {
        var machine = new VirqMachine();
        Quick.Measure(output, "virq-cached-lookup", "ns", () => machine.LookUp());
        Quick.Measure(output, "virq-cached-trigger-to-irr", "ns", machine.Trigger);

        int turn = 0;
        Best(output, "virq-cold-miss-to-irr", VirqMachine.LinuxRoutes, machine.ForgetAll, machine.TriggerAll);
        int touched = 0, most = 0;
        Best(output, "virq-invalidate-1-of-4096", Some, () => Restore(machine, ref turn), () =>
        {
            for (int i = 0; i < Some; i++)
            {
                int one = machine.Invalidate(turn + i);
                (touched, most) = (touched + one, Math.Max(most, one));
            }
        });
        // Including the warm-up: each invalidation touched one virq.
        output.WriteLine($"virq-invalidate-1-of-4096-touched {(touched == 2 * Rounds * Some ? most : touched)} virqs");
        Best(output, "virq-invalidate-1-of-4096-by-queue", Some, () => Restore(machine, ref turn), () =>
        {
            for (int i = 0; i < Some; i++)
            {
                if (!machine.InvalidateByQueue(turn + i))
                    throw new InvalidOperationException("the unit has not said that it is done");
            }
        });
        double few = Best(output, "virq-invalidate-all-of-4096", 1, machine.TriggerAll, machine.ForgetAll);
        var full = new VirqMachine(VirqMachine.Most);
        double many = Best(output, "virq-invalidate-all-of-65534", 1, full.TriggerAll, full.ForgetAll, FewRounds);
        Quick.Print(output, "virq-invalidate-all-65534-to-4096", many / few, "times");
    }

    /// <summary>The best round: other load can only add to the time. The work before each round is not
    /// measured.</summary>
    private static double Best(TextWriter output, string name, int operations, Action before, Action action, int rounds = Rounds)
    {
        double best = double.MaxValue;
        long allocated = 0;
        for (int i = -rounds; i < rounds; i++)
        {
            // The first half warms up.
            before();
            long bytes = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            action();
            double taken = Stopwatch.GetElapsedTime(start).TotalNanoseconds / operations;
            if (i < 0)
                continue;
            best = Math.Min(best, taken);
            allocated += GC.GetAllocatedBytesForCurrentThread() - bytes;
        }
        Quick.Print(output, name, best, "ns");
        output.WriteLine($"{name}-allocated {allocated / rounds / operations} B");
        return best;
    }

    /// <summary>Caches again the translations that the previous round invalidated, and continues with others.</summary>
    private static void Restore(VirqMachine machine, ref int turn)
    {
        for (int i = 0; i < Some; i++)
            machine.Restore(turn + i);
        turn += Some;
    }
}
