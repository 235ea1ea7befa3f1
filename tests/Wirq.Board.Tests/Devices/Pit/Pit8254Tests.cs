using Wirq.Board.Bus;
using Wirq.Board.Devices.Pit;
using Wirq.Host;

namespace Wirq.Board.Tests.Devices.Pit;

public sealed class Pit8254Tests : IDisposable
{
    private const int Counter0 = 0x40, Counter2 = 0x42, Control = 0x43, System = 0x61, Vector = 0x52;
    private const long Millisecond = 1_000_000;

    private readonly DeviceBench _bench = new();
    private readonly ManualClock _clock = new();
    private readonly Pit8254 _pit;

    public Pit8254Tests()
    {
        _pit = new Pit8254(_bench.Host, _clock);
        _pit.MapAt(_bench.Bus);
        // The override of ISA interrupt 0.
        _bench.Program(2, Vector);
    }

    public void Dispose() => _pit.Dispose();

    [Fact]
    public void Before_its_first_control_word_it_is_silent()
    {
        _bench.Out(Counter0, 0);
        _bench.Out(Counter0, 1);
        Assert.Equal(long.MaxValue, _pit.NextDeadline);
        Assert.Equal(-1, _bench.Next());
    }

    [Fact]
    public void Mode_2_interrupts_once_in_each_period()
    {
        Load(0, 0x34, 1193);
        Drain();
        for (int period = 1; period <= 5; period++)
        {
            Assert.Equal(1, _clock.Run(_pit, Millisecond));
            Assert.Equal([Vector, -1], new[] { _bench.Next(), _bench.Next() });
        }
    }

    [Fact]
    public void Mode_3_interrupts_as_often()
    {
        Load(0, 0x36, 0);
        Drain();
        // 65536 clocks: 18.2 in a second.
        Assert.Equal(18, _clock.Run(_pit, 1000 * Millisecond));
    }

    [Fact]
    public void Mode_0_interrupts_when_the_count_has_passed_and_not_again()
    {
        Load(0, 0x30, 11932);
        Assert.Equal(-1, _bench.Next());
        _clock.Run(_pit, 9 * Millisecond);
        Assert.Equal(-1, _bench.Next());
        _clock.Run(_pit, 2 * Millisecond);
        Assert.Equal(Vector, _bench.Next());
        Assert.Equal(0, _clock.Run(_pit, 100 * Millisecond));
        Assert.Equal(-1, _bench.Next());
        Load(0, null, 1193);
        _clock.Run(_pit, 2 * Millisecond);
        Assert.Equal(Vector, _bench.Next());
    }

    [Fact]
    public void Mode_4_strobes_once()
    {
        Load(0, 0x38, 1193);
        Drain();
        Assert.Equal(1, _clock.Run(_pit, 100 * Millisecond));
        Assert.Equal([Vector, -1], new[] { _bench.Next(), _bench.Next() });
    }

    [Fact]
    public void Periods_that_nobody_served_interrupt_once()
    {
        Load(0, 0x34, 1193);
        Drain();
        _clock.Now = 1000 * Millisecond;
        _pit.Advance(_clock.Now);
        Assert.Equal([Vector, -1], new[] { _bench.Next(), _bench.Next() });
        Assert.InRange(_pit.NextDeadline, _clock.Now, _clock.Now + 2 * Millisecond);
    }

    [Fact]
    public void A_guest_that_asks_for_a_flood_gets_ten_thousand_in_a_second()
    {
        Load(0, 0x34, 1);
        Assert.InRange(_clock.Run(_pit, 1000 * Millisecond), 9_000, 10_100);
    }

    [Theory]
    [InlineData(0x34, 1000, 100, 900)]
    [InlineData(0x34, 1000, 1000, 1000)]
    [InlineData(0x34, 1000, 1999, 1)]
    [InlineData(0x36, 1000, 100, 800)]
    [InlineData(0x36, 1000, 600, 800)]
    [InlineData(0x36, 1001, 500, 0)]
    [InlineData(0x36, 1001, 501, 1000)]
    [InlineData(0x30, 1000, 1001, 0xFFFF)]
    [InlineData(0x31, 0x1000, 1, 0x0999)]
    [InlineData(0x31, 0x0000, 1, 0x9999)]
    [InlineData(0x34, 0, 1, 0xFFFF)]
    public void A_latched_count_is_what_it_was_when_it_was_latched(int control, int count, long clocks, int expected)
    {
        Load(0, control, count);
        At(clocks);
        _bench.Out(Control, 0x00);
        At(clocks + 77);
        _bench.Out(Control, 0x00);
        Assert.Equal(expected, Read(Counter0));
    }

    [Fact]
    public void A_count_that_runs_is_read_in_the_bytes_that_were_chosen()
    {
        Load(0, 0x34, 0x1234);
        At(0x10);
        Assert.Equal([0x24, 0x12, 0x24], new[] { _bench.In(Counter0), _bench.In(Counter0), _bench.In(Counter0) });
        _bench.Out(Control, 0x24);
        _bench.Out(Counter0, 0x20);
        Assert.Equal([0x20, 0x20], new[] { _bench.In(Counter0), _bench.In(Counter0) });
    }

    [Fact]
    public void A_read_back_latches_status_and_count_of_several_counters()
    {
        Load(0, 0x34, 1000);
        Load(2, 0xB0, 500);
        At(10);
        _bench.Out(Control, 0xC2 | 0x08);
        At(20);
        Assert.Equal([0xB4, 990 & 0xFF, 990 >> 8], new[] { _bench.In(Counter0), _bench.In(Counter0), _bench.In(Counter0) });
        // Counter 2 has its gate closed: OUT is low, and the count stands.
        Assert.Equal([0x30, 500 & 0xFF, 500 >> 8], new[] { _bench.In(Counter2), _bench.In(Counter2), _bench.In(Counter2) });
    }

    [Fact]
    public void A_counter_without_a_count_says_so()
    {
        _bench.Out(Control, 0x30);
        _bench.Out(Control, 0xE2);
        Assert.Equal(0x70, _bench.In(Counter0));
    }

    [Fact]
    public void The_gate_of_counter_2_stops_it_and_port_61_shows_its_output()
    {
        Load(2, 0xB0, 1000);
        At(5000);
        Assert.Equal(0, _bench.In(System) & 0x21);
        _bench.Out(System, 1);
        At(5999);
        Assert.Equal(0x01, _bench.In(System) & 0x21);
        _bench.Out(System, 0);
        At(8000);
        _bench.Out(System, 1);
        At(8000);
        Assert.Equal(0x01, _bench.In(System) & 0x21);
        At(8002);
        Assert.Equal(0x21, _bench.In(System) & 0x21);
    }

    [Fact]
    public void Mode_1_waits_for_its_gate_and_then_times_once()
    {
        Load(2, 0xB2, 1000);
        Assert.Equal(0x20, _bench.In(System) & 0x20);
        At(100);
        _bench.Out(System, 1);
        Assert.Equal(0, _bench.In(System) & 0x20);
        At(1200);
        Assert.Equal(0x20, _bench.In(System) & 0x20);
    }

    [Fact]
    public void The_refresh_bit_toggles()
    {
        int before = _bench.In(System) & 0x10;
        At(18);
        Assert.NotEqual(before, _bench.In(System) & 0x10);
    }

    [Fact]
    public void Who_waits_is_told_when_the_deadline_moves_and_only_then()
    {
        int moved = 0;
        _pit.DeadlineMoved += () => moved++;
        Load(0, 0x34, 1193);
        Assert.Equal(1, moved);
        _bench.In(Counter0);
        _bench.Out(System, 1);
        Assert.Equal(1, moved);
        Load(0, null, 2000);
        Assert.Equal(2, moved);
    }

    [Fact]
    public void Nothing_that_a_guest_writes_throws_or_hangs()
    {
        const int Seed = 8254;
        var random = new Random(Seed);
        for (int step = 0; step < 50_000; step++)
        {
            int port = random.Next(5) is var chosen and < 4 ? 0x40 + chosen : System;
            if (random.Next(3) > 0)
                _bench.Out(port, random.Next(256));
            else
                _bench.In(port);
            _clock.Run(_pit, random.Next(200_000));
            while (_bench.Next() >= 0)
            {
            }
        }
    }

    [Fact]
    public async Task A_CPU_that_acknowledges_the_8259_between_two_ticks_finds_the_request()
    {
        const int spurious = 0x67;
        var host = new FabricHost(new Fabric(FabricOptions.Pc()));
        using var pit = new Pit8254(host, _clock);
        var bus = new DeviceBus();
        pit.MapAt(bus);
        Assert.True(host.TryWrite(0, 0xFEE000F0, 4, 0x1FF));
        Assert.True(host.TryWrite(0, 0xFEE00350, 4, 0x700));
        foreach ((ushort port, byte value) in ((ushort, byte)[])[(0x20, 0x11), (0x21, 0x60), (0x21, 4), (0x21, 3), (0x21, 0xFE)])
            Assert.True(host.TryWritePort(0, port, 1, value));
        foreach ((ushort port, byte value) in ((ushort, byte)[])[(Control, 0x34), (Counter0, 0xFF), (Counter0, 0)])
            bus.WritePort(port, 1, value);
        int taken = 0, phantoms = 0;
        using var ends = new CancellationTokenSource();
        var cpu = Task.Run(() =>
        {
            while (!ends.IsCancellationRequested)
                _ = host.Take(0) switch { spurious => phantoms++, >= 0 => taken++, _ => 0 };
        }, TestContext.Current.CancellationToken);
        // As long as the CPU's thread needs, which may begin late.
        for (int tick = 0; Volatile.Read(ref taken) < 5000; tick++)
        {
            Assert.InRange(tick, 0, 100_000_000);
            _clock.Now += Millisecond / 4;
            pit.Advance(_clock.Now);
        }
        await ends.CancelAsync();
        await cpu;
        Assert.Equal(0, phantoms);
        Assert.InRange(taken, 5000, int.MaxValue);
    }

    private void Load(int counter, int? control, int count)
    {
        if (control is { } word)
            _bench.Out(Control, word);
        _bench.Out(Counter0 + counter, count & 0xFF);
        _bench.Out(Counter0 + counter, count >> 8);
    }

    private int Read(int port) => _bench.In(port) | _bench.In(port) << 8;

    /// <summary>So many clocks after the beginning, and a little.</summary>
    private void At(long clocks) => _clock.Now = (clocks * 1_000_000_000 + 600_000_000) / Pit8254.Hertz;

    /// <summary>The rise of OUT by a control word interrupts, as it does on the chip.</summary>
    private void Drain() => Assert.Equal([Vector, -1], new[] { _bench.Next(), _bench.Next() });
}
