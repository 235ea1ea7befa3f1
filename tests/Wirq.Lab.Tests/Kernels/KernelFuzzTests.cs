using Wirq.Lab.Kernels;
using Wirq.Routing;

namespace Wirq.Lab.Tests.Kernels;

public class KernelFuzzTests
{
    private const int Seed = 8259;

    [Theory]
    [InlineData(KernelKind.None)]
    [InlineData(KernelKind.Split)]
    [InlineData(KernelKind.Full)]
    public void Whatever_is_asked_nothing_but_a_KernelException_is_thrown(KernelKind kind)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        foreach (KernelVersion version in new KernelVersion[] { new(5, 4), new(5, 15), new(6, 6), KernelVersion.Newest })
        {
            var host = new Host(new SimulatedKernelOptions
            {
                Kind = kind, Cpus = 2, Routes = 32, Behaviour = KernelBehaviour.Of(version),
            }, eventFds: 8, machines: 2);
            var scrambler = new KernelScrambler(host, Seed + version.Minor);
            for (int i = 0; i < 15_000; i++)
                scrambler.Step();
            Assert.True(host.Machines.Sum(machine => machine.Figures.PortCalls) > 1000);
        }
    }

    /// <summary>The rules of counting, in a dozen lines that do not depend on the simulation.</summary>
    private sealed class Oracle
    {
        internal bool IsBound, Waits;
        internal ulong Count;
        internal long Injected, Reads;
        /// <summary>Reads that found what the kernel injects, or has injected, as well.</summary>
        internal long Duplicates;

        internal void Write()
        {
            Count++;
            if (!IsBound)
                return;
            // All that the eventfd holds goes with this write; what was pending at bind has its own injection.
            Injected++;
            Count = 0;
        }

        internal void Bind()
        {
            IsBound = true;
            Waits = Count != 0;
        }

        internal void Work()
        {
            Injected += Waits ? 1 : 0;
            Waits = false;
        }

        internal void Unbind()
        {
            Work();
            Count = 0;
            IsBound = false;
        }

        internal ulong Read()
        {
            ulong read = Count;
            if (IsBound && read != 0)
                Duplicates++;
            Reads += read == 0 ? 0 : 1;
            Count = 0;
            return read;
        }
    }

    [Theory]
    [InlineData(KernelDefects.None, true)]
    [InlineData(KernelDefects.KeepsCountAtUnbind, false)]
    [InlineData(KernelDefects.DropsPendingAtUnbind, false)]
    [InlineData(KernelDefects.IgnoresPendingAtBind, false)]
    [InlineData(KernelDefects.DrainsAtBind, false)]
    public void Counts_and_injections_are_those_of_the_counting_rules(KernelDefects defects, bool alike)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        Assert.Equal(alike, FirstDifference(defects) < 0);
    }

    /// <summary>Drives one eventfd and the rules with the same operations.</summary>
    /// <returns>The step at which they differ; -1 for never.</returns>
    private static int FirstDifference(KernelDefects defects)
    {
        var random = new Random(Seed);
        var host = new Host(new SimulatedKernelOptions { Routes = 64, Defects = defects });
        SimulatedKernel kernel = host.Kernel;
        kernel.EnableApic(0);
        kernel.Commit([Host.Route(30, 0x41)]);
        EventFd fd = host.EventFds.Create();
        var rules = new Oracle();
        for (int step = 0; step < 20_000; step++)
        {
            switch (random.Next(6))
            {
                case 0 or 1:
                    host.EventFds.WriteByDevice(fd);
                    rules.Write();
                    break;
                case 2 when !rules.IsBound:
                    kernel.Bind(30, fd, EventFd.None);
                    rules.Bind();
                    break;
                case 3:
                    kernel.Unbind(30, fd);
                    if (rules.IsBound)
                        rules.Unbind();
                    break;
                case 4:
                    kernel.Settle();
                    rules.Work();
                    break;
                case 5:
                    host.EventFds.TryRead(fd, out ulong read);
                    if (read != rules.Read())
                        return step;
                    break;
            }
            if (host.EventFds.CountOf(fd) != rules.Count || kernel.Figures.InjectionsOf(30) != rules.Injected
                || kernel.PendingWork != (rules.Waits ? 1 : 0))
                return step;
        }
        Assert.True(rules.Duplicates > 100 && rules.Reads > 100 && rules.Injected > 1000);
        return -1;
    }

    /// <summary>A device writes one interrupt at a time, while userspace binds, unbinds and reads by the rule that
    /// makes a hand-over safe: it reads only while the eventfd is unbound. Then each write is delivered exactly
    /// once.</summary>
    [Fact]
    public void Nothing_is_lost_or_doubled_while_nobody_reads_a_bound_eventfd()
    {
        var random = new Random(Seed);
        Host host = Host.Split();
        SimulatedKernel kernel = host.Kernel;
        kernel.Commit([Host.Route(30, 0x41)]);
        EventFd fd = host.EventFds.Create();
        long written = 0, had = 0;
        bool bound = false;
        for (int step = 0; step < 20_000; step++)
        {
            bool holds = host.EventFds.IsReadable(fd) || kernel.PendingWork != 0;
            switch (random.Next(4))
            {
                case 0 when !holds:
                    host.EventFds.WriteByDevice(fd);
                    written++;
                    break;
                case 1:
                    if (bound)
                        kernel.Unbind(30, fd);
                    else
                        kernel.Bind(30, fd, EventFd.None);
                    bound = !bound;
                    break;
                case 2 when !bound:
                    had += host.EventFds.Read(fd) ? 1 : 0;
                    break;
                case 3:
                    kernel.Settle();
                    break;
            }
        }
        if (bound)
            kernel.Unbind(30, fd);
        had += host.EventFds.Read(fd) ? 1 : 0;
        Assert.Equal(written, had + kernel.Figures.InjectionsOf(30));
        Assert.True(written > 1000);
    }
}
