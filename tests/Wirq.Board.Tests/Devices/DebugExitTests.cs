using Wirq.Board.Bus;
using Wirq.Board.Devices;

namespace Wirq.Board.Tests.Devices;

public sealed class DebugExitTests
{
    private readonly DeviceBus _bus = new();
    private readonly List<long> _codes = [];

    public DebugExitTests() => new DebugExit(_codes.Add).MapAt(_bus);

    [Theory]
    [InlineData(1, 0u, 1)]
    [InlineData(4, 0x10u, 0x21)]
    [InlineData(1, 0xABCD01u, 3)]
    [InlineData(2, 0xABCD01u, 0x19A03)]
    [InlineData(4, 0x80000000u, 0x1_0000_0001)]
    [InlineData(4, 0xFFFFFFFFu, 0x1_FFFF_FFFF)]
    public void A_write_ends_with_twice_its_value_and_one(int size, uint value, long code)
    {
        _bus.WritePort(0xF4, size, value);
        Assert.Equal([code], _codes);
    }

    [Fact]
    public void It_is_told_once()
    {
        _bus.WritePort(0xF7, 1, 1);
        _bus.WritePort(0xF4, 4, 2);
        Assert.Equal([3], _codes);
        Assert.Equal(0u, _bus.ReadPort(0xF4, 4));
    }
}
