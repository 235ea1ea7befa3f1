using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Tests;

/// <summary>A machine whose local APICs are in a kernel has none of its own.</summary>
public sealed class KernelLocalApicTests
{
    private static readonly KernelLimits s_split = new() { ReservedGsis = 64 };

    [Fact]
    public void A_machine_has_local_APICs_where_no_kernel_has_them()
    {
        Assert.NotNull(new Fabric(FabricOptions.Pc()).LocalApics);
        Assert.NotNull(new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions() }).LocalApics);
        Assert.Null(Machine().LocalApics);
    }

    [Fact]
    public void Neither_their_page_nor_their_MSRs_are_the_machines()
    {
        Fabric fabric = Machine();
        Assert.False(fabric.TryRead(0, ApicBase.DefaultPage + (uint)ApicRegister.Version, 4, out _));
        Assert.False(fabric.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.Eoi, 4, 0));
        Assert.Equal(MsrResult.NotOurs, fabric.ReadMsr(0, ApicMsr.Base, out _));
        Assert.Equal(MsrResult.NotOurs, fabric.WriteMsr(0, ApicMsr.Base, ApicBase.DefaultPage));
        Assert.True(fabric.TryRead(0, IoApicOptions.DefaultAddress + IoApic.WindowOffset, 4, out _));
        Assert.Equal(long.MaxValue, fabric.NextDeadline);
    }

    /// <summary>There is no CPU in the machine for which there could be an answer.</summary>
    [Fact]
    public void What_a_CPU_has_to_take_is_the_kernels_to_say()
    {
        Fabric fabric = Machine();
        Assert.Throws<InvalidOperationException>(() => fabric.HasInterrupt(0));
        Assert.Throws<InvalidOperationException>(() => fabric.Take(0));
        Assert.Throws<InvalidOperationException>(() => fabric.ReadCr8(0));
        Assert.Throws<InvalidOperationException>(() => fabric.TryWriteCr8(0, 0));
        Assert.Throws<InvalidOperationException>(() => fabric.ReadBase(0));
    }

    /// <summary>The owner of the CPUs gets INTR: no CPU of the machine is woken for it.</summary>
    [Fact]
    public void INTR_wakes_no_CPU_of_the_machine()
    {
        Fabric fabric = Machine(profile: Profile.Kvm);
        fabric.Events.WakeUps = true;
        foreach ((ushort port, byte value) in ((ushort, byte)[])[(PicPair.MasterCommand, 0x13), (PicPair.MasterData, 0x20), (PicPair.MasterData, 0x01)])
            fabric.TryWritePort(0, port, 1, value);
        fabric.TryWritePort(0, PicPair.MasterData, 1, 0);
        fabric.Drain();
        fabric.Connect(4, "serial").Raise();
        Assert.True(fabric.Pic!.Intr);
        while (!fabric.Events.IsEmpty)
        {
            Assert.NotEqual(EventKind.CpuInterrupt, fabric.Events.Peek(0).Kind);
            fabric.Drain();
        }
        Assert.Equal(0x24, fabric.Inta(0));
    }

    /// <summary>A kernel with its own I/OAPICs reports no EOI of other pins.</summary>
    [Fact]
    public void A_pin_that_has_no_way_into_the_kernel_hears_so()
    {
        var fabric = new Fabric(FabricOptions.Pc() with
        {
            IoApics = [new(), new() { GsiBase = 24, Address = IoApicOptions.DefaultAddress + 0x1000 }],
            Routing = new RoutingOptions { Kernel = s_split with { OwnsIoApic = true, LineGsis = 24 } },
        });
        fabric.Events.Observing = true;
        fabric.IoApics[1].WriteEntry(3, RedirectionEntry.Create(0x51, 0, level: true), fabric.Events);
        fabric.Connect(27, "device").Raise();
        var seen = new List<Event>();
        fabric.Drain(new Wirq.Host.FabricPorts { Observer = new Collector(seen) });
        Assert.Equal(RefusalReason.Kernel, (RefusalReason)Assert.Single(seen, e => e.Kind == EventKind.PinRefused).B);
        Assert.False(fabric.IoApics[1].Entry(3).RemoteIrr);
    }

    private static Fabric Machine(Profile profile = Profile.Manual) =>
        new(FabricOptions.Pc(profile: profile) with { Routing = new RoutingOptions { Kernel = s_split } });

    private sealed class Collector(List<Event> seen) : Wirq.Host.IEventObserver
    {
        public void Observe(in Event happened) => seen.Add(happened);
    }
}
