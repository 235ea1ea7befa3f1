using System.Reflection;
using System.Runtime.CompilerServices;
using Wirq.Lab.Kernels;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Tests.Kernels;

/// <summary>The state of a simulated kernel can be copied, compared and hashed.</summary>
public class KernelForkTests
{
    private const int Seed = 20262;

    public static TheoryData<KernelKind, int, int> Kernels => new()
    {
        { KernelKind.Split, 5, 4 },
        { KernelKind.Split, 6, 2 },
        { KernelKind.Split, 6, 18 },
        { KernelKind.Full, 5, 4 },
        { KernelKind.Full, 6, 18 },
        { KernelKind.None, 6, 18 },
    };

    [Theory, MemberData(nameof(Kernels))]
    public void Both_halves_of_a_fork_that_are_driven_alike_stay_alike(KernelKind kind, int major, int minor)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        Host host = Built(kind, new KernelVersion(major, minor));
        var first = new KernelScrambler(host, Seed);
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 300; i++)
                first.Step();
            Host fork = host.Fork();
            Assert.Equal(host.Identity(), fork.Identity());
            var left = new KernelScrambler(host, Seed + round);
            var right = new KernelScrambler(fork, Seed + round);
            for (int i = 0; i < 300; i++)
                Assert.Equal(left.Step(), right.Step());
            Assert.True(host.Arena.HasSameBytes(fork.Arena), $"the halves differ in round {round}");
            Assert.Equal(host.Identity(), fork.Identity());
        }
    }

    [Fact]
    public void A_fork_goes_its_own_way_and_keeps_what_waits_in_the_work_queue()
    {
        Host host = Host.Split();
        host.Kernel.Commit([Host.Route(30, 0x41)]);
        EventFd fd = host.EventFds.Create(count: 1);
        host.Kernel.Bind(30, fd, EventFd.None);
        Host fork = host.Fork();
        fork.Kernel.Settle();
        Assert.Equal(0x41, fork.Kernel.Take(0));
        Assert.Equal(-1, host.Kernel.Take(0));
        Assert.Equal(1, host.Kernel.PendingWork);
        Assert.NotEqual(host.Identity(), fork.Identity());
    }

    [Fact]
    public void Figures_are_no_state()
    {
        Host host = Host.Split();
        UInt128 before = host.Identity();
        host.Kernel.Commit([]);
        Assert.Equal(before, host.Identity());
        Assert.Equal(1, host.Kernel.Figures.Commits);
        Assert.Equal(0, host.Fork().Kernel.Figures.Commits);
    }

    [Fact]
    public void A_machine_takes_over_the_state_of_one_built_alike()
    {
        Host host = Host.Split();
        var other = new Host(host.Options);
        host.Kernel.Commit([Host.Route(3, 0x41)]);
        host.Kernel.Advance(500);
        other.Kernel.CopyFrom(host.Kernel);
        Assert.Equal(500, other.Kernel.Now);
        other.Kernel.SetIrqLine(3, true);
        Assert.Equal(0x41, other.Kernel.Take(0));
    }

    [Fact]
    public void State_has_no_padding_and_no_references()
    {
        Type[] states = [.. typeof(SimulatedKernel).Assembly.GetTypes()
            .Where(type => type.IsValueType && type.IsAssignableTo(typeof(IState)) && type.Namespace == typeof(SimulatedKernel).Namespace)];
        Assert.True(states.Length >= 8);
        Assert.All(states, type => Assert.Equal(FieldBytes(type), Size(type)));
    }

    private static Host Built(KernelKind kind, KernelVersion version)
    {
        var host = new Host(new SimulatedKernelOptions
        {
            Kind = kind, Cpus = 2, Routes = 32, Behaviour = KernelBehaviour.Of(version),
        }, eventFds: 8, machines: 2);
        foreach (SimulatedKernel machine in host.Machines)
        {
            for (int cpu = 0; kind != KernelKind.None && cpu < 2; cpu++)
                machine.EnableApic(cpu);
        }
        return host;
    }

    private static int FieldBytes(Type type) => type.IsPrimitive || type.IsEnum ? Size(type)
        : type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Sum(field => FieldBytes(field.FieldType));

    private static int Size(Type type)
    {
        MethodInfo measure = typeof(KernelForkTests).GetMethod(nameof(Measure), BindingFlags.Static | BindingFlags.NonPublic)!;
        return (int)measure.MakeGenericMethod(type).Invoke(null, null)!;
    }

    private static int Measure<T>()
    {
        Assert.False(RuntimeHelpers.IsReferenceOrContainsReferences<T>());
        return Unsafe.SizeOf<T>();
    }
}
