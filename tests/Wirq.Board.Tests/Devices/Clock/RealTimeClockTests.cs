using Wirq.Board.Devices.Clock;

namespace Wirq.Board.Tests.Devices.Clock;

public sealed class RealTimeClockTests : IDisposable
{
    private const int Vector = 0x58;
    private const int A = 0x0A, B = 0x0B, C = 0x0C, D = 0x0D;
    private const long Second = 1_000_000_000;

    private readonly DeviceBench _bench = new();
    private readonly ManualClock _clock = new();
    private readonly RealTimeClock _rtc;

    public RealTimeClockTests()
    {
        _rtc = new RealTimeClock(_bench.Host, _clock, new DateTime(2024, 2, 28, 23, 59, 58), lowBytes: 0xC0000000, highBytes: 0x1_4000_0000, cpus: 4);
        _rtc.MapAt(_bench.Bus);
        _bench.Program(8, Vector);
    }

    public void Dispose() => _rtc.Dispose();

    [Fact]
    public void Time_passes_in_bcd_and_24_hours()
    {
        Assert.Equal([0x58, 0x59, 0x23, 4, 0x28, 2, 0x24, 0x20], Time());
        _clock.Now = 2 * Second;
        Assert.Equal([0, 0, 0, 5, 0x29, 2, 0x24, 0x20], Time());
        _clock.Now = (2 + 24 * 3600) * Second;
        Assert.Equal([0, 0, 0, 6, 1, 3, 0x24, 0x20], Time());
    }

    [Fact]
    public void Time_is_set_while_updates_stop_and_goes_on_from_there()
    {
        Write(B, 0x80 | 0x04);
        _clock.Now = 5 * Second;
        Assert.Equal(0x58, Read(0));
        // 1999-12-31 11:59:59 p.m., binary.
        foreach ((int register, int value) in ((int, int)[])[(0, 59), (2, 59), (4, 0x80 | 11), (7, 31), (8, 12), (9, 99), (0x32, 19)])
            Write(register, value);
        Write(B, 0x04);
        Assert.Equal([59, 59, 0x80 | 11, 6, 31, 12, 99, 19], Time());
        _clock.Now = 6 * Second;
        Assert.Equal([0, 0, 12, 7, 1, 1, 0, 20], Time());
        Write(B, 0x06);
        Assert.Equal(0, Read(4));
    }

    [Theory]
    [InlineData(7, 0x30)]
    [InlineData(8, 0x13)]
    [InlineData(0, 0x60)]
    [InlineData(4, 0x24)]
    [InlineData(0x32, 0x99)]
    [InlineData(2, 0x0A)]
    public void A_time_that_there_is_not_is_forgotten_when_the_clock_runs_on(int register, int value)
    {
        Write(B, 0x82);
        Write(register, value);
        Assert.Equal(value, Read(register));
        Write(B, 0x02);
        Assert.Equal([0x58, 0x59, 0x23, 4, 0x28, 2, 0x24, 0x20], Time());
    }

    [Fact]
    public void An_update_in_progress_is_announced_before_the_second_ends()
    {
        _clock.Now = Second - 300_000;
        Assert.Equal(0x26, Read(A));
        _clock.Now = Second - 200_000;
        Assert.Equal(0xA6, Read(A));
        _clock.Now = Second;
        Assert.Equal(0x26, Read(A));
    }

    [Fact]
    public void The_update_ended_interrupt_comes_each_second_once_it_was_read()
    {
        Write(B, 0x12);
        Assert.Equal(1, _clock.Run(_rtc, 3 * Second));
        Assert.Equal([Vector, -1], new[] { _bench.Next(), _bench.Next() });
        Assert.Equal([0x90, 0], new[] { Read(C) & 0x90, Read(C) });
        Assert.Equal(1, _clock.Run(_rtc, Second));
        Assert.Equal(Vector, _bench.Next());
    }

    [Theory]
    [InlineData(0x26, 1024)]
    [InlineData(0x23, 8192)]
    [InlineData(0x2F, 2)]
    [InlineData(0x21, 256)]
    [InlineData(0x20, 0)]
    [InlineData(0x76, 0)]
    public void The_periodic_interrupt_has_the_rate_of_register_a(int a, int perSecond)
    {
        Write(A, a);
        Write(B, 0x42);
        int heard = 0;
        for (int step = 0; step < 20_000; step++)
        {
            _clock.Run(_rtc, Second / 20_000);
            if (_bench.Next() != Vector)
                continue;
            Assert.Equal(0xC0, Read(C) & 0xC0);
            heard++;
        }
        Assert.InRange(heard, perSecond - 1, perSecond);
    }

    [Theory]
    [InlineData(0x23, 0x59, 0x59, 1)]
    [InlineData(0x00, 0x00, 0x05, 7)]
    [InlineData(0xFF, 0x00, 0x00, 2)]
    [InlineData(0xFF, 0xC0, 0x30, 32)]
    [InlineData(0x23, 0x59, 0x58, 86400)]
    public void The_alarm_comes_when_all_its_fields_match(int hour, int minute, int second, int after)
    {
        Write(5, hour);
        Write(3, minute);
        Write(1, second);
        Write(B, 0x22);
        Assert.Equal(after * Second, _rtc.NextDeadline);
        _clock.Run(_rtc, after * Second - 1);
        Assert.Equal(-1, _bench.Next());
        _clock.Run(_rtc, 1);
        Assert.Equal(Vector, _bench.Next());
        Assert.Equal(0xA0, Read(C) & 0xA0);
    }

    [Fact]
    public void An_alarm_at_no_time_never_comes()
    {
        Write(5, 0x24);
        Write(3, 0xFF);
        Write(1, 0xFF);
        Write(B, 0x22);
        Assert.Equal(long.MaxValue, _rtc.NextDeadline);
        _clock.Now = 3 * 86400 * Second;
        Assert.Equal(0, Read(C) & 0x20);
    }

    [Fact]
    public void Flags_are_seen_without_interrupts_and_enabling_one_that_is_set_interrupts()
    {
        _clock.Now = Second;
        Assert.Equal(0x50, Read(C));
        _clock.Now = 2 * Second;
        Write(B, 0x12);
        Assert.Equal(Vector, _bench.Next());
        Assert.Equal(0xD0, Read(C) & 0xD0);
    }

    [Fact]
    public void Stopping_updates_ends_their_interrupt()
    {
        Write(B, 0x92);
        Assert.Equal(0x82, Read(B));
        Assert.Equal(long.MaxValue, _rtc.NextDeadline);
    }

    [Fact]
    public void Its_memory_says_how_much_memory_and_how_many_cpus_there_are_and_keeps_what_is_written()
    {
        Assert.Equal([640, 0xFFFF, 0xFFFF, (0xC0000000 - (16 << 20)) / 65536, 0x4000, 1, 3], new long[] { Word(0x15), Word(0x17),
            Word(0x30), Word(0x34), Word(0x5B), Read(0x5D), Read(0x5F) });
        Write(0x0F, 0x0A);
        Write(0x7F, 0x55);
        Write(D, 0);
        Assert.Equal([0x0A, 0x55, 0x80], new[] { Read(0x0F), Read(0x7F), Read(D) });
        Assert.Equal(0xFF, _bench.In(0x70));
    }

    [Fact]
    public void Who_waits_is_told_when_a_read_moves_the_deadline()
    {
        Write(B, 0x12);
        _clock.Run(_rtc, Second);
        int moved = 0;
        _rtc.DeadlineMoved += () => moved++;
        Assert.Equal(long.MaxValue, _rtc.NextDeadline);
        Read(C);
        Assert.Equal((1, 2 * Second), (moved, _rtc.NextDeadline));
    }

    [Fact]
    public void Nothing_that_a_guest_writes_throws_or_hangs()
    {
        const int Seed = 146818;
        var random = new Random(Seed);
        for (int step = 0; step < 30_000; step++)
        {
            int register = random.Next(4) == 0 ? random.Next(256) : random.Next(14);
            if (random.Next(3) > 0)
                Write(register, random.Next(256));
            else
                Read(register);
            _clock.Run(_rtc, random.NextInt64(random.Next(5) == 0 ? 100 * 86400 * Second : 2 * Second));
            while (_bench.Next() >= 0)
            {
            }
        }
    }

    private byte Read(int register)
    {
        _bench.Out(0x70, register);
        return _bench.In(0x71);
    }

    private void Write(int register, int value)
    {
        _bench.Out(0x70, register);
        _bench.Out(0x71, value);
    }

    private long Word(int register) => Read(register) | Read(register + 1) << 8;

    private int[] Time() => [Read(0), Read(2), Read(4), Read(6), Read(7), Read(8), Read(9), Read(0x32)];
}
