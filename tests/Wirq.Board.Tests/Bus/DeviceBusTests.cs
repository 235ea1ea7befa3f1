using Wirq.Board.Bus;
using Xunit;

namespace Wirq.Board.Tests.Bus;

public sealed class DeviceBusTests
{
    private readonly DeviceBus _bus = new();

    [Fact]
    public void Where_nobody_answers_reads_find_all_ones()
    {
        _bus.MapPorts(0x3F8, 8, new Echo(1));
        _bus.MapMemory(0x1000, 0x1000, new Echo(1));
        Assert.Equal([uint.MaxValue, uint.MaxValue], [_bus.ReadPort(0x3F7, 1), _bus.ReadPort(0x400, 1)]);
        Assert.Equal([ulong.MaxValue, ulong.MaxValue], [_bus.ReadMemory(0xFFF, 4), _bus.ReadMemory(0x2000, 4)]);
        _bus.WritePort(0x400, 1, 0);
        _bus.WriteMemory(0x2000, 4, 0);
    }

    [Fact]
    public void Ports_are_told_absolute_and_addresses_from_the_devices_first()
    {
        _bus.MapPorts(0x3F8, 8, new Echo(0));
        _bus.MapMemory(0x1000, 0x1000, new Echo(0));
        Assert.Equal(0x3FFu, _bus.ReadPort(0x3FF, 1));
        Assert.Equal(0xFFFul, _bus.ReadMemory(0x1FFF, 1));
    }

    [Fact]
    public void The_last_one_mapped_answers_until_it_is_unmapped()
    {
        var over = new Echo(0x10000);
        _bus.MapMemory(0x1000, 0x1000, new Echo(0));
        _bus.MapMemory(0x1800, 0x10, over);
        Assert.Equal([0x10004ul, 0x810ul], [_bus.ReadMemory(0x1804, 4), _bus.ReadMemory(0x1810, 4)]);
        _bus.Unmap((IMemoryDevice)over);
        Assert.Equal(0x804ul, _bus.ReadMemory(0x1804, 4));
    }

    private sealed class Echo(uint plus) : IPortDevice, IMemoryDevice
    {
        public uint ReadPort(ushort port, int size) => port + plus;
        public void WritePort(ushort port, int size, uint value) => Assert.Fail("nobody wrote");
        public ulong ReadMemory(ulong offset, int size) => offset + plus;
        public void WriteMemory(ulong offset, int size, ulong value) => Assert.Fail("nobody wrote");
    }
}
