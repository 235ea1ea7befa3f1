using Wirq.Board.Bus;
using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Board.Tests.Devices;

/// <summary>A machine with one CPU and only the devices of a test. The CPU programs the chips and takes
/// interrupts.</summary>
internal sealed class DeviceBench
{
    private const ulong IoApicSelect = 0xFEC00000, IoApicWindow = 0xFEC00010, LocalApic = 0xFEE00000;
    private const ulong SpuriousVector = 0xF0, EndOfInterrupt = 0xB0;

    internal DeviceBench()
    {
        Assert.True(Host.TryWrite(0, LocalApic + SpuriousVector, 4, 0x1FF));
        // The 8259 pair is masked: interrupts come through the I/OAPIC alone.
        Assert.True(Host.TryWritePort(0, 0x21, 1, 0xFF));
        Assert.True(Host.TryWritePort(0, 0xA1, 1, 0xFF));
    }

    internal FabricHost Host { get; } = new(new Fabric(FabricOptions.Pc(profile: Profile.Kvm) with { Routing = new RoutingOptions { Virqs = 64 } }));

    internal DeviceBus Bus { get; } = new();

    /// <summary>Programs a pin of the I/OAPIC, unmasked, to CPU 0.</summary>
    internal void Program(int pin, byte vector, bool level = false)
    {
        WriteIoApic(0x11 + 2 * pin, 0);
        WriteIoApic(0x10 + 2 * pin, vector | (level ? 1u << 15 : 0));
    }

    /// <summary>Takes the next interrupt, and ends it.</summary>
    /// <returns>Its vector; -1 for none.</returns>
    internal int Next()
    {
        int vector = Host.Take(0);
        if (vector >= 0)
            Assert.True(Host.TryWrite(0, LocalApic + EndOfInterrupt, 4, 0));
        return vector;
    }

    internal byte In(int port) => (byte)Bus.ReadPort((ushort)port, 1);

    internal void Out(int port, int value) => Bus.WritePort((ushort)port, 1, (uint)value);

    private void WriteIoApic(int register, uint value)
    {
        Host.TryWrite(0, IoApicSelect, 4, (uint)register);
        Host.TryWrite(0, IoApicWindow, 4, value);
    }
}
