using System.Reflection;
using System.Runtime.CompilerServices;
using Wirq.State;
using Wirq.Tests.Shared;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

public sealed class ApicStateTests
{
    [Theory]
    [InlineData(typeof(ApicState))]
    [InlineData(typeof(ApicBusState))]
    [InlineData(typeof(Deadline))]
    public void State_has_no_padding_and_whole_words(Type type)
    {
        int size = SizeOf(type);
        Assert.Equal(size, FieldBytes(type));
        Assert.Equal(0, size % 8);
    }

    private static int SizeOf(Type type) => (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!
        .MakeGenericMethod(type).Invoke(null, null)!;

    private static int FieldBytes(Type type)
    {
        if (type.IsPrimitive)
            return SizeOf(type);
        return type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Sum(field => FieldBytes(field.FieldType));
    }

    [Fact]
    public void Identity_is_relative_to_time()
    {
        ApicBench Run(long start)
        {
            var bench = new ApicBench(new LocalApicOptions { Count = 3, TscHz = 2_000_000_000 });
            bench.Events.Now = start;
            bench.Write(ApicBench.Timer, 0x20041);
            bench.Write(InitialCount, 1000);
            bench.Write(ApicBench.Timer, 0x40041, cpu: 1);
            bench.WriteMsr(DeadlineMsr, (ulong)(start + 700) * 2, cpu: 1);
            return bench;
        }

        ApicBench early = Run(0), late = Run(123_456_789);
        Assert.Equal(early.Arena.Identity(0), late.Arena.Identity(123_456_789));
        Assert.NotEqual(early.Arena.Identity(0), early.Arena.Identity(1));
        Assert.NotEqual(early.Arena.Identity(0), Run(1).Arena.Identity(0));

        early.Advance(900);
        late.Advance(123_456_789 + 900);
        Assert.Equal(early.Arena.Identity(900), late.Arena.Identity(123_456_789 + 900));
    }

    [Fact]
    public void A_periodic_timer_comes_back_to_the_same_state()
    {
        var bench = new ApicBench();
        bench.Write(ApicBench.Timer, 0x20041);
        bench.Write(InitialCount, 1000);
        UInt128 before = bench.Arena.Identity(0);
        bench.Advance(2000);
        Assert.NotEqual(before, bench.Arena.Identity(2000));
        bench.Take();
        bench.Write(Eoi, 0);
        Assert.Equal(before, bench.Arena.Identity(2000));
    }

    [Fact]
    public void The_hot_path_allocates_nothing()
    {
        var bench = new ApicBench(4);
        for (int cpu = 0; cpu < 4; cpu++)
            bench.Write(Ldr, LogicalDestination.For((byte)(1 << cpu)).Bits, cpu);

        var toOthers = InterruptCommand.Create(0x71, shorthand: DestinationShorthand.AllExcludingSelf);
        void Round()
        {
            bench.Send(0x41, 1);
            bench.Take(1);
            bench.Write(Eoi, 0, cpu: 1);
            bench.Send(0x51, 0x0F, DeliveryMode.LowestPriority, logical: true);
            bench.Send(0x61, 0xFF);
            bench.Write(IcrLow, toOthers.Low);
            bench.Write(InitialCount, 100);
            bench.Advance(bench.Events.Now + 1000);
            bench.Read(0x40);
            bench.Events.Clear();
        }

        Assert.Equal(0, Allocations.Of(1000, Round));
    }

    public static TheoryData<LocalApicOptions> Impossible => new()
    {
        new LocalApicOptions { Count = 0 },
        new LocalApicOptions { Count = 4097 },
        new LocalApicOptions { Count = 2, Ids = [1] },
        new LocalApicOptions { Count = 2, Ids = [1, 1] },
        new LocalApicOptions { Ids = [uint.MaxValue] },
        new LocalApicOptions { BusHz = 0 },
        new LocalApicOptions { TscHz = long.MaxValue },
        new LocalApicOptions { PhysicalAddressBits = 64 },
    };

    [Theory]
    [MemberData(nameof(Impossible), DisableDiscoveryEnumeration = true)]
    public void A_machine_that_cannot_be_is_not_built(LocalApicOptions options)
    {
        Assert.Throws<OptionException>(() => new LocalApics(options, new StateArena()));
    }

    [Fact]
    public void A_cpu_that_is_not_there_is_the_callers_error()
    {
        var bench = new ApicBench(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Read(Id, cpu: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Apics.SetLint(0, 2, true, bench.Events));
    }
}
