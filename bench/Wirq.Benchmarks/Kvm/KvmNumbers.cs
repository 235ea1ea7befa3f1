using System.Diagnostics;
using System.Runtime.Versioning;
using Wirq.Linux;
using Wirq.Routing;

namespace Wirq.Benchmarks;

/// <summary>The cost of virqs on the host's KVM. When two variants are compared, they are measured alternately, and the
/// ratio is the median of the ratios of neighbouring measurements. So other load on the host affects both.</summary>
internal static class KvmNumbers
{
    private const int Pairs = 41, Bound = 512, BringUps = 5, BringUpVirqs = 2048, Interrupts = 1_000_000, Writes = 10_000;

    internal static void Measure(TextWriter output)
    {
        if (!OperatingSystem.IsLinux())
        {
            output.WriteLine("kvm skipped: this host is not Linux");
            return;
        }
        try
        {
            using KvmSystem system = KvmSystem.Open();
            MeasureInvalidation(output, system);
            MeasureBringUp(output, system);
            MeasureHot(output, system);
            MeasureAgainstC(output, system);
        }
        catch (Exception absent) when (absent is KernelException or PlatformNotSupportedException or NotSupportedException)
        {
            output.WriteLine($"kvm skipped: {absent.Message}");
        }
    }

    /// <summary>First with every route bound, then with an equally full table and most virqs masked; masked virqs keep
    /// their routes. To release an irqfd, KVM searches the list of all that are bound.</summary>
    [SupportedOSPlatform("linux")]
    private static void MeasureInvalidation(TextWriter output, KvmSystem system)
    {
        using var machine = new KvmBenchMachine(system, KvmBenchMachine.Routes);
        machine.BringUp();
        MeasureInvalidation(output, machine, machine.Count, "");
        machine.MaskFrom(Bound);
        MeasureInvalidation(output, machine, Bound, $"-{Bound}-bound");
    }

    [SupportedOSPlatform("linux")]
    private static void MeasureInvalidation(TextWriter output, KvmBenchMachine machine, int bound, string suffix)
    {
        double[] one = new double[Pairs], inside = new double[Pairs], all = new double[Pairs], ratio = new double[Pairs];
        var random = new Random(1);
        int most = 0;
        long commits = machine.Port.Commits;
        for (int i = 0; i < Pairs; i++)
        {
            int virq = random.Next(bound), unbinds = machine.Port.Unbinds;
            double before = machine.Port.UnbindNanoseconds;
            one[i] = Time(() => machine.Guest.Invalidate(virq));
            inside[i] = machine.Port.UnbindNanoseconds - before;
            most = Math.Max(most, machine.Port.Unbinds - unbinds);
            machine.Reheat(virq);
            all[i] = Time(machine.RewriteTable);
            ratio[i] = one[i] / all[i];
        }
        Quick.Print(output, $"kvm-invalidate-1-of-{machine.Count}{suffix}", Median(one) / 1000, "us");
        Quick.Print(output, $"kvm-invalidate-1-of-{machine.Count}{suffix}-inside-unbind", Median(inside) / 1000, "us");
        Quick.Print(output, $"kvm-rewrite-table-of-{machine.Count}{suffix}", Median(all) / 1000, "us");
        Quick.Print(output, $"kvm-invalidate-against-rewrite{suffix}", Median(ratio), "", "0.0000");
        output.WriteLine($"kvm-invalidate{suffix}-unbinds {most} irqfds");
        output.WriteLine($"kvm-invalidate{suffix}-commits {machine.Port.Commits - commits} tables");
    }

    [SupportedOSPlatform("linux")]
    private static void MeasureBringUp(TextWriter output, KvmSystem system)
    {
        double[] batched = new double[BringUps], single = new double[BringUps], ratio = new double[BringUps];
        for (int i = 0; i < BringUps; i++)
        {
            batched[i] = TimeOfCommits(system, new RoutingOptions());
            single[i] = TimeOfCommits(system, new RoutingOptions { BatchCount = 1, BatchDelay = 0 });
            ratio[i] = batched[i] / single[i];
        }
        Quick.Print(output, "kvm-bring-up-2048-in-batches-commit-time", Median(batched) / 1e6, "ms");
        Quick.Print(output, "kvm-bring-up-2048-one-by-one-commit-time", Median(single) / 1e6, "ms");
        Quick.Print(output, "kvm-bring-up-batches-against-one-by-one", Median(ratio), "", "0.0000");
    }

    [SupportedOSPlatform("linux")]
    private static double TimeOfCommits(KvmSystem system, RoutingOptions routing)
    {
        using var machine = new KvmBenchMachine(system, BringUpVirqs, routing);
        machine.BringUp();
        return machine.Port.CommitNanoseconds;
    }

    [SupportedOSPlatform("linux")]
    private static void MeasureHot(TextWriter output, KvmSystem system)
    {
        using var machine = new KvmBenchMachine(system, 1, polls: true);
        machine.BringUp();
        long calls = machine.Port.Calls;
        int wakeUps = machine.WakeUps;
        double taken = Time(() => machine.Interrupt(Interrupts));
        Thread.Sleep(50);
        Quick.Print(output, "kvm-hot-interrupt", taken / Interrupts, "ns");
        output.WriteLine($"kvm-hot-million-wakes {machine.WakeUps - wakeUps} wakes");
        output.WriteLine($"kvm-hot-million-ioctls {machine.Port.Calls - calls} ioctls");
    }

    [SupportedOSPlatform("linux")]
    private static void MeasureAgainstC(TextWriter output, KvmSystem system)
    {
        using PlainProgram? plain = PlainProgram.TryStart(Writes, out string? reason);
        if (plain is null)
        {
            output.WriteLine($"kvm-eventfd-to-irr-against-c skipped: {reason}");
            return;
        }
        using var machine = new KvmBenchMachine(system, 1, polls: true);
        machine.BringUp();
        double[] ours = new double[Pairs], theirs = new double[Pairs], ratio = new double[Pairs];
        for (int i = -Pairs / 2; i < Pairs; i++)
        {
            double c = plain.Batch(), w = Time(() => machine.Interrupt(Writes));
            if (i >= 0)
                (theirs[i], ours[i], ratio[i]) = (c, w, w / c);
        }
        Quick.Print(output, "kvm-eventfd-to-irr", Median(ours) / Writes, "ns");
        Quick.Print(output, "kvm-eventfd-to-irr-in-c", Median(theirs) / Writes, "ns");
        Quick.Print(output, "kvm-eventfd-to-irr-against-c", Median(ratio), "", "0.000");
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
