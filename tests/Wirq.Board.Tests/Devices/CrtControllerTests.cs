using Wirq.Board.Devices;

namespace Wirq.Board.Tests.Devices;

public sealed class CrtControllerTests
{
    private const int Index = 0x3D4, Data = 0x3D5, CursorHigh = 14, CursorLow = 15;

    private readonly DeviceBench _bench = new();

    public CrtControllerTests() => new CrtController().MapAt(_bench.Bus);

    [Fact]
    public void The_cursor_is_in_the_first_place_and_then_where_it_was_put()
    {
        Assert.Equal((0, 0), (Read(CursorHigh), Read(CursorLow)));
        Write(CursorHigh, 0x07);
        Write(CursorLow, 0xCF);
        Assert.Equal((0x07, 0xCF), (Read(CursorHigh), Read(CursorLow)));
    }

    [Fact]
    public void Other_registers_read_0_and_take_nothing()
    {
        for (int register = 0; register < 256; register++)
        {
            if ((register & 0x1F) is CursorHigh or CursorLow)
                continue;
            Write(register, 0xFF);
            Assert.Equal((register & 0x1F, 0), (_bench.In(Index), Read(register)));
        }
        Assert.Equal((0, 0), (Read(CursorHigh), Read(CursorLow)));
    }

    [Fact]
    public void A_wide_write_puts_index_and_value()
    {
        _bench.Bus.WritePort(Index, 2, 0x1200 | CursorHigh);
        Assert.Equal((0x12, 0xFFFFu), (Read(CursorHigh), _bench.Bus.ReadPort(Index, 4) >> 16));
    }

    private byte Read(int register)
    {
        _bench.Out(Index, register);
        return _bench.In(Data);
    }

    private void Write(int register, int value)
    {
        _bench.Out(Index, register);
        _bench.Out(Data, value);
    }
}
