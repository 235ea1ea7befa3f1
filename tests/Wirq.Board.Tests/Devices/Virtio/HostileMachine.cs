using Wirq.Board.Bus;
using Wirq.Board.Devices;
using Wirq.Board.Devices.Pci;
using Wirq.Board.Devices.Virtio;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Events;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Routing;

namespace Wirq.Board.Tests.Devices.Virtio;

/// <summary>A machine with the PCI functions of a PC, whose laws are watched. The test is its CPU, and reaches everything as a CPU
/// does: by ports and by addresses.</summary>
internal sealed class HostileMachine : IDisposable
{
    internal const int TestSlot = 1, DiskSlot = 2, EntropySlot = 3, Sectors = 64;
    internal const uint Bar = 0xC0000000, BarBytes = 0x8000;
    internal const ulong MemoryBytes = 1 << 30;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly EpollLoop _loop;
    private readonly BoardWatch _watch = new("test");
    private readonly PciTestFunction _test;
    private readonly VirtioFunction[] _virtio;

    internal HostileMachine()
    {
        Memory = new BoardMemory(MemoryBytes);
        FabricHost? host = null;
        _loop = new EpollLoop(token => host!.EventArrived(token), new EpollOptions { EdgeTriggered = true });
        var fabric = new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 16 } });
        fabric.Events.Observing = true;
        var port = new BoardPort(_watch.Begin(fabric));
        Host = host = new FabricHost(fabric, new FabricPorts { EventFds = _loop, Cpus = port, Observer = port });
        var root = new PciRoot();
        root.MapAt(Bus);
        root.Add(0, new PciHostBridge());
        _test = new PciTestFunction(Host, Bus, PciRoot.RequesterOf(TestSlot), GsiOf(TestSlot));
        root.Add(TestSlot, _test);
        _virtio =
        [
            new VirtioFunction(Host, Bus, Memory, new VirtioDisk(new byte[Sectors * VirtioDisk.Sector]), PciRoot.RequesterOf(DiskSlot), GsiOf(DiskSlot)),
            new VirtioFunction(Host, Bus, Memory, new VirtioEntropy(), PciRoot.RequesterOf(EntropySlot), GsiOf(EntropySlot)),
        ];
        root.Add(DiskSlot, _virtio[0]);
        root.Add(EntropySlot, _virtio[1]);
        Bus.MapMemory(TestDeviceAt, TestDeviceBytes, Other);
        PrepareCpu();
    }

    internal const ulong TestDeviceAt = 0xFF000000, TestDeviceBytes = 0x10000;

    internal BoardMemory Memory { get; }

    internal FabricHost Host { get; }

    internal DeviceBus Bus { get; } = new();

    /// <summary>A device of the board that a function may be put over.</summary>
    internal Neighbour Other { get; } = new();

    /// <summary>The laws that broke, and what came before the first break.</summary>
    internal string[] BrokenLaws
    {
        get
        {
            string[] broken = [.. _watch.Laws.Where(law => law.Break is not null).Select(law => $"{law.Name}: {law.Describe()}")];
            return broken.Length == 0 ? [] : [.. broken, .. _watch.Story.Select(e => $"{e.Kind} {e}")];
        }
    }

    internal static int GsiOf(int slot) => 16 + slot;

    /// <summary>The local APIC is on, the 8259s are masked, each function has its pin.</summary>
    internal void PrepareCpu()
    {
        Host.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        Host.TryWritePort(0, 0x21, 1, 0xFF);
        Host.TryWritePort(0, 0xA1, 1, 0xFF);
        for (int slot = TestSlot; slot <= EntropySlot; slot++)
        {
            // An INIT may have come by a message while a pin's interrupt was in IRR: nobody ends that one, and Remote IRR stays until
            // the entry is edge-triggered.
            WriteEntry(slot, 1 << 16);
            Mask(slot, masked: false);
        }
    }

    internal void Mask(int slot, bool masked) => WriteEntry(slot, 1 << 15 | (masked ? 1 << 16 : 0));

    private void WriteEntry(int slot, int bits)
    {
        Host.TryWrite(0, 0xFEC00000, 4, (ulong)(0x10 + 2 * GsiOf(slot)));
        Host.TryWrite(0, 0xFEC00010, 4, (ulong)(VectorOf(slot) | bits));
    }

    internal static int VectorOf(int slot) => 0x60 + slot;

    /// <summary>Takes an interrupt and ends it.</summary>
    /// <returns>Its vector; -1 for none.</returns>
    internal int Take()
    {
        int vector = Host.Take(0);
        if (vector >= 0)
            Host.TryWrite(0, 0xFEE000B0, 4, 0);
        return vector;
    }

    internal void Configure(int slot, uint register, int at, int size, uint value)
    {
        Bus.WritePort(0xCF8, 4, 0x80000000 | (uint)slot << 11 | register);
        Bus.WritePort((ushort)(0xCFC + at), size, value);
    }

    internal uint Configuration(int slot, uint register)
    {
        Bus.WritePort(0xCF8, 4, 0x80000000 | (uint)slot << 11 | register);
        return Bus.ReadPort(0xCFC, 4);
    }

    /// <summary>Puts a function where its driver expects it, with memory and bus master on, by INTA# or MSI-X.</summary>
    internal void Place(int slot, bool messages = false)
    {
        Configure(slot, 0x10, 0, 4, BarOf(slot));
        if (slot != TestSlot)
            Configure(slot, 0x40, 2, 2, messages ? 0x8000u : 0);
        Configure(slot, 0x04, 0, 2, 0x6);
    }

    internal static uint BarOf(int slot) => Bar + (uint)slot * BarBytes;

    internal void Write(int slot, uint offset, int size, ulong value) => Bus.WriteMemory(BarOf(slot) + offset, size, value);

    internal ulong Read(int slot, uint offset, int size) => Bus.ReadMemory(BarOf(slot) + offset, size);

    /// <summary>A driver resets the function; its line is low then.</summary>
    internal void Reset(int slot)
    {
        Place(slot);
        if (slot == TestSlot)
            Write(slot, 4, 4, 0);
        else
            Write(slot, 0x14, 1, 0);
    }

    internal bool IsHigh(int slot) => Host.Do(fabric => fabric.Lines.IsAsserted(GsiOf(slot)));

    internal static void Wait(Func<bool> until, string what) => Assert.True(SpinWait.SpinUntil(until, s_patience), $"{what}: it did not happen in time");

    public void Dispose()
    {
        foreach (VirtioFunction function in _virtio)
            function.Stop();
        _loop.Dispose();
        foreach (VirtioFunction function in _virtio)
            function.Dispose();
        _watch.Dispose();
        Memory.Dispose();
    }
}

/// <summary>It counts what reaches it.</summary>
internal sealed class Neighbour : IMemoryDevice
{
    internal int Accesses { get; private set; }

    public ulong ReadMemory(ulong offset, int size)
    {
        Accesses++;
        return 0x55;
    }

    public void WriteMemory(ulong offset, int size, ulong value) => Accesses++;
}
