using Wirq.Linux.Tests;
using static Wirq.Board.Tests.Devices.Virtio.HostileMachine;

namespace Wirq.Board.Tests.Devices.Virtio;

/// <summary>Nothing else runs beside them: they count the process's descriptors.</summary>
[CollectionDefinition(nameof(CountsDescriptors), DisableParallelization = true)]
public sealed class CountsDescriptors;

[Collection(nameof(CountsDescriptors))]
public sealed class HostileTrafficTests(ITestOutputHelper output)
{
    private const int Every = 2500;

    private static int Rounds => Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 1_000_000 : 10_000;

    [Fact]
    public void However_a_guest_writes_configuration_space_and_rings_nothing_is_harmed()
    {
        const int seed = 18_07;
        output.WriteLine($"seed {seed}, {Rounds} rounds");
        KvmHost.RequireLinux();
        int before = EventFds;
        using (var machine = new HostileMachine())
        {
            var traffic = new HostileTraffic(machine, seed);
            traffic.Begin();
            int round = 0;
            try
            {
                for (; round < Rounds; round++)
                {
                    traffic.Next();
                    if (round % Every == Every - 1)
                        Check(machine, traffic, $"seed {seed}, round {round}");
                }
            }
            catch (Exception other) when (other is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, round {round}: {other}");
            }
        }
        Assert.Equal(before, EventFds);
    }

    private static int EventFds => Directory.GetFiles("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget == "anon_inode:[eventfd]");

    private static void Check(HostileMachine machine, HostileTraffic traffic, string when)
    {
        Assert.True(machine.BrokenLaws.Length == 0, $"{when}: {string.Join(Environment.NewLine, machine.BrokenLaws)}");
        Assert.True(traffic.IsUntouched, $"{when}: memory was written that no request named");
        // Whatever was pending is taken. A message may have told the CPU to start anew.
        machine.PrepareCpu();
        // The function that was put somewhere last answers there, so each must leave what it covers.
        for (int slot = TestSlot; slot <= EntropySlot; slot++)
            machine.Configure(slot, 0x04, 0, 2, 0);
        for (int slot = TestSlot; slot <= EntropySlot; slot++)
        {
            machine.Reset(slot);
            Assert.False(machine.IsHigh(slot), $"{when}: the line of slot {slot} is high after its reset");
        }
        while (machine.Take() >= 0)
            continue;
        for (int slot = DiskSlot; slot <= EntropySlot; slot++)
        {
            Works(machine, slot, messages: false, when);
            Works(machine, slot, messages: true, when);
        }
        for (int slot = TestSlot; slot <= EntropySlot; slot++)
        {
            machine.Configure(slot, 0x04, 0, 2, 0);
            Assert.True(machine.Read(slot, 0, 4) == ulong.MaxValue, $"{when}: slot {slot} answers while its memory is off");
        }
        int reached = machine.Other.Accesses;
        machine.Bus.ReadMemory(TestDeviceAt, 4);
        Assert.True(reached + 1 == machine.Other.Accesses, $"{when}: a device that was covered is not reached again");
    }

    /// <summary>An orderly driver comes after the hostile one.</summary>
    private static void Works(HostileMachine machine, int slot, bool messages, string when)
    {
        const int vector = 0x71;
        machine.Reset(slot);
        machine.Memory.AsSpan(SampleDriver.Descriptors, 0x4000).Clear();
        var driver = new SampleDriver(machine.Memory);
        for (uint entry = 0; entry < 2; entry++)
        {
            machine.Write(slot, 0x4000 + 16 * entry, 8, 0xFEE00000);
            machine.Write(slot, 0x4008 + 16 * entry, 8, vector + entry);
        }
        machine.Place(slot, messages);
        foreach ((uint offset, int size, ulong value) in ((uint, int, ulong)[])[(0x14, 1, 3), (0x08, 4, 1), (0x0C, 4, 1), (0x14, 1, 0xB),
            (0x10, 2, 1), (0x18, 2, 8), (0x1A, 2, 0), (0x20, 4, SampleDriver.Descriptors), (0x28, 4, SampleDriver.Available), (0x30, 4, SampleDriver.Used), (0x1C, 2, 1), (0x14, 1, 0xF)])
        {
            machine.Write(slot, offset, size, value);
        }
        machine.Memory.AsSpan(SampleDriver.Data, 1024).Clear();
        driver.Descriptor(0, SampleDriver.Data, 16, SampleDriver.Next, 1);
        driver.Descriptor(1, SampleDriver.Data + 16, 513, SampleDriver.Writable);
        driver.Offer(0);
        machine.Write(slot, 0x3000, 2, 0);
        Wait(() => driver.Given == 1, $"{when}: a request of slot {slot}, {(messages ? "MSI-X" : "INTx")}");
        Assert.Equal((0u, 513u), driver.Element(0));
        // A message that the hostile driver's requests sent may come first.
        Wait(() => machine.Take() == (messages ? vector : VectorOf(slot)), $"{when}: the interrupt of slot {slot}, {(messages ? "MSI-X" : "INTx")}");
        Assert.Equal(messages ? 0ul : 1ul, machine.Read(slot, 0x1000, 1));
        machine.Reset(slot);
        while (machine.Take() >= 0)
            continue;
    }
}
