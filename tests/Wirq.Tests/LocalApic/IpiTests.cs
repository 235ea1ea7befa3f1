using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>The interrupt command register: SDM vol. 3, 11.6.1.</summary>
public sealed class IpiTests
{
    private static void Send(ApicBench bench, InterruptCommand command, int cpu = 0)
    {
        if (bench.Apics.Base(cpu).Mode == ApicMode.X2Apic)
        {
            bench.WriteX2(IcrLow, command.Bits, cpu);
            return;
        }
        bench.Write(IcrHigh, InterruptCommand.High8((byte)command.Destination32), cpu);
        bench.Write(IcrLow, command.Low, cpu);
    }

    public static TheoryData<int, DeliveryMode, string> Combinations => new()
    {
        { (int)DestinationShorthand.None, DeliveryMode.Fixed, "2" },
        { (int)DestinationShorthand.None, DeliveryMode.LowestPriority, "2" },
        { (int)DestinationShorthand.None, DeliveryMode.Smi, "2" },
        { (int)DestinationShorthand.None, DeliveryMode.Reserved, "" },
        { (int)DestinationShorthand.None, DeliveryMode.Nmi, "2" },
        { (int)DestinationShorthand.None, DeliveryMode.Init, "2" },
        { (int)DestinationShorthand.None, DeliveryMode.StartUp, "2" },
        { (int)DestinationShorthand.None, DeliveryMode.ExtInt, "" },
        { (int)DestinationShorthand.Self, DeliveryMode.Fixed, "1" },
        { (int)DestinationShorthand.Self, DeliveryMode.LowestPriority, "" },
        { (int)DestinationShorthand.Self, DeliveryMode.Smi, "" },
        { (int)DestinationShorthand.Self, DeliveryMode.Reserved, "" },
        { (int)DestinationShorthand.Self, DeliveryMode.Nmi, "" },
        { (int)DestinationShorthand.Self, DeliveryMode.Init, "" },
        { (int)DestinationShorthand.Self, DeliveryMode.StartUp, "" },
        { (int)DestinationShorthand.Self, DeliveryMode.ExtInt, "" },
        { (int)DestinationShorthand.AllIncludingSelf, DeliveryMode.Fixed, "0,1,2" },
        { (int)DestinationShorthand.AllIncludingSelf, DeliveryMode.LowestPriority, "" },
        { (int)DestinationShorthand.AllIncludingSelf, DeliveryMode.Smi, "" },
        { (int)DestinationShorthand.AllIncludingSelf, DeliveryMode.Nmi, "" },
        { (int)DestinationShorthand.AllIncludingSelf, DeliveryMode.Init, "" },
        { (int)DestinationShorthand.AllIncludingSelf, DeliveryMode.StartUp, "" },
        { (int)DestinationShorthand.AllExcludingSelf, DeliveryMode.Fixed, "0,2" },
        { (int)DestinationShorthand.AllExcludingSelf, DeliveryMode.LowestPriority, "0" },
        { (int)DestinationShorthand.AllExcludingSelf, DeliveryMode.Smi, "0,2" },
        { (int)DestinationShorthand.AllExcludingSelf, DeliveryMode.Reserved, "" },
        { (int)DestinationShorthand.AllExcludingSelf, DeliveryMode.Nmi, "0,2" },
        { (int)DestinationShorthand.AllExcludingSelf, DeliveryMode.Init, "0,2" },
        { (int)DestinationShorthand.AllExcludingSelf, DeliveryMode.StartUp, "0,2" },
        { (int)DestinationShorthand.AllExcludingSelf, DeliveryMode.ExtInt, "" },
    };

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Shorthands_and_modes_combine_as_table_11_3_says(int shorthand, DeliveryMode mode,
        string cpus)
    {
        foreach (bool x2Apic in (bool[])[false, true])
        {
            var bench = new ApicBench(3);
            if (x2Apic)
                bench.ToX2Apic();
            Send(bench, InterruptCommand.Create(0x41, mode, 2, shorthand: (DestinationShorthand)shorthand), cpu: 1);
            Assert.Equal(cpus, string.Join(',', bench.Drain().Select(e => e.Unit)));
            Assert.Equal(0u, bench.Apics.State(1).Recorded.Bits);
        }
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x0F)]
    public void An_illegal_vector_is_not_sent(byte vector)
    {
        foreach (DeliveryMode mode in (DeliveryMode[])[DeliveryMode.Fixed, DeliveryMode.LowestPriority])
        {
            var bench = new ApicBench(2);
            Send(bench, InterruptCommand.Create(vector, mode, 1));
            Assert.Equal(1u << 5, bench.LatchedErrors());
            Assert.Equal(0u, bench.LatchedErrors(1));
            Assert.Empty(bench.Pending(1));
        }
    }

    [Fact]
    public void Vectors_from_16_on_are_sent_and_signals_take_any()
    {
        var bench = new ApicBench(2);
        Send(bench, InterruptCommand.Create(0x10, destination: 1));
        Send(bench, InterruptCommand.Create(0x02, DeliveryMode.Nmi, 1));
        Assert.Equal(0u, bench.LatchedErrors());
        Assert.Equal([0x10], bench.Pending(1));
        Assert.Equal(["CpuInterrupt 1 0x0", "CpuNmi 1 0x0"], bench.DrainText());
    }

    [Fact]
    public void Self_ipi_with_an_illegal_vector_is_a_send_error()
    {
        var bench = new ApicBench();
        bench.ToX2Apic();
        bench.WriteX2(SelfIpi, 0x0F);
        bench.WriteX2(Esr, 0);
        Assert.Equal(1ul << 5, bench.ReadX2(Esr));
    }

    [Theory]
    [InlineData(0x41)]
    [InlineData(0x01)]
    public void Where_lowest_priority_cannot_be_sent_bit_4_alone_is_set(byte vector)
    {
        var bench = new ApicBench(new LocalApicOptions { Count = 2, LowestPriorityIpi = false });
        Send(bench, InterruptCommand.Create(vector, DeliveryMode.LowestPriority, 1));
        Assert.Equal(1u << 4, bench.LatchedErrors());
        Assert.Empty(bench.Pending(1));
    }

    [Fact]
    public void An_ipi_is_an_edge_whatever_its_trigger_bit()
    {
        var bench = new ApicBench(2);
        Send(bench, InterruptCommand.Create(0x41, destination: 1, level: true, assert: false));
        Assert.Equal([0x41], bench.Pending(1));
        Assert.Empty(bench.LevelVectors(1));
    }

    [Fact]
    public void Init_assert_and_level_deassert_as_an_operating_system_sends_them()
    {
        var bench = new ApicBench(2);
        Send(bench, InterruptCommand.Create(0, DeliveryMode.Init, 1, level: true));
        Assert.Equal(["CpuInit 1 0x0"], bench.DrainText());
        Send(bench, InterruptCommand.Create(0, DeliveryMode.Init, 1, level: true, assert: false));
        Assert.Empty(bench.Drain());
        Send(bench, InterruptCommand.Create(0x9A, DeliveryMode.StartUp, 1));
        Assert.Equal(["CpuStartUp 1 0x9a"], bench.DrainText());
    }

    [Fact]
    public void An_ipi_names_its_sender()
    {
        var bench = new ApicBench(3);
        Send(bench, InterruptCommand.Create(0, DeliveryMode.Nmi, 0), cpu: 2);
        Assert.Equal(Origin.Ipi(2), Assert.Single(bench.Drain()).Origin);
    }

    [Fact]
    public void An_xapic_ipi_to_0xff_is_a_broadcast_and_an_x2apic_one_is_not()
    {
        var bench = new ApicBench(3);
        Send(bench, InterruptCommand.Create(0x41, destination: 0xFF));
        Assert.Equal([0, 1, 2], bench.Holders(0x41));
        bench.ToX2Apic();
        Send(bench, InterruptCommand.Create(0x42, destination: 0xFF));
        Assert.Empty(bench.Holders(0x42));
        Send(bench, InterruptCommand.Create(0x43, destination: 0xFFFFFFFF));
        Assert.Equal([0, 1, 2], bench.Holders(0x43));
        Send(bench, InterruptCommand.Create(0x44, destination: 0x00000006, logical: true));
        Assert.Equal([1, 2], bench.Holders(0x44));
    }

    [Fact]
    public void A_combination_that_is_not_sent_is_told_as_misuse()
    {
        var bench = new ApicBench { Events = { Observing = true } };
        Send(bench, InterruptCommand.Create(0, DeliveryMode.Nmi, shorthand: DestinationShorthand.Self));
        Event misuse = Assert.Single(bench.Drain());
        Assert.Equal((EventKind.GuestMisuse, (uint)Misuse.Message), (misuse.Kind, misuse.Index));
    }
}
