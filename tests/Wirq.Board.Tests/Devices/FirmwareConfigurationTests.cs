using Wirq.Board.Bus;
using Wirq.Board.Devices;

namespace Wirq.Board.Tests.Devices;

public sealed class FirmwareConfigurationTests
{
    private readonly DeviceBus _bus = new();

    public FirmwareConfigurationTests() => new FirmwareConfiguration(cpus: 0x0304, memoryBytes: 0x1_8000_0000).MapAt(_bus);

    [Theory]
    [InlineData(0x00, new byte[] { (byte)'Q', (byte)'E', (byte)'M', (byte)'U', 0 })]
    [InlineData(0x01, new byte[] { 1, 0, 0, 0, 0 })]
    [InlineData(0x03, new byte[] { 0, 0, 0, 0x80, 1, 0, 0, 0, 0 })]
    [InlineData(0x05, new byte[] { 4, 3, 0 })]
    [InlineData(0x0F, new byte[] { 4, 3, 0 })]
    [InlineData(0x19, new byte[] { 0, 0, 0, 0, 0 })]
    [InlineData(0x11, new byte[] { 0, 0 })]
    [InlineData(0x8005, new byte[] { 0, 0 })]
    [InlineData(0xFFFF, new byte[] { 0, 0 })]
    public void A_key_is_read_byte_by_byte_and_then_zero(uint key, byte[] expected)
    {
        _bus.WritePort(0x510, 2, key);
        Assert.Equal(expected, expected.Select(_ => (byte)_bus.ReadPort(0x511, 1)));
    }

    [Fact]
    public void Choosing_a_key_begins_at_its_first_byte()
    {
        _bus.WritePort(0x510, 2, 0);
        Assert.Equal([(uint)'Q', (uint)'E'], new[] { _bus.ReadPort(0x511, 1), _bus.ReadPort(0x511, 1) });
        _bus.WritePort(0x510, 2, 0x4000);
        Assert.Equal((uint)'Q', _bus.ReadPort(0x511, 1));
    }

    [Fact]
    public void Other_accesses_change_nothing()
    {
        _bus.WritePort(0x510, 2, 5);
        _bus.WritePort(0x510, 1, 0);
        _bus.WritePort(0x511, 1, 0xFF);
        _bus.WritePort(0x510, 4, 0);
        Assert.Equal([0u, 0u], new[] { _bus.ReadPort(0x510, 1), _bus.ReadPort(0x511, 4) });
        Assert.Equal(4u, _bus.ReadPort(0x511, 1));
    }
}
