using Wirq.Board.Devices;

namespace Wirq.Board.Tests.Devices;

public sealed class PowerManagementTests : IDisposable
{
    private const int Status = 0x600, Enable = 0x602, Control = 0x604, Timer = 0x608, Vector = 0x59;
    private const long Second = 1_000_000_000;
    // The highest of 32 bits changes after 2^31 ticks at 3.579545 MHz.
    private const long Half = 599_930_808_300;

    private readonly DeviceBench _bench = new();
    private readonly ManualClock _clock = new();
    private readonly PowerManagement _power;
    private int _off;

    public PowerManagementTests()
    {
        _power = new PowerManagement(_bench.Host, _clock, 9, () => _off++);
        _power.MapAt(_bench.Bus);
        _bench.Program(9, Vector, level: true);
    }

    public void Dispose() => _power.Dispose();

    [Fact]
    public void The_timer_counts_3579545_times_a_second_and_wraps_at_32_bits()
    {
        Assert.Equal(0u, _bench.Bus.ReadPort(Timer, 4));
        _clock.Now = Second;
        Assert.Equal(3_579_545u, _bench.Bus.ReadPort(Timer, 4));
        _clock.Now = 1200 * Second;
        Assert.Equal(unchecked((uint)(1200L * 3_579_545)), _bench.Bus.ReadPort(Timer, 4));
        _bench.Bus.WritePort(Timer, 4, 0);
        Assert.Equal(unchecked((uint)(1200L * 3_579_545)), _bench.Bus.ReadPort(Timer, 4));
    }

    [Fact]
    public void Bytes_of_the_timer_are_those_of_one_time()
    {
        _clock.Now = 100 * Second;
        int low = _bench.In(Timer);
        _clock.Now = 101 * Second;
        int value = low | _bench.In(Timer + 1) << 8 | _bench.In(Timer + 2) << 16 | _bench.In(Timer + 3) << 24;
        Assert.Equal(357_954_500, value);
    }

    [Fact]
    public void An_enabled_change_of_the_highest_bit_raises_the_line_until_it_is_cleared()
    {
        Assert.Equal(0, _clock.Run(_power, 2 * Half));
        Assert.Equal((1, -1), (_bench.In(Status), _bench.Next()));
        _bench.Out(Status, 1);
        _bench.Out(Enable, 1);
        Assert.Equal((0, -1), (_bench.In(Status), _bench.Next()));
        Assert.Equal(1, _clock.Run(_power, 2 * Half));
        // A level: it comes again while the status bit is set.
        Assert.Equal((Vector, Vector), (_bench.Next(), _bench.Next()));
        _bench.Out(Status, 0);
        Assert.Equal(Vector, _bench.Next());
        _bench.Out(Status, 1);
        Assert.Equal((0, 1), (_bench.In(Status), _bench.In(Enable)));
        _bench.Next();
        Assert.Equal(-1, _bench.Next());
    }

    // Linux enables the event of the RTC, and complains if the bit does not stay.
    [Fact]
    public void Enable_bits_of_events_that_never_come_are_kept()
    {
        _bench.Bus.WritePort(Enable, 2, 0xFFFF);
        Assert.Equal(0x0721u, _bench.Bus.ReadPort(Enable, 2));
        _bench.Bus.WritePort(Status, 2, 0xFFFF);
        Assert.Equal((0u, -1), (_bench.Bus.ReadPort(Status, 2), _bench.Next()));
    }

    [Fact]
    public void ACPI_is_on_and_cannot_be_turned_off()
    {
        Assert.Equal(1u, _bench.Bus.ReadPort(Control, 2));
        _bench.Bus.WritePort(Control, 2, 0x1400);
        Assert.Equal(0x1401u, _bench.Bus.ReadPort(Control, 2));
        Assert.Equal(0, _off);
    }

    [Theory]
    [InlineData(0x3400, 1)]
    [InlineData(0x3401, 1)]
    // Sleep types that do not exist, and type 5 without the sleep bit.
    [InlineData(0x2000, 0)]
    [InlineData(0x3000, 0)]
    [InlineData(0x3C00, 0)]
    [InlineData(0x1400, 0)]
    public void Only_sleep_type_5_turns_the_machine_off(uint written, int off)
    {
        _bench.Bus.WritePort(Control, 2, written);
        Assert.Equal(off, _off);
    }

    [Fact]
    public void A_guest_that_writes_bytes_turns_it_off_too()
    {
        _bench.Out(Control, 0);
        _bench.Out(Control + 1, 0x34);
        Assert.Equal(1, _off);
        Assert.Equal(0x14, _bench.In(Control + 1));
    }
}
