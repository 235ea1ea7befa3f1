using Wirq.Routing;

namespace Wirq.Tests.Shared.Kernels;

/// <summary>The semantics of KVM, one test each, on any bench: docs/kernels.md lists them.</summary>
public abstract partial class KernelSemantics
{
    private const int Enoent = 2, Enxio = 6, Ebadf = 9, Ebusy = 16, Eexist = 17, Einval = 22;
    private const byte Vector = 0x41, Other = 0x52;
    private const int Gsi = 30, Reserved = 5;

    /// <summary>Opens a bench, or skips with the reason if the host cannot have such a machine.</summary>
    protected abstract IKernelBench OpenBench(BenchMachine machine);

    private IKernelBench Open(BenchMachine machine, BenchNeeds needs = BenchNeeds.None)
    {
        IKernelBench bench = OpenBench(machine with { Needs = needs });
        for (int cpu = 0; machine.Chips != BenchChips.None && cpu < machine.Cpus; cpu++)
            bench.WriteApic(cpu, ApicRegister.SpuriousVector, 0x1FF);
        return bench;
    }

    private IKernelBench OpenSplit(BenchNeeds needs = BenchNeeds.None, int cpus = 1) =>
        Open(new BenchMachine { Cpus = cpus }, needs);

    private IKernelBench OpenFull(BenchNeeds needs = BenchNeeds.None) =>
        Open(new BenchMachine { Chips = BenchChips.Full }, needs);

    private static Msi Edge(byte vector = Vector, uint cpu = 0) =>
        new(MsiAddress.For(cpu), MsiData.For(vector));

    private static Msi Level(byte vector = Vector, uint cpu = 0) =>
        new(MsiAddress.For(cpu), MsiData.For(vector, level: true));

    private static RedirectionEntry Pin(byte vector = Vector, bool level = true, bool masked = false) =>
        RedirectionEntry.Create(vector, 0, level: level, masked: masked);

    private static void AssertErrno(int errno, Action call) => Assert.Equal(errno, Assert.Throws<KernelException>(call).Errno);

    /// <summary>The kernel has taken what was written to a bound eventfd; an old one has left its count.</summary>
    private static void AssertConsumed(IKernelBench bench, EventFd fd) => Assert.Equal(!bench.Limits.ConsumesFirst, bench.IsReadable(fd));

    private static bool Bit(IKernelBench bench, ApicRegister first, int cpu, byte vector) =>
        (bench.ReadApic(cpu, first + (uint)(vector >> 5 << 4)) >> (vector & 31) & 1) != 0;

    private static bool IsPending(IKernelBench bench, byte vector = Vector, int cpu = 0) =>
        Bit(bench, ApicRegister.Request, cpu, vector);

    private static bool IsLevel(IKernelBench bench, byte vector = Vector, int cpu = 0) =>
        Bit(bench, ApicRegister.TriggerMode, cpu, vector);

    /// <summary>Whether a vector arrived since the last call; clears it.</summary>
    private static bool Came(IKernelBench bench, byte vector = Vector, int cpu = 0)
    {
        bench.Settle();
        bool came = IsPending(bench, vector, cpu);
        bench.ClearRequests(cpu);
        return came;
    }

    private static EventFd Bound(IKernelBench bench, int gsi = Gsi)
    {
        EventFd fd = bench.CreateEventFd();
        bench.Bind(gsi, fd, EventFd.None);
        return fd;
    }
}
