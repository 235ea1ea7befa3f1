using System.Diagnostics;
using Wirq.Board.Devices.Pci;
using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Board.Tests.Devices.Pci;

public sealed class PciLevelFunctionTests : IDisposable
{
    private const ulong At = 0xFE000000;
    private const int Gsi = 16, Vector = 0x41;
    private const uint Coming = 0x04, Pause = 0x08, Queue = 0x0C, Made = 0x10, Acknowledged = 0x14, Burst = 0x18;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly DeviceBench _bench = new();
    private PciLevelFunction? _function;

    public void Dispose() => _function?.Dispose();

    [Fact]
    public void It_makes_as_many_events_as_ordered_in_bursts_and_none_while_one_waits()
    {
        Start(LevelDeviceKind.Wired);
        Assert.Equal([PciTestFunction.IdentityWord, 1u], [Read(0), Read(Burst)]);
        Write(Burst, 0xFFFFFFFF);
        Write(Coming, 20);
        Await(Queue, PciLevelFunction.MaxBurst);
        Assert.Equal([16u, 4u], [Read(Made), Read(Coming)]);
        Write(Queue, 15);
        Assert.Equal([1u, 16u], [Read(Queue), Read(Made)]);
        Write(Queue, 100);
        Await(Queue, 4);
        Assert.Equal([20u, 0u], [Read(Made), Read(Coming)]);
        Write(Queue, 4);
        Assert.Equal(new LevelDeviceCounts(20, 20, Read(Acknowledged)), _function!.Counts);
    }

    [Fact]
    public void Its_pause_keeps_an_event_back()
    {
        Start(LevelDeviceKind.Wired);
        Write(Coming, 2);
        Await(Made, 1);
        Write(Pause, uint.MaxValue);
        Write(Queue, 1);
        Assert.Equal([1u, 1u], [Read(Made), Read(Coming)]);
        Write(Pause, 0);
        Await(Made, 2);
    }

    [Theory]
    [InlineData(LevelDeviceKind.Wired)]
    [InlineData(LevelDeviceKind.Sampled)]
    public void It_interrupts_until_all_is_served_and_then_no_more(LevelDeviceKind kind)
    {
        Start(kind);
        _bench.Program(Gsi, Vector, level: true);
        Write(Burst, 3);
        Write(Coming, 3);
        Await(Made, 3);
        for (int i = 0; i < 3; i++)
            Assert.Equal(Vector, Serve());
        Assert.Equal(-1, _bench.Next());
        Assert.Equal(3u, Read(Acknowledged));
    }

    [Theory]
    [InlineData(LevelDeviceKind.Wired)]
    [InlineData(LevelDeviceKind.Sampled)]
    public void A_disabled_pin_is_silent_and_the_status_shows_the_event(LevelDeviceKind kind)
    {
        Start(kind);
        _function!.WriteConfiguration(PciHeader.CommandStatus, 0, 2, PciCommandStatus.MemorySpace | PciCommandStatus.IntxDisable);
        _bench.Program(Gsi, Vector, level: true);
        Write(Coming, 1);
        Await(Made, 1);
        Assert.NotEqual(0u, _function.ReadConfiguration(PciHeader.CommandStatus) & PciCommandStatus.InterruptStatus);
        Assert.Equal(-1, _bench.Next());
        _function.WriteConfiguration(PciHeader.CommandStatus, 0, 2, PciCommandStatus.MemorySpace);
        Assert.Equal(Vector, Serve());
    }

    [Fact]
    public void Only_words_of_bar0_answer_and_it_has_no_capabilities()
    {
        Start(LevelDeviceKind.Wired);
        Assert.Equal([0ul, 0ul, 0ul], [_function!.ReadMemory(0, 1), _function.ReadMemory(2, 4), _function.ReadMemory(0x100, 4)]);
        _function.WriteMemory(Coming, 2, 1);
        Assert.Equal(0u, Read(Coming));
        Assert.Equal(0u, _function.ReadConfiguration(PciHeader.CommandStatus) & PciCommandStatus.CapabilitiesList);
        Assert.Equal(PciLevelFunction.VendorDevice, _function.ReadConfiguration(PciHeader.Identity));
    }

    private void Start(LevelDeviceKind kind)
    {
        _function = new PciLevelFunction(_bench.Host, _bench.Bus, kind, Gsi);
        _function.WriteConfiguration(PciHeader.BaseAddress0, 0, 4, (uint)At);
        _function.WriteConfiguration(PciHeader.CommandStatus, 0, 2, PciCommandStatus.MemorySpace);
    }

    /// <summary>The CPU takes an interrupt, serves one event, and only then ends it.</summary>
    private int Serve()
    {
        int vector = _bench.Host.Take(0);
        Write(Queue, 1);
        Assert.True(_bench.Host.TryWrite(0, 0xFEE000B0, 4, 0));
        return vector;
    }

    private uint Read(uint register) => (uint)_bench.Bus.ReadMemory(At + register, 4);

    private void Write(uint register, uint value) => _bench.Bus.WriteMemory(At + register, 4, value);

    /// <summary>Waits for the device's thread.</summary>
    private void Await(uint register, uint value)
    {
        long start = Stopwatch.GetTimestamp();
        while (Read(register) != value)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < s_patience, $"register 0x{register:x} is {Read(register)}, expected {value}");
            Thread.Yield();
        }
    }
}
