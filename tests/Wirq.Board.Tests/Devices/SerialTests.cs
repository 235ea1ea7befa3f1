using System.Text;
using Wirq.Board.Devices;

namespace Wirq.Board.Tests.Devices;

public sealed class SerialTests : IDisposable
{
    private const int Data = 0x3F8, Enable = 0x3F9, Identify = 0x3FA, LineControl = 0x3FB, ModemControl = 0x3FC, LineStatus = 0x3FD,
        ModemStatus = 0x3FE, Scratch = 0x3FF;
    private const int Out2 = 8, Vector = 0x54;

    private readonly DeviceBench _bench = new();
    private readonly List<byte> _sent = [];
    private readonly Serial _serial;

    public SerialTests()
    {
        _serial = new Serial(_bench.Host, _sent.Add);
        _serial.MapAt(_bench.Bus);
        _bench.Program(4, Vector);
    }

    public void Dispose() => _serial.Dispose();

    [Fact]
    public void What_is_written_comes_out_in_order_and_the_transmitter_is_empty()
    {
        foreach (byte letter in "wirq"u8)
        {
            Assert.Equal(0x60, _bench.In(LineStatus));
            _bench.Out(Data, letter);
        }
        Assert.Equal("wirq", Encoding.ASCII.GetString([.. _sent]));
    }

    [Fact]
    public void The_divisor_lies_behind_dlab_and_sends_nothing()
    {
        _bench.Out(LineControl, 0x83);
        _bench.Out(Data, 1);
        _bench.Out(Enable, 2);
        Assert.Equal([1, 2], new[] { _bench.In(Data), _bench.In(Enable) });
        _bench.Out(LineControl, 3);
        Assert.Equal([0, 0, 3], new[] { _bench.In(Data), _bench.In(Enable), _bench.In(LineControl) });
        Assert.Empty(_sent);
    }

    [Fact]
    public void Registers_keep_their_writable_bits()
    {
        _bench.Out(Enable, 0xF0);
        _bench.Out(ModemControl, 0xE3);
        _bench.Out(Scratch, 0xA5);
        _bench.Out(LineStatus, 0);
        _bench.Out(ModemStatus, 0);
        Assert.Equal([0x00, 0x03, 0xA5, 0x60, 0xB0], new[] { _bench.In(Enable), _bench.In(ModemControl), _bench.In(Scratch),
            _bench.In(LineStatus), _bench.In(ModemStatus) });
    }

    [Fact]
    public void Input_interrupts_once_out2_lets_it_through()
    {
        _bench.Out(Enable, 1);
        _serial.Receive("a"u8);
        Assert.Equal(0x04, _bench.In(Identify));
        Assert.Equal(-1, _bench.Next());
        _bench.Out(ModemControl, Out2);
        Assert.Equal(Vector, _bench.Next());
        Assert.Equal(0x61, _bench.In(LineStatus));
        Assert.Equal((byte)'a', _bench.In(Data));
        Assert.Equal([0x60, 0x01], new[] { _bench.In(LineStatus), _bench.In(Identify) });
        _serial.Receive("b"u8);
        Assert.Equal(Vector, _bench.Next());
    }

    /// <summary>xv6 clears OUT2, and waits for input.</summary>
    [Fact]
    public void Wired_directly_input_interrupts_without_out2_and_in_a_loop()
    {
        using var direct = new Serial(_bench.Host, _sent.Add, 0x2F8, 3, SerialWiring.Direct);
        direct.MapAt(_bench.Bus);
        _bench.Program(3, Vector + 1);
        _bench.Out(0x2F9, 1);
        direct.Receive("a"u8);
        Assert.Equal(Vector + 1, _bench.Next());
        Assert.Equal((byte)'a', _bench.In(0x2F8));
        _bench.Out(0x2FC, 0x10);
        _bench.Out(0x2F8, 'b');
        Assert.Equal(Vector + 1, _bench.Next());
    }

    [Fact]
    public void What_waits_takes_room()
    {
        Assert.Equal(Serial.MaxWaiting, _serial.Room);
        // One byte is in the receiver.
        _serial.Receive(new byte[5]);
        Assert.Equal(Serial.MaxWaiting - 4, _serial.Room);
    }

    [Fact]
    public void Enabling_the_transmitter_interrupts_and_reading_the_identification_ends_it()
    {
        _bench.Out(ModemControl, Out2);
        _bench.Out(Enable, 2);
        Assert.Equal(Vector, _bench.Next());
        Assert.Equal([0x02, 0x01], new[] { _bench.In(Identify), _bench.In(Identify) });
        _bench.Out(Data, 'x');
        Assert.Equal(Vector, _bench.Next());
        // The guest did not read, so the next byte causes another edge.
        _bench.Out(Data, 'y');
        Assert.Equal(Vector, _bench.Next());
    }

    [Fact]
    public void Priorities_are_line_status_received_transmitter_modem()
    {
        _bench.Out(ModemControl, 0x10 | 0x02);
        _bench.Out(ModemControl, 0x10);
        _bench.Out(Data, 'x');
        _bench.Out(Data, 'y');
        _bench.Out(Enable, 0x0F);
        Assert.Equal(0x06, _bench.In(Identify));
        Assert.Equal(0x63, _bench.In(LineStatus));
        Assert.Equal(0x04, _bench.In(Identify));
        Assert.Equal((byte)'x', _bench.In(Data));
        Assert.Equal(0x02, _bench.In(Identify));
        Assert.Equal(0x00, _bench.In(Identify));
        Assert.NotEqual(0, _bench.In(ModemStatus) & 0x0F);
        Assert.Equal(0x01, _bench.In(Identify));
    }

    [Theory]
    [InlineData(0x01, 1)]
    [InlineData(0x41, 4)]
    [InlineData(0x81, 8)]
    [InlineData(0xC1, 14)]
    public void Below_the_trigger_level_the_fifo_times_out(int control, int level)
    {
        _bench.Out(Identify, control);
        _bench.Out(Enable, 1);
        _serial.Receive(new byte[level]);
        Assert.Equal(0xC4, _bench.In(Identify));
        _bench.In(Data);
        Assert.Equal(level == 1 ? 0xC1 : 0xCC, _bench.In(Identify));
    }

    [Fact]
    public void What_does_not_fit_waits_and_nothing_is_lost()
    {
        _bench.Out(Identify, 1);
        byte[] input = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        _serial.Receive(input);
        Assert.Equal(input, input.Select(_ => _bench.In(Data)));
        Assert.Equal(0x60, _bench.In(LineStatus));
    }

    [Fact]
    public void What_waits_has_an_end_and_then_overruns()
    {
        _serial.Receive(new byte[Serial.MaxWaiting]);
        Assert.Equal(0x61, _bench.In(LineStatus));
        _serial.Receive([1, 2]);
        Assert.Equal([0x63, 0x61], new[] { _bench.In(LineStatus), _bench.In(LineStatus) });
    }

    [Fact]
    public void Clearing_the_receiver_or_leaving_the_fifo_drops_what_it_had()
    {
        _bench.Out(ModemControl, 0x10);
        _bench.Out(Identify, 0x01);
        _bench.Out(Data, 'x');
        _bench.Out(Identify, 0x02);
        Assert.Equal(0x60, _bench.In(LineStatus));
        _bench.Out(Identify, 0x01);
        _bench.Out(Data, 'y');
        _bench.Out(Identify, 0x03);
        Assert.Equal(0x60, _bench.In(LineStatus));
    }

    [Fact]
    public void A_loop_brings_bytes_and_modem_lines_back_and_sends_nothing()
    {
        _bench.Out(ModemControl, 0x1F);
        Assert.Equal(0xF0, _bench.In(ModemStatus) & 0xF0);
        _bench.Out(ModemControl, 0x1A);
        // CTS (from RTS) and DCD (from OUT2) stay. DSR and RI fall. Of RI, only the fall is reported.
        Assert.Equal(0x96, _bench.In(ModemStatus));
        Assert.Equal(0x90, _bench.In(ModemStatus));
        _bench.Out(Data, 'z');
        _serial.Receive("in"u8);
        Assert.Equal((byte)'z', _bench.In(Data));
        Assert.Equal(0x60, _bench.In(LineStatus));
        Assert.Empty(_sent);
        _bench.Out(ModemControl, 0);
        Assert.Equal((byte)'i', _bench.In(Data));
    }

    [Fact]
    public void No_interrupt_leaves_a_loop()
    {
        _bench.Out(Enable, 1);
        _bench.Out(ModemControl, 0x10 | Out2);
        _bench.Out(Data, 'z');
        Assert.Equal(0x04, _bench.In(Identify));
        Assert.Equal(-1, _bench.Next());
    }

    [Fact]
    public void Wide_accesses_are_one_to_each_port()
    {
        _bench.Bus.WritePort(LineControl, 2, 0x0203);
        Assert.Equal(0x0203u, _bench.Bus.ReadPort(LineControl, 2));
        Assert.Equal(0xFFFFFF00u, _bench.Bus.ReadPort(Scratch, 4));
    }
}
