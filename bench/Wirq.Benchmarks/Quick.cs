using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.State;
using Wirq.Traces.Recordings;

namespace Wirq.Benchmarks;

/// <summary>All numbers in about a minute, one on each line: name, value, unit.</summary>
internal static class Quick
{
    private const int Rounds = 400;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(1500), Round = TimeSpan.FromMilliseconds(2);

    /// <param name="output">Receives the lines.</param>
    /// <param name="parts">The parts: <c>paths</c>, <c>log</c>, <c>virq</c>, <c>xen</c>, <c>host</c>, <c>world</c>,
    /// <c>explore</c>, <c>kvm</c>, <c>guest</c>;
    /// none for all.</param>
    internal static int Run(TextWriter output, IReadOnlyCollection<string> parts)
    {
        foreach ((string part, Action<TextWriter> measure) in new (string, Action<TextWriter>)[]
        {
            ("paths", MeasurePaths), ("log", LogLines.Measure), ("virq", VirqNumbers.Measure), ("xen", XenNumbers.Measure), ("host", HostNumbers.Measure), ("world", WorldNumbers.Measure), ("explore", ExploreNumbers.Measure), ("kvm", KvmNumbers.Measure),
            ("guest", GuestNumbers.Measure),
        })
        {
            if (parts.Count == 0 || parts.Contains(part))
                measure(output);
        }
        return 0;
    }

    private static void MeasurePaths(TextWriter output)
    {
        var one = new PathMachine();
        Measure(output, "msi-irr-take-eoi", "ns", () => one.Message());
        Measure(output, "level-line-up-to-down", "ns", () => one.Line());
        var waking = new PathMachine(wakeUps: true);
        Measure(output, "msi-irr-take-eoi-with-wake-up", "ns", () => waking.Message());
        Measure(output, "level-line-up-to-down-with-wake-up", "ns", () => waking.Line());
        var four = new PathMachine(cpus: 4);
        Measure(output, "msi-irr-take-eoi-4cpus", "ns", () => four.Message());
        Measure(output, "level-line-up-to-down-4cpus", "ns", () => four.Line());
        Fabric fork = one.Fabric.Fork();
        Measure(output, "fabric-copy", "ns", () => fork.CopyFrom(one.Fabric));
        Measure(output, "fabric-identity", "ns", () => one.Fabric.Identity());
        MeasureObserved(output);
        MeasureRecording(output);
    }

    private static void MeasureObserved(TextWriter output)
    {
        var machine = new PathMachine();
        machine.Fabric.Events.Observing = true;
        machine.Fabric.Drain();
        var ports = new FabricPorts { Observer = new LawObserver(new LawSet(machine.Fabric.Options, machine.Fabric.Gsis, new StateArena())) };
        Measure(output, "level-line-with-all-laws", "ns", () => machine.Line(ports));
    }

    private sealed class LawObserver(LawSet laws) : IEventObserver
    {
        public void Observe(in Event happened) => laws.Observe(happened);
    }

    private static void MeasureRecording(TextWriter output)
    {
        using var writer = new RecordingWriter(Stream.Null, new RecordingHeader());
        var happened = new Event(EventKind.VectorAccepted, 1, 0x10000015, 0x51, 1);
        Measure(output, "record-event", "ns", () => writer.Write(happened));
    }

    /// <summary>The best of many short rounds, and the bytes that one operation allocates. Other load on a machine can
    /// only add to the time of code that does the same work each time, so the best round is nearest to its cost. The
    /// cost of the call itself is subtracted, as BenchmarkDotNet does: each round is paired with a round of empty
    /// calls.</summary>
    /// <returns>What one operation takes, in ns.</returns>
    internal static double Measure(TextWriter output, string name, string unit, Action action)
    {
        Action nothing = Nothing;
        for (long until = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(until) < WarmUp;)
        {
            Batch(action, 1000);
            Batch(nothing, 1000);
        }
        long calls = Math.Max(1, (long)(Round.TotalNanoseconds / Math.Max(1, Time(action, 1000) / 1000)));
        double best = double.MaxValue, bestCall = double.MaxValue;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
        {
            best = Math.Min(best, Time(action, calls) / calls);
            bestCall = Math.Min(bestCall, Time(nothing, calls) / calls);
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Print(output, name, best - bestCall, unit);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}-allocated {allocated / (Rounds * calls)} B"));
        return best - bestCall;
    }

    internal static void Print(TextWriter output, string name, double value, string unit, string format = "0.0") =>
        output.WriteLine($"{name} {value.ToString(format, CultureInfo.InvariantCulture)} {unit}".TrimEnd());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Nothing() { }

    private static double Time(Action action, long calls)
    {
        long start = Stopwatch.GetTimestamp();
        Batch(action, calls);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    private static void Batch(Action action, long calls)
    {
        for (long i = 0; i < calls; i++)
            action();
    }
}
