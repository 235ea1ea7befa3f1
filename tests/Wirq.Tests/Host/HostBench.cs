using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>A host whose local APICs are in a kernel, and code that its tests share.</summary>
public abstract class HostBench
{
    private protected static readonly EventFd Trigger = new(7), Resample = new(8), OtherResample = new(9), Other = new(6);

    private protected FakeKernel Kernel { get; } = new();

    private protected FabricHost Host { get; }

    private protected HostBench()
    {
        FabricOptions options = FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 64, BatchCount = 1, BatchDelay = 0, Kernel = Kernel.Limits },
            Pic = null,
        };
        Host = new FabricHost(new Fabric(options), PortsOf.One(Kernel));
    }

    private protected void ProgramLevel(int pin, byte vector, bool masked = false) => ProgramLevel(Host, pin, vector, masked);

    private protected static void ProgramLevel(FabricHost host, int pin, byte vector, bool masked = false)
    {
        var entry = RedirectionEntry.Create(vector, 0, level: true, masked: masked);
        foreach ((uint index, uint value) in new[] { (0x11u + (uint)pin * 2, entry.High), (0x10u + (uint)pin * 2, entry.Low) })
        {
            host.TryWrite(0, 0xFEC00000, 4, index);
            host.TryWrite(0, 0xFEC00010, 4, value);
        }
    }
}
