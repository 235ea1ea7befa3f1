using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>The timer: SDM vol. 3, 11.5.4, and what kvm-unit-tests expect of it.</summary>
public sealed class TimerTests
{
    private const uint Vector = 0x41, Masked = 1 << 16, Periodic = 1 << 17, Deadline = 2 << 17, Reserved = 3 << 17;
    private const uint DivideBy1 = 0xB;

    private static ApicBench Bench(uint lvt = Vector, uint divide = DivideBy1, long busHz = 1_000_000_000,
        long tscHz = 1_000_000_000)
    {
        var bench = new ApicBench(new LocalApicOptions { BusHz = busHz, TscHz = tscHz });
        bench.Events.Now = 1000;
        bench.Write(Divide, divide);
        bench.Write(ApicBench.Timer, lvt);
        return bench;
    }

    [Fact]
    public void One_shot_counts_down_and_expires_once()
    {
        ApicBench bench = Bench();
        bench.Write(InitialCount, 500);
        Assert.Equal(1500, bench.Apics.NextDeadline);
        Assert.Equal(500u, bench.Read(CurrentCount));
        bench.Events.Now = 1499;
        Assert.Equal(1u, bench.Read(CurrentCount));
        bench.Advance(1499);
        Assert.Empty(bench.Pending());
        bench.Advance(1500);
        Assert.Equal([(int)Vector], bench.Pending());
        Assert.Equal((0u, 500u), (bench.Read(CurrentCount), bench.Read(InitialCount)));
        Assert.Equal(long.MaxValue, bench.Apics.NextDeadline);
    }

    [Theory]
    [InlineData(0x0u, 2)]
    [InlineData(0x1u, 4)]
    [InlineData(0x2u, 8)]
    [InlineData(0x3u, 16)]
    [InlineData(0x8u, 32)]
    [InlineData(0x9u, 64)]
    [InlineData(0xAu, 128)]
    [InlineData(0xBu, 1)]
    public void The_bus_clock_is_divided(uint divide, int divisor)
    {
        ApicBench bench = Bench(divide: divide);
        bench.Write(InitialCount, 100);
        Assert.Equal(1000 + 100 * divisor, bench.Apics.NextDeadline);
        bench.Events.Now = 1000 + 40 * divisor;
        Assert.Equal(60u, bench.Read(CurrentCount));
        Assert.Equal(divide, DivideConfiguration.For(divisor).Bits);
    }

    [Fact]
    public void Periodic_starts_again_by_itself()
    {
        ApicBench bench = Bench(Vector | Periodic);
        bench.Write(InitialCount, 500);
        for (int i = 1; i <= 3; i++)
        {
            bench.Advance(1000 + 500 * i);
            Assert.Equal(Vector, bench.Take());
            bench.Write(Eoi, 0);
            Assert.Equal(1500 + 500 * i, bench.Apics.NextDeadline);
            Assert.Equal(500u, bench.Read(CurrentCount));
        }
    }

    [Fact]
    public void Missed_periods_expire_once_and_keep_the_phase()
    {
        ApicBench bench = Bench(Vector | Periodic);
        bench.Events.Observing = true;
        bench.Write(InitialCount, 500);
        bench.Advance(1000 + 500 * 1_000_000_000_007 + 123);
        Assert.Single(bench.Drain(), e => e.Kind == EventKind.TimerExpired);
        Assert.Equal(1000 + 500 * 1_000_000_000_008, bench.Apics.NextDeadline);
        Assert.Equal(377u, bench.Read(CurrentCount));
    }

    [Theory]
    [InlineData(3_000_000_000)]
    [InlineData(66_666_667)]
    [InlineData(1_000)]
    [InlineData(1_000_000_000_000)]
    public void A_frequency_that_does_not_divide_a_second_into_ns_makes_no_drift(long busHz)
    {
        ApicBench bench = Bench(Vector | Periodic, busHz: busHz);
        bench.Write(InitialCount, 7);
        Int128 Exact(long n) => ((Int128)n * 7 * 1_000_000_000 + busHz - 1) / busHz;
        long at = 0;
        foreach (long n in (long[])[1, 2, 3, 1000, 1001, 123456])
        {
            at = (long)(1000 + Exact(n));
            bench.Advance(at);
            long next = bench.Apics.NextDeadline;
            Assert.True(next > at);
            if (busHz < 1_000_000_000)
                Assert.Equal((long)(1000 + Exact(n + 1)), next);
        }
    }

    [Fact]
    public void Writing_zero_stops_it()
    {
        ApicBench bench = Bench(Vector | Periodic);
        bench.Write(InitialCount, 500);
        bench.Write(InitialCount, 0);
        Assert.Equal((0u, long.MaxValue), (bench.Read(CurrentCount), bench.Apics.NextDeadline));
        bench.Advance(1_000_000);
        Assert.Empty(bench.Pending());
    }

    [Fact]
    public void Writing_the_initial_count_starts_afresh()
    {
        ApicBench bench = Bench();
        bench.Write(InitialCount, 500);
        bench.Events.Now = 1400;
        bench.Write(InitialCount, 500);
        Assert.Equal(1900, bench.Apics.NextDeadline);
    }

    [Fact]
    public void A_masked_timer_counts_and_tells_of_its_expiry()
    {
        ApicBench bench = Bench(Vector | Masked | Periodic);
        bench.Events.Observing = true;
        bench.Write(InitialCount, 500);
        bench.Advance(1500);
        Assert.Equal(["TimerExpired 0 0x1"], bench.DrainText());
        Assert.Equal(2000, bench.Apics.NextDeadline);
        bench.Write(ApicBench.Timer, Vector | Periodic);
        bench.Advance(2000);
        Assert.Equal(["TimerExpired 0 0x0", "VectorAccepted 0 0x41", "CpuInterrupt 0 0x0"], bench.DrainText());
    }

    [Fact]
    public void A_new_divisor_continues_the_count_at_the_new_rate()
    {
        ApicBench bench = Bench();
        bench.Write(InitialCount, 1000);
        bench.Events.Now = 1400;
        bench.Write(Divide, 0x1);
        Assert.Equal(600u, bench.Read(CurrentCount));
        Assert.Equal(1400 + 600 * 4, bench.Apics.NextDeadline);
        bench.Write(Divide, DivideBy1);
        Assert.Equal(2000, bench.Apics.NextDeadline);
    }

    [Fact]
    public void Between_one_shot_and_periodic_the_count_goes_on()
    {
        // kvm-unit-tests, x86/apic.c, change_mode.
        ApicBench bench = Bench();
        bench.Write(InitialCount, 0x999999);
        bench.Write(ApicBench.Timer, Vector | Periodic);
        Assert.Equal(0x999999u, bench.Read(InitialCount));
        bench.Write(ApicBench.Timer, Vector);
        bench.Write(InitialCount, 1000);
        bench.Events.Now = 1600;
        bench.Write(ApicBench.Timer, Vector | Periodic);
        Assert.Equal(400u, bench.Read(CurrentCount));
        bench.Advance(2100);
        Assert.Equal(900u, bench.Read(CurrentCount));
        bench.Write(ApicBench.Timer, Vector);
        Assert.Equal(900u, bench.Read(CurrentCount));
        bench.Advance(3000);
        Assert.Equal(0u, bench.Read(CurrentCount));
        bench.Write(ApicBench.Timer, Vector | Periodic);
        Assert.Equal((0u, long.MaxValue), (bench.Read(CurrentCount), bench.Apics.NextDeadline));
    }

    [Theory]
    [InlineData(Deadline)]
    [InlineData(Reserved)]
    public void Leaving_the_counting_modes_disarms(uint mode)
    {
        ApicBench bench = Bench();
        bench.Write(InitialCount, 1000);
        bench.Write(ApicBench.Timer, Vector | mode);
        Assert.Equal((0u, long.MaxValue), (bench.Read(CurrentCount), bench.Apics.NextDeadline));
        bench.Write(ApicBench.Timer, Vector);
        Assert.Equal((0u, 1000u, long.MaxValue),
            (bench.Read(CurrentCount), bench.Read(InitialCount), bench.Apics.NextDeadline));
    }

    [Fact]
    public void Tsc_deadline_expires_when_the_tsc_reaches_it_and_clears_itself()
    {
        ApicBench bench = Bench(Vector | Deadline, tscHz: 2_500_000_000);
        bench.WriteMsr(DeadlineMsr, 5001);
        Assert.Equal(2001, bench.Apics.NextDeadline);
        Assert.Equal(5001ul, bench.ReadMsr(DeadlineMsr));
        bench.Advance(2000);
        Assert.Empty(bench.Pending());
        bench.Advance(2001);
        Assert.Equal([(int)Vector], bench.Pending());
        Assert.Equal(0ul, bench.ReadMsr(DeadlineMsr));
    }

    [Fact]
    public void A_deadline_that_has_passed_expires_at_once()
    {
        ApicBench bench = Bench(Vector | Deadline);
        bench.WriteMsr(DeadlineMsr, 1000);
        Assert.Equal([(int)Vector], bench.Pending());
        Assert.Equal(0ul, bench.ReadMsr(DeadlineMsr));
    }

    [Fact]
    public void Zero_disarms_the_deadline_and_the_initial_count_is_ignored()
    {
        ApicBench bench = Bench(Vector | Deadline);
        bench.WriteMsr(DeadlineMsr, 5000);
        bench.Write(InitialCount, 100);
        Assert.Equal((0u, 0u, 5000), (bench.Read(InitialCount), bench.Read(CurrentCount), bench.Apics.NextDeadline));
        bench.WriteMsr(DeadlineMsr, 0);
        Assert.Equal(long.MaxValue, bench.Apics.NextDeadline);
    }

    [Fact]
    public void Outside_its_mode_the_deadline_reads_zero_and_ignores_writes()
    {
        ApicBench bench = Bench();
        bench.WriteMsr(DeadlineMsr, 500);
        Assert.Equal(0ul, bench.ReadMsr(DeadlineMsr));
        Assert.Equal(long.MaxValue, bench.Apics.NextDeadline);
        bench.Write(ApicBench.Timer, Vector | Deadline);
        bench.WriteMsr(DeadlineMsr, 5000);
        bench.Write(ApicBench.Timer, Vector);
        Assert.Equal(long.MaxValue, bench.Apics.NextDeadline);
        bench.Write(ApicBench.Timer, Vector | Deadline);
        Assert.Equal(0ul, bench.ReadMsr(DeadlineMsr));
    }

    [Fact]
    public void A_late_advance_loses_nothing_when_registers_are_touched_first()
    {
        ApicBench bench = Bench();
        bench.Write(InitialCount, 100);
        bench.Events.Now = 1200;
        bench.Write(InitialCount, 0);
        Assert.Equal([(int)Vector], bench.Pending());

        ApicBench periodic = Bench(Vector | Periodic);
        periodic.Write(InitialCount, 100);
        periodic.Events.Now = 1230;
        Assert.Equal(70u, periodic.Read(CurrentCount));
        Assert.Equal([(int)Vector], periodic.Pending());

        ApicBench deadline = Bench(Vector | Deadline);
        deadline.WriteMsr(DeadlineMsr, 1100);
        deadline.Events.Now = 1200;
        Assert.Equal(0ul, deadline.ReadMsr(DeadlineMsr));
        Assert.Equal([(int)Vector], deadline.Pending());
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul << 63)]
    public void A_deadline_beyond_time_never_expires(ulong value)
    {
        ApicBench bench = Bench(Vector | Deadline, tscHz: 1_000);
        bench.WriteMsr(DeadlineMsr, value);
        Assert.Equal(long.MaxValue, bench.Apics.NextDeadline);
        Assert.Equal(value, bench.ReadMsr(DeadlineMsr));
        bench.Advance(long.MaxValue);
        Assert.Empty(bench.Pending());
    }

    [Fact]
    public void The_end_of_time_is_reached_without_overflow_or_loop()
    {
        ApicBench bench = Bench(Vector | Periodic, divide: 0xA, busHz: 1_000);
        bench.Write(InitialCount, uint.MaxValue);
        bench.Advance(long.MaxValue);
        Assert.Equal([(int)Vector], bench.Pending());
        Assert.Equal(long.MaxValue, bench.Apics.NextDeadline);
        bench.Write(InitialCount, 1);
        bench.Apics.Advance(bench.Events);
        Assert.Equal(0u, bench.Read(CurrentCount));

        bench.Events.Now = long.MinValue;
        bench.Write(InitialCount, uint.MaxValue);
        Assert.Equal(uint.MaxValue, bench.Read(CurrentCount));
    }

    [Fact]
    public void An_illegal_vector_in_the_timers_entry_is_an_error()
    {
        ApicBench bench = Bench(0x05);
        bench.Write(InitialCount, 10);
        bench.Advance(2000);
        Assert.Equal(1u << 6, bench.LatchedErrors());
        Assert.Empty(bench.Pending());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(300)]
    public void Many_timers_expire_in_the_order_of_their_deadlines(int count)
    {
        var bench = new ApicBench(count);
        var random = new Random(count);
        var due = new long[count];
        for (int cpu = 0; cpu < count; cpu++)
        {
            bench.Write(Divide, DivideBy1, cpu);
            bench.Write(ApicBench.Timer, Vector, cpu);
            due[cpu] = random.Next(1, 200);
            bench.Write(InitialCount, (uint)due[cpu], cpu);
        }
        Assert.Equal(due.Min(), bench.Apics.NextDeadline);
        bench.Advance(100);
        int[] expected = [.. Enumerable.Range(0, count).Where(cpu => due[cpu] <= 100).OrderBy(cpu => due[cpu])];
        Assert.Equal(expected, bench.Drain().Select(e => e.Cpu));
        Assert.Equal(due.Where(at => at > 100).DefaultIfEmpty(long.MaxValue).Min(), bench.Apics.NextDeadline);
    }
}
