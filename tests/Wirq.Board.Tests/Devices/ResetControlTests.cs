using Wirq.Board.Devices;
using Wirq.Board.Devices.Pci;

namespace Wirq.Board.Tests.Devices;

public sealed class ResetControlTests
{
    private readonly DeviceBench _bench = new();
    private readonly List<ResetCause> _asked = [];
    private readonly ResetControl _device;

    public ResetControlTests()
    {
        _device = new ResetControl(_asked.Add);
        new PciRoot().MapAt(_bench.Bus);
        _device.MapAt(_bench.Bus);
    }

    [Fact]
    public void Port_92_resets_when_its_bit_rises_and_keeps_it()
    {
        _bench.Out(0x92, 3);
        _bench.Out(0x92, 3);
        Assert.Equal([ResetCause.Port92], _asked);
        Assert.Equal((3, true), (_bench.In(0x92), _device.A20));
        _bench.Out(0x92, 0xFC);
        Assert.Equal((0, false), (_bench.In(0x92), _device.A20));
    }

    [Fact]
    public void Port_cf9_resets_the_cpu_or_the_machine_when_its_bit_rises()
    {
        _bench.Out(0xCF9, 2);
        Assert.Empty(_asked);
        _bench.Out(0xCF9, 6);
        _bench.Out(0xCF9, 6);
        _bench.Out(0xCF9, 0);
        _bench.Out(0xCF9, 4);
        Assert.Equal([ResetCause.ResetControlSystem, ResetCause.ResetControlCpu], _asked);
        Assert.Equal(4, _bench.In(0xCF9));
    }

    [Fact]
    public void A_word_at_cf8_is_an_address_and_no_reset()
    {
        _bench.Bus.WritePort(0xCF8, 4, 0x80000600);
        Assert.Empty(_asked);
        Assert.Equal(0x80000600u, _bench.Bus.ReadPort(0xCF8, 4));
    }

    [Fact]
    public void The_callback_may_reset_the_device()
    {
        ResetControl? device = null;
        device = new ResetControl(_ => device!.Reset());
        device.MapAt(_bench.Bus);
        _bench.Out(0x92, 3);
        Assert.Equal((0, false), (_bench.In(0x92), device.A20));
    }
}
