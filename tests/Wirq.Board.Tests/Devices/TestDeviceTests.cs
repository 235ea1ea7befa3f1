using Wirq.Board.Devices;

namespace Wirq.Board.Tests.Devices;

public sealed class TestDeviceTests : IDisposable
{
    private readonly DeviceBench _bench = new();
    private readonly List<uint> _flushed = [];
    private readonly TestDevice _device;

    public TestDeviceTests()
    {
        _device = new TestDevice(_bench.Host, _flushed.Add);
        _device.MapAt(_bench.Bus);
    }

    public void Dispose() => _device.Dispose();

    [Fact]
    public void Each_port_drives_the_pin_of_its_number()
    {
        Assert.Equal(24, _device.Lines);
        for (int line = 0; line < 24; line++)
            _bench.Program(line, (byte)(0x40 + line));
        for (int line = 0; line < 24; line++)
        {
            _bench.Out(0x2000 + line, 1);
            Assert.Equal(0x40 + line, _bench.Next());
            _bench.Out(0x2000 + line, 1);
            Assert.Equal(-1, _bench.Next());
            _bench.Out(0x2000 + line, 0);
            _bench.Out(0x2000 + line, 0x80);
            Assert.Equal(0x40 + line, _bench.Next());
        }
    }

    [Fact]
    public void A_level_line_interrupts_until_it_is_lowered()
    {
        _bench.Program(0x0E, 0x5E, level: true);
        _bench.Out(0x200E, 1);
        Assert.Equal([0x5E, 0x5E], new[] { _bench.Next(), _bench.Next() });
        _bench.Out(0x200E, 0);
        Assert.Equal(0x5E, _bench.Next());
        Assert.Equal(-1, _bench.Next());
    }

    [Fact]
    public void A_wide_write_reaches_the_lines_behind_and_ends_at_the_last()
    {
        for (int line = 20; line < 24; line++)
            _bench.Program(line, (byte)(0x40 + line));
        _bench.Bus.WritePort(0x2016, 4, 0x01010101);
        Assert.Equal([0x57, 0x56, -1], new[] { _bench.Next(), _bench.Next(), _bench.Next() });
    }

    [Fact]
    public void Scratch_ports_keep_accesses_of_every_size()
    {
        foreach (ushort port in (ushort[])[0xE0, 0xE8])
        {
            _bench.Bus.WritePort(port, 4, 0x44332211);
            Assert.Equal([0x44332211u, 0x2211u, 0x11u, 0x44u], new[] { _bench.Bus.ReadPort(port, 4), _bench.Bus.ReadPort(port, 2),
                _bench.Bus.ReadPort(port, 1), _bench.Bus.ReadPort((ushort)(port + 3), 1) });
            _bench.Bus.WritePort((ushort)(port + 1), 2, 0xBBAA);
            Assert.Equal(0x44BBAA11u, _bench.Bus.ReadPort(port, 4));
            _bench.Bus.WritePort((ushort)(port + 3), 4, 0x99887766);
            Assert.Equal(0xFFFFFF66u, _bench.Bus.ReadPort((ushort)(port + 3), 4));
        }
        Assert.Equal(0x66BBAA11u, _bench.Bus.ReadPort(0xE0, 4));
        Assert.Empty(_flushed);
    }

    [Fact]
    public void A_page_is_flushed_by_a_word_and_by_nothing_else()
    {
        _bench.Bus.WritePort(0xE4, 4, 0x00408ABC);
        _bench.Bus.WritePort(0xE4, 1, 0x12);
        _bench.Bus.WritePort(0xE5, 4, 0x12);
        Assert.Equal([0x00408000u], _flushed);
    }

    [Fact]
    public void Its_memory_keeps_accesses_of_every_size_and_ends_where_it_ends()
    {
        _bench.Bus.WriteMemory(0xFF000000, 8, 0x8877665544332211);
        Assert.Equal([0x8877665544332211, 0x66554433, 0x11], new[] { _bench.Bus.ReadMemory(0xFF000000, 8),
            _bench.Bus.ReadMemory(0xFF000002, 4), _bench.Bus.ReadMemory(0xFF000000, 1) });
        _bench.Bus.WriteMemory(0xFF00FFFE, 8, 0x8877665544332211);
        Assert.Equal(0x2211ul, _bench.Bus.ReadMemory(0xFF00FFFE, 8));
        Assert.Equal(ulong.MaxValue, _bench.Bus.ReadMemory(0xFF010000, 1));
    }
}
