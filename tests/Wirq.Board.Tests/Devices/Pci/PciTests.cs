using Wirq.Board.Devices.Pci;

namespace Wirq.Board.Tests.Devices.Pci;

public sealed class PciTests : IDisposable
{
    private const int Command = 0x04, Bar = 0x10, Msi = 0x50;
    private const ulong At = 0xFE000000;

    private readonly DeviceBench _bench = new();
    private readonly PciTestFunction _function;

    public PciTests()
    {
        var root = new PciRoot();
        root.Add(0, new PciHostBridge());
        _function = new PciTestFunction(_bench.Host, _bench.Bus, PciRoot.RequesterOf(1));
        root.Add(1, _function);
        root.MapAt(_bench.Bus);
    }

    public void Dispose() => _function.Dispose();

    [Fact]
    public void The_bus_has_a_bridge_and_a_test_function_and_nothing_else()
    {
        var found = new Dictionary<uint, uint>();
        for (uint place = 0; place < 0x10000; place++)
        {
            Choose(place << 8);
            if (_bench.Bus.ReadPort(0xCFC, 4) is not uint.MaxValue and uint identity)
                found[place] = identity;
        }
        Assert.Equal([(0u, 0x12378086u), (8u, 0x10F01AF4u)], found.Select(pair => (pair.Key, pair.Value)));
    }

    [Fact]
    public void Registers_are_reached_in_every_size_and_at_every_offset()
    {
        Choose(0x800);
        Assert.Equal([0x1AF4u, 0xF01Au, 0x10F0u, 0xF4u, 0x10u], new[] { Data(0, 2), Data(1, 2), Data(2, 2), Data(0, 1), Data(3, 1) });
        Assert.Equal([0xFFFFFF10u, 0xFF10u], new[] { _bench.Bus.ReadPort(0xCFF, 4), _bench.Bus.ReadPort(0xCFF, 2) & 0xFFFF });
        Choose(0x800 + 0x3C);
        Assert.Equal(0x0111u, Data(0, 2));
        _bench.Bus.WritePort(0xCFC, 2, 0xAB55);
        Assert.Equal(0x0155u, Data(0, 2));
        Choose(0x800 + Bar);
        _bench.Bus.WritePort(0xCFD, 4, 0x12345678);
        Assert.Equal(0x34567000u, Data(0, 4));
    }

    [Fact]
    public void Without_the_enable_bit_and_by_narrow_writes_the_address_reaches_nothing()
    {
        _bench.Bus.WritePort(0xCF8, 4, 0x00000800);
        Assert.Equal(uint.MaxValue, _bench.Bus.ReadPort(0xCFC, 4));
        _bench.Bus.WritePort(0xCF8, 2, 0x1234);
        Assert.Equal(0x00000800u, _bench.Bus.ReadPort(0xCF8, 4));
    }

    [Fact]
    public void Bar0_is_sized_by_ones_and_answers_where_it_is_put_while_memory_is_on()
    {
        Write(Bar, 0xFFFFFFFF);
        Assert.Equal(0xFFFFF000u, Read(Bar));
        Write(Bar, (uint)At);
        Assert.Equal(ulong.MaxValue, _bench.Bus.ReadMemory(At, 4));
        Write(Command, 2);
        Assert.Equal(PciTestFunction.IdentityWord, _bench.Bus.ReadMemory(At, 4));
        Write(Bar, (uint)At + 0x5000);
        Assert.Equal(ulong.MaxValue, _bench.Bus.ReadMemory(At, 4));
        Assert.Equal(PciTestFunction.IdentityWord, _bench.Bus.ReadMemory(At + 0x5000, 4));
        Write(Command, 0);
        Assert.Equal(ulong.MaxValue, _bench.Bus.ReadMemory(At + 0x5000, 4));
    }

    [Fact]
    public void Only_aligned_words_of_bar0_answer()
    {
        Enable();
        Memory(0x10, 0xCAFE);
        _bench.Bus.WriteMemory(At + 0x10, 8, 1);
        _bench.Bus.WriteMemory(At + 0x11, 4, 1);
        Assert.Equal([0xCAFEul, 0, 0, 0, 0], new[] { Memory(0x10), _bench.Bus.ReadMemory(At + 0x10, 1), _bench.Bus.ReadMemory(At + 0x10, 8),
            _bench.Bus.ReadMemory(At + 0x0E, 4), Memory(0xFFC) });
    }

    [Fact]
    public void Intx_is_a_level_until_it_is_lowered_and_its_acknowledges_are_counted()
    {
        Enable();
        _bench.Program(17, 0x61, level: true);
        Memory(4, 1);
        Assert.Equal([0x61, 0x61], new[] { _bench.Next(), _bench.Next() });
        Assert.Equal([1ul, 2], new[] { Memory(4), Memory(0x0C) });
        Assert.Equal(1u << 19, Read(Command) & 1u << 19);
        Memory(4, 0);
        Assert.Equal([0x61, -1], new[] { _bench.Next(), _bench.Next() });
        Assert.Equal(0u, Read(Command) & 1u << 19);
        Memory(0x0C, 0);
        Assert.Equal(0ul, Memory(0x0C));
    }

    [Fact]
    public void Disabling_intx_lowers_the_pin_and_leaves_the_status()
    {
        Enable();
        _bench.Program(17, 0x61, level: true);
        Write(Command, 0x402);
        Memory(4, 1);
        Assert.Equal(-1, _bench.Next());
        Assert.Equal(1u << 19, Read(Command) & 1u << 19);
        Write(Command, 2);
        Assert.Equal(0x61, _bench.Next());
        // MSI takes the place of the pin.
        WriteMsi(0, 0x0001);
        Assert.Equal([0x61, -1], new[] { _bench.Next(), _bench.Next() });
    }

    [Fact]
    public void A_vector_sends_its_message_where_msi_and_bus_master_are_on()
    {
        Enable();
        Assert.Equal(0x01840005u, Read(Msi));
        Write(Msi + 4, 0xFEE00000);
        Write(Msi + 12, 0x70);
        Memory(8, 1);
        Assert.Equal(-1, _bench.Next());
        WriteMsi(0, 0x0011);
        Memory(8, 1);
        Assert.Equal(0x71, _bench.Next());
        Write(Command, 2);
        Memory(8, 1);
        Write(Command, 6);
        Memory(8, 2);
        Memory(8, 0xFFFFFFFF);
        Assert.Equal(-1, _bench.Next());
        Assert.Equal(1ul, Memory(8));
        WriteMsi(0, 0x0071);
        Memory(8, 3);
        Assert.Equal(0x73, _bench.Next());
    }

    [Fact]
    public void A_masked_vector_is_pending_and_comes_once_when_it_is_unmasked()
    {
        Enable();
        Write(Msi + 4, 0xFEE00000);
        Write(Msi + 12, 0x70);
        Write(Msi + 16, 0b10);
        WriteMsi(0, 0x0011);
        Memory(8, 1);
        Memory(8, 1);
        Assert.Equal(-1, _bench.Next());
        Assert.Equal(0b10u, Read(Msi + 20));
        Write(Msi + 16, 0);
        Assert.Equal([0x71, -1], new[] { _bench.Next(), _bench.Next() });
        Assert.Equal(0u, Read(Msi + 20));
    }

    [Fact]
    public void Threads_that_write_everything_at_once_leave_a_device_that_works()
    {
        const int Seed = 5, Rounds = 2000;
        Enable();
        _bench.Program(17, 0x61, level: true);
        Parallel.For(0, 4, thread =>
        {
            var random = new Random(Seed + thread);
            for (int i = 0; i < Rounds; i++)
            {
                _function.WriteConfiguration((uint)random.Next(64) * 4, 0, 4, (uint)random.Next() << 1);
                _function.WriteMemory((ulong)random.Next(6) * 4, 4, (uint)random.Next(5));
                _function.ReadConfiguration(Msi + 20);
                if (thread == 0)
                    _bench.Next();
            }
        });
        WriteMsi(0, 0);
        Enable();
        Memory(4, 0);
        while (_bench.Next() >= 0)
        {
        }
        Memory(4, 1);
        Assert.Equal(0x61, _bench.Next());
    }

    private void Enable()
    {
        Write(Bar, (uint)At);
        Write(Command, 6);
    }

    private void Choose(uint address) => _bench.Bus.WritePort(0xCF8, 4, 0x80000000 | address);

    private uint Data(int at, int size) => _bench.Bus.ReadPort((ushort)(0xCFC + at), size) & (uint)((1ul << (8 * size)) - 1);

    private uint Read(int register)
    {
        Choose(0x800u + (uint)register);
        return _bench.Bus.ReadPort(0xCFC, 4);
    }

    private void Write(int register, uint value)
    {
        Choose(0x800u + (uint)register);
        _bench.Bus.WritePort(0xCFC, 4, value);
    }

    private void WriteMsi(int register, ushort control)
    {
        Choose(0x800u + (uint)(Msi + register));
        _bench.Bus.WritePort(0xCFE, 2, control);
    }

    private ulong Memory(uint register) => _bench.Bus.ReadMemory(At + register, 4);

    private void Memory(uint register, uint value) => _bench.Bus.WriteMemory(At + register, 4, value);
}
