using Wirq.Board.Devices;
using Wirq.Board.Devices.Keyboards;

namespace Wirq.Board.Tests.Devices.Keyboards;

public sealed class KeyboardControllerTests : IDisposable
{
    private const int Data = 0x60, Command = 0x64, Vector = 0x31;

    private readonly DeviceBench _bench = new();
    private readonly List<ResetCause> _asked = [];
    private readonly KeyboardController _device;

    public KeyboardControllerTests()
    {
        _device = new KeyboardController(_bench.Host, _asked.Add);
        _device.MapAt(_bench.Bus);
        _bench.Program(1, Vector);
    }

    public void Dispose() => _device.Dispose();

    private bool Full => (_bench.In(Command) & 1) != 0;

    [Fact]
    public void It_resets_by_pulse_and_by_its_output_port_which_has_a20()
    {
        Assert.Equal(0x1C, _bench.In(Command));
        _bench.Out(Command, 0xFE);
        _bench.Out(Command, 0xFF);
        Assert.Equal([ResetCause.KeyboardController], _asked);
        _bench.Out(Command, 0xD0);
        Assert.Equal(0x1D, _bench.In(Command));
        Assert.Equal(1, _bench.In(Data));
        Assert.Equal(0x1C, _bench.In(Command));
        _bench.Out(Command, 0xD1);
        _bench.Out(Data, 2);
        Assert.Equal(0x14, _bench.In(Command));
        Assert.Equal([ResetCause.KeyboardController, ResetCause.KeyboardController], _asked);
        Assert.True(_device.A20);
    }

    [Fact]
    public void It_answers_its_tests_and_keeps_its_mode()
    {
        Assert.Equal(0x45, Asked(0x20));
        SetMode(0x72);
        Assert.Equal(0x10, _bench.In(Command));
        Assert.Equal(0x72, Asked(0x20));
        Assert.Equal(0x55, Asked(0xAA));
        Assert.Equal(0x1C, _bench.In(Command));
        Assert.Equal(0x00, Asked(0xAB));
        Assert.Equal(0x00, Asked(0xCA));
        _bench.Out(Command, 0xAE);
        Assert.Equal(0x66, Asked(0x20));
        _bench.Out(Command, 0xAD);
        Assert.Equal(0x76, Asked(0x20));
        // There is no mouse.
        _bench.Out(Command, 0xA9);
        Assert.False(Full);
        // A command in place of what follows: the byte goes to the keyboard.
        _bench.Out(Command, 0x60);
        _bench.Out(Command, 0xAD);
        Assert.Equal([0xEE], Sent(0xEE));
        Assert.Equal(0x66, Asked(0x20));
    }

    [Fact]
    public void The_keyboard_answers_in_the_scan_codes_that_the_mode_asks_for()
    {
        Assert.Equal([0xFA, 0xAA], Sent(0xFF));
        Assert.Equal([0xFA, 0xAB, 0x41], Sent(0xF2));
        Assert.Equal([0xFA], Sent(0xF0));
        Assert.Equal([0xFA, 0x41], Sent(0));
        SetMode(0);
        Assert.Equal([0xFA, 0xAB, 0x83], Sent(0xF2));
        foreach (int set in (int[])[1, 3, 2])
        {
            Assert.Equal([0xFA], Sent(0xF0));
            Assert.Equal([0xFA], Sent(set));
            Assert.Equal([0xFA], Sent(0xF0));
            Assert.Equal([0xFA, set], Sent(0));
        }
        Assert.Equal([0xFA], Sent(0xF0));
        Assert.Equal([0xFE], Sent(4));
    }

    [Fact]
    public void The_keyboard_takes_a_command_in_place_of_what_should_follow_and_refuses_what_it_does_not_know()
    {
        Assert.Equal([0xFA], Sent(0xED));
        Assert.Equal([0xFA], Sent(7));
        Assert.Equal([0xFE], Sent(7));
        Assert.Equal([0xFA], Sent(0xF3));
        Assert.Equal([0xEE], Sent(0xEE));
        Assert.Equal([0xEE], Sent(0xFE));
        Assert.Equal([0xFE], Sent(0xFB));
        Assert.All([0xF4, 0xF5, 0xF6], command => Assert.Equal([0xFA], Sent(command)));
    }

    [Fact]
    public void Each_byte_interrupts_once_while_the_mode_has_interrupts()
    {
        _bench.Out(Data, 0xFF);
        Assert.Equal((Vector, -1), (_bench.Next(), _bench.Next()));
        Assert.Equal(0xFA, _bench.In(Data));
        Assert.Equal((Vector, -1), (_bench.Next(), _bench.Next()));
        Assert.Equal(0xAA, _bench.In(Data));
        Assert.Equal(-1, _bench.Next());
        SetMode(0x44);
        _bench.Out(Data, 0xEE);
        Assert.Equal(-1, _bench.Next());
        SetMode(0x45);
        Assert.Equal(Vector, _bench.Next());
    }

    [Fact]
    public void A_keyboard_that_is_off_sends_when_it_is_turned_on_and_a_new_command_drops_an_old_answer()
    {
        _bench.Out(Data, 0xF2);
        _bench.Out(Command, 0xAD);
        Assert.Equal(0xFA, _bench.In(Data));
        Assert.False(Full);
        _bench.Out(Command, 0xAE);
        Assert.Equal(0xAB, _bench.In(Data));
        _bench.Out(Data, 0xEE);
        // The byte that waits at the port stays.
        Assert.Equal(0x41, _bench.In(Data));
        Assert.Equal(0xEE, _bench.In(Data));
        Assert.False(Full);
        // A byte for the keyboard turns it on.
        _bench.Out(Command, 0xAD);
        Assert.Equal([0xEE], Sent(0xEE));
        Assert.Equal(0x45, Asked(0x20));
    }

    private void SetMode(int mode)
    {
        _bench.Out(Command, 0x60);
        _bench.Out(Data, mode);
    }

    private int Asked(int command)
    {
        _bench.Out(Command, command);
        Assert.True(Full);
        return _bench.In(Data);
    }

    private List<int> Sent(int value)
    {
        _bench.Out(Data, value);
        List<int> answers = [];
        while (Full)
            answers.Add(_bench.In(Data));
        return answers;
    }
}
