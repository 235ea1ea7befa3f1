using Wirq.Board.Bus;
using Wirq.Board.Devices.Virtio;
using Wirq.Board.Memory;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Linux.Tests;
using Wirq.Routing;

namespace Wirq.Board.Tests.Devices.Virtio;

/// <summary>The whole function, as a driver programs it; the CPU of the machine is the test.</summary>
public sealed class VirtioFunctionTests : IDisposable
{
    private const uint Bar = 0xC0000000;
    private const byte Acknowledge = 1, Driver = 2, DriverOk = 4, FeaturesOk = 8, NeedsReset = 0x40;
    private const int Pin = 18, PinVector = 0x61, QueueVector = 0x62, ChangeVector = 0x63;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly BoardMemory _memory;
    private readonly EpollLoop _loop;
    private readonly FabricHost _host;
    private readonly DeviceBus _bus = new();
    private readonly VirtioFunction _function;
    private readonly SampleDriver _driver;

    public VirtioFunctionTests()
    {
        KvmHost.RequireLinux();
        _memory = new BoardMemory(2 << 20);
        _driver = new SampleDriver(_memory);
        FabricHost? host = null;
        _loop = new EpollLoop(token => host!.EventArrived(token), new EpollOptions { EdgeTriggered = true });
        _host = host = new FabricHost(new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 16 } }), new FabricPorts { EventFds = _loop });
        _function = new VirtioFunction(_host, _bus, _memory, new VirtioEntropy(), requester: 0x10, gsi: Pin);
        _host.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        _host.TryWritePort(0, 0x21, 1, 0xFF);
        _host.TryWrite(0, 0xFEC00000, 4, 0x10 + 2 * Pin);
        _host.TryWrite(0, 0xFEC00010, 4, PinVector | 1 << 15);
        _function.WriteConfiguration(0x10, 0, 4, Bar);
        _function.WriteConfiguration(0x04, 0, 2, 0x6);
    }

    public void Dispose()
    {
        _function.Dispose();
        _loop.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void Its_capabilities_say_where_its_parts_are()
    {
        Assert.Equal((0x1044_1AF4u, 0xFF00_0001u), (_function.ReadConfiguration(0), _function.ReadConfiguration(8)));
        uint at = _function.ReadConfiguration(0x34);
        List<(uint Id, uint Type, uint Offset)> found = [];
        for (; at != 0; at = _function.ReadConfiguration(at) >> 8 & 0xFF)
            found.Add((_function.ReadConfiguration(at) & 0xFF, _function.ReadConfiguration(at) >> 24, _function.ReadConfiguration(at + 8)));
        Assert.Equal([(0x11, 0, 0x5000), (9, 1, 0), (9, 2, 0x3000), (9, 3, 0x1000), (9, 4, 0x2000)],
            found.Select(each => ((int)each.Id, each.Id == 9 ? (int)each.Type : 0, (int)each.Offset)));
        Assert.Equal((1u, 0x4000u), (_function.ReadConfiguration(0x40) >> 16, _function.ReadConfiguration(0x44)));
    }

    [Fact]
    public void A_driver_that_accepts_what_was_not_offered_is_refused()
    {
        Assert.Equal((0u, 1u), (Offered(0) & ~(1u << 28), Offered(1)));
        WriteStatus(Acknowledge | Driver);
        Accept(1, 3);
        Assert.Equal(Acknowledge | Driver, WriteStatus(Acknowledge | Driver | FeaturesOk));
        Accept(1, 0);
        Assert.Equal(Acknowledge | Driver, WriteStatus(Acknowledge | Driver | FeaturesOk));
        Accept(1, 1);
        Assert.Equal(Acknowledge | Driver | FeaturesOk, WriteStatus(Acknowledge | Driver | FeaturesOk));
    }

    [Fact]
    public void A_request_is_served_and_INTA_is_asserted_until_the_status_is_read()
    {
        Begin();
        Request(64);
        Wait(() => _driver.Given == 1);
        Assert.Equal((0u, 64u), _driver.Element(0));
        Assert.True(_memory.AsSpan(SampleDriver.Data, 64).ContainsAnyExcept((byte)0));
        Assert.Equal(PinVector, Next());
        // A level: it comes again until the driver reads the status.
        Assert.Equal(PinVector, Next());
        Assert.Equal((1ul, 0ul), (Read(0x1000, 1), Read(0x1000, 1)));
        Next();
        Assert.Equal(-1, _host.Take(0));
    }

    [Fact]
    public void With_MSI_X_the_vector_of_the_queue_comes_and_INTA_does_not()
    {
        ProgramMessages();
        Begin();
        Request(64);
        Wait(() => _driver.Given == 1);
        Assert.Equal(QueueVector, Next());
        Assert.Equal((0ul, -1), (Read(0x1000, 1), _host.Take(0)));
    }

    [Fact]
    public void A_masked_vector_is_pending_and_comes_when_it_is_unmasked()
    {
        ProgramMessages();
        Write(0x4000 + 12, 4, 1);
        Begin();
        Request(64);
        Wait(() => _driver.Given == 1);
        Wait(() => Read(0x5000, 8) == 1);
        Assert.Equal(-1, _host.Take(0));
        Write(0x4000 + 12, 4, 0);
        Assert.Equal(QueueVector, Next());
    }

    [Fact]
    public void A_reset_drops_what_was_pending()
    {
        ProgramMessages();
        Write(0x4000 + 12, 4, 1);
        Begin();
        Request(64);
        Wait(() => Read(0x5000, 8) == 1);
        WriteStatus(0);
        Assert.Equal(0ul, Read(0x5000, 8));
        Write(0x4000 + 12, 4, 0);
        Assert.False(SpinWait.SpinUntil(() => _host.Take(0) >= 0, TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public void A_ring_that_lies_needs_a_reset_and_goes_on_after_it()
    {
        ProgramMessages();
        Begin();
        _driver.Descriptor(0, 2 << 20, 1, SampleDriver.Writable);
        _driver.Offer(0);
        Write(0x3000, 2, 0);
        Assert.Equal(ChangeVector, Next());
        Assert.Equal(NeedsReset, (byte)Read(0x14, 1) & NeedsReset);
        Assert.Equal(0, WriteStatus(0));
        _memory.AsSpan(SampleDriver.Available, 0x2000).Clear();
        var driver = new SampleDriver(_memory);
        Begin();
        driver.Descriptor(0, SampleDriver.Data, 8, SampleDriver.Writable);
        driver.Offer(0);
        Write(0x3000, 2, 0);
        Wait(() => driver.Given == 1);
    }

    [Fact]
    public void Without_the_right_to_master_the_bus_it_waits()
    {
        Begin();
        _function.WriteConfiguration(0x04, 0, 2, 0x2);
        Request(64);
        Assert.False(SpinWait.SpinUntil(() => _driver.Given == 1, TimeSpan.FromMilliseconds(50)));
        _function.WriteConfiguration(0x04, 0, 2, 0x6);
        Wait(() => _driver.Given == 1);
    }

    [Fact]
    public void Random_accesses_do_no_harm()
    {
        const int seed = 18_06;
        int rounds = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 1_000_000 : 30_000;
        var random = new Random(seed);
        int[] sizes = [1, 2, 4, 8];
        for (int round = 0; round < rounds; round++)
        {
            uint offset = random.Next(2) == 0 ? (uint)random.Next(0x40) : (uint)random.Next((int)VirtioCapabilities.BarBytes);
            ulong value = random.Next(3) == 0 ? (ulong)random.NextInt64() : (ulong)random.Next(16);
            int size = sizes[random.Next(4)];
            try
            {
                switch (random.Next(4))
                {
                    case 0: _function.WriteMemory(offset, size, value); break;
                    case 1: _function.ReadMemory(offset, size); break;
                    case 2: _function.ReadConfiguration((uint)random.Next(64) * 4); break;
                    default: _function.WriteConfiguration((uint)random.Next(64) * 4, 0, 4, (uint)value); break;
                }
            }
            catch (Exception other)
            {
                Assert.Fail($"seed {seed}, round {round}: {other}");
            }
        }
    }

    private void Begin()
    {
        WriteStatus(Acknowledge | Driver);
        Accept(1, 1);
        WriteStatus(Acknowledge | Driver | FeaturesOk);
        Write(0x10, 2, 1);
        Write(0x16, 2, 0);
        Write(0x18, 2, 8);
        Write(0x1A, 2, 0);
        Write(0x20, 4, SampleDriver.Descriptors);
        Write(0x28, 4, SampleDriver.Available);
        Write(0x30, 4, SampleDriver.Used);
        Write(0x1C, 2, 1);
        WriteStatus(Acknowledge | Driver | FeaturesOk | DriverOk);
    }

    private void Request(uint bytes)
    {
        _driver.Descriptor(0, SampleDriver.Data, bytes, SampleDriver.Writable);
        _driver.Offer(0);
        Write(0x3000, 2, 0);
    }

    private void ProgramMessages()
    {
        for (uint vector = 0; vector < 2; vector++)
        {
            Write(0x4000 + 16 * vector, 4, 0xFEE00000);
            Write(0x4008 + 16 * vector, 4, vector == 0 ? (ulong)QueueVector : ChangeVector);
            Write(0x400C + 16 * vector, 4, 0);
        }
        _function.WriteConfiguration(0x40, 2, 2, 0x8000);
    }

    private uint Offered(uint half)
    {
        Write(0x00, 4, half);
        return (uint)Read(0x04, 4);
    }

    private void Accept(uint half, uint features)
    {
        Write(0x08, 4, half);
        Write(0x0C, 4, features);
    }

    private byte WriteStatus(int status)
    {
        Write(0x14, 1, (uint)status);
        return (byte)Read(0x14, 1);
    }

    /// <summary>Waits for an interrupt, takes it and ends it.</summary>
    private int Next()
    {
        int vector = -1;
        Wait(() => (vector = _host.Take(0)) >= 0);
        _host.TryWrite(0, 0xFEE000B0, 4, 0);
        return vector;
    }

    private static void Wait(Func<bool> until) => Assert.True(SpinWait.SpinUntil(until, s_patience), "it did not happen in time");

    private ulong Read(uint offset, int size) => _bus.ReadMemory(Bar + offset, size);

    private void Write(uint offset, int size, ulong value) => _bus.WriteMemory(Bar + offset, size, value);
}
