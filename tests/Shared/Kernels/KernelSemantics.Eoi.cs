namespace Wirq.Tests.Shared.Kernels;

// Which EOIs are reported to userspace in split mode.
public abstract partial class KernelSemantics
{
    /// <summary>The CPU takes and ends its next interrupt.</summary>
    /// <returns>The vector of the exit that follows; -1 for none.</returns>
    private static int ExitAfterEoi(IKernelBench bench, byte vector = Vector, int cpu = 0)
    {
        Assert.Equal(vector, bench.Take(cpu));
        bench.Eoi(cpu);
        int exit = bench.TakeExit(cpu);
        Assert.Equal(-1, bench.TakeExit(cpu));
        return exit;
    }

    [Theory]
    [InlineData(0x8000)]
    [InlineData(0xC000)]
    public void The_EOI_of_a_level_route_on_a_reserved_GSI_is_told_whatever_its_level_bit(uint flags)
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.Commit(BenchRoute.To(Reserved, new Msi(MsiAddress.For(0).Bits, flags | Vector)));
        var fd = Bound(bench, Reserved);
        for (int i = 0; i < 3; i++)
        {
            bench.Write(fd);
            Assert.Equal(Vector, ExitAfterEoi(bench));
        }
    }

    [Fact]
    public void The_EOI_of_a_level_route_on_the_first_unreserved_GSI_is_not_told()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.Commit(BenchRoute.To(24, Level()));
        bench.Write(Bound(bench, 24));
        Assert.Equal(-1, ExitAfterEoi(bench));
    }

    [Fact]
    public void The_EOI_of_an_edge_route_is_not_told()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.Commit(BenchRoute.To(Reserved, Edge()));
        bench.Write(Bound(bench, Reserved));
        Assert.Equal(-1, ExitAfterEoi(bench));
    }

    [Fact]
    public void The_EOI_of_a_level_message_past_the_table_is_not_told_without_a_route()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.Commit();
        bench.SignalMsi(Level());
        Assert.Equal(-1, ExitAfterEoi(bench));
        bench.Commit(BenchRoute.To(Reserved, Level()));
        bench.SignalMsi(Level());
        Assert.Equal(Vector, ExitAfterEoi(bench));
    }

    [Fact]
    public void TMR_is_not_looked_at_an_edge_of_a_vector_with_a_level_route_is_told()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.Commit(BenchRoute.To(Reserved, Level()));
        bench.SignalMsi(Edge());
        Assert.False(IsLevel(bench));
        Assert.Equal(Vector, ExitAfterEoi(bench));
    }

    [Fact]
    public void Two_level_routes_of_one_vector_make_one_exit()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.Commit(BenchRoute.To(5, Level()), BenchRoute.To(6, Level()));
        bench.SignalMsi(Level());
        Assert.Equal(Vector, ExitAfterEoi(bench));
    }

    [Fact]
    public void A_level_route_to_another_CPU_does_not_count()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Delivery, cpus: 2);
        bench.Commit(BenchRoute.To(Reserved, Level(cpu: 1)));
        // Where the vector comes before KVM looks at the new routes for this CPU, it counts as one that was in flight.
        bench.Enter(0);
        bench.SignalMsi(Level(cpu: 0));
        Assert.Equal(-1, ExitAfterEoi(bench));
        bench.SignalMsi(Level(cpu: 1));
        Assert.Equal(Vector, ExitAfterEoi(bench, cpu: 1));
    }

    public enum Change
    {
        AnotherVector,
        Cleared,
        MadeEdge,
    }

    [Theory]
    [InlineData(Change.AnotherVector)]
    [InlineData(Change.Cleared)]
    [InlineData(Change.MadeEdge)]
    public void The_EOI_is_lost_where_its_vector_left_the_level_routes_meanwhile(Change change)
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.Commit(BenchRoute.To(Reserved, Level()));
        bench.SignalMsi(Level());
        Assert.Equal(Vector, bench.Take(0));
        bench.Commit(change switch
        {
            Change.AnotherVector => [BenchRoute.To(Reserved, Level(Other))],
            Change.MadeEdge => [BenchRoute.To(Reserved, Edge())],
            _ => [],
        });
        bench.Eoi(0);
        Assert.Equal(-1, bench.TakeExit(0));
    }

    [Fact]
    public void The_EOI_is_told_where_the_old_route_is_kept_beside_the_new_one()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.Guest);
        bench.Commit(BenchRoute.To(Reserved, Level()));
        bench.SignalMsi(Level());
        Assert.Equal(Vector, bench.Take(0));
        bench.Commit(BenchRoute.To(Reserved, Level(Other)), BenchRoute.To(Reserved + 1, Level()));
        bench.Eoi(0);
        Assert.Equal(Vector, bench.TakeExit(0));
    }

    /// <summary>A level vector is in service at CPU 0 when its route is moved to CPU 1. Then CPU 0 gets the same vector
    /// twice more.</summary>
    private int[] ExitsAfterMove(BenchMachine machine)
    {
        using IKernelBench bench = Open(machine with { Cpus = 2 }, BenchNeeds.Delivery);
        bench.Commit(BenchRoute.To(Reserved, Level(cpu: 0)));
        bench.SignalMsi(Level(cpu: 0));
        Assert.Equal(Vector, bench.Take(0));
        bench.Commit(BenchRoute.To(Reserved, Level(cpu: 1)));
        bench.Eoi(0);
        int first = bench.TakeExit(0);
        bench.SignalMsi(Edge(cpu: 0));
        int second = ExitAfterEoi(bench);
        bench.SignalMsi(Edge(cpu: 0));
        return [first, second, ExitAfterEoi(bench)];
    }

    [Fact]
    public void Since_6_16_the_EOI_is_told_once_more_where_the_route_moved_to_another_CPU() =>
        Assert.Equal([Vector, -1, -1], ExitsAfterMove(new BenchMachine { Since = (6, 16) }));

    [Fact]
    public void From_6_2_to_6_15_EOIs_are_told_forever_where_the_route_moved_to_another_CPU() =>
        Assert.Equal([Vector, Vector, Vector], ExitsAfterMove(new BenchMachine { Since = (6, 2), Before = (6, 16) }));

    [Fact]
    public void Before_6_2_the_EOI_is_lost_where_the_route_moved_to_another_CPU() =>
        Assert.Equal([-1, -1, -1], ExitsAfterMove(new BenchMachine { Before = (6, 2) }));

    [Theory]
    [InlineData(0, Vector)]
    [InlineData(4, -1)]
    public void SVR_bit_12_suppresses_the_exit_with_the_flag_alone(int flags, int exit)
    {
        using IKernelBench bench = Open(new BenchMachine { X2ApicApi = flags }, BenchNeeds.Guest);
        bench.Commit(BenchRoute.To(Reserved, Level()));
        bench.GuestWritesApic(0, ApicRegister.SpuriousVector, 0x11FF);
        Assert.Equal(0x11FFu, bench.ReadApic(0, ApicRegister.SpuriousVector));
        bench.SignalMsi(Level());
        Assert.Equal(exit, ExitAfterEoi(bench));
    }

    [Fact]
    public void The_other_flag_hides_SVR_bit_12()
    {
        using IKernelBench bench = Open(new BenchMachine { X2ApicApi = 8 }, BenchNeeds.Guest);
        Assert.Equal(0u, bench.ReadApic(0, ApicRegister.Version) & 1 << 24);
        bench.Commit(BenchRoute.To(Reserved, Level()));
        bench.GuestWritesApic(0, ApicRegister.SpuriousVector, 0x11FF);
        Assert.Equal(0x1FFu, bench.ReadApic(0, ApicRegister.SpuriousVector));
        bench.SignalMsi(Level());
        Assert.Equal(Vector, ExitAfterEoi(bench));
    }
}
