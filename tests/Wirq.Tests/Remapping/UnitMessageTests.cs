using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

/// <summary>The messages of a unit's own events: their sender, their destination, and the result if no local APIC
/// accepts one.</summary>
public sealed class UnitMessageTests : IEventObserver
{
    private const ulong Unit = 0xFED90000, SpuriousVector = 0xFEE000F0;
    private const uint Feuaddr = 0x44;

    private readonly List<Event> _seen = [];

    [Fact]
    public void A_fault_event_bears_the_units_origin()
    {
        Fabric fabric = Machine();
        Fault(fabric, 0xFEE00000, 0x71);
        Assert.Equal(Origin.RemappingUnit(0), Assert.Single(_seen, e => e.Kind == EventKind.MessageAccepted).Origin);
        Assert.Equal(Origin.RemappingUnit(0), Assert.Single(_seen, e => e.Kind == EventKind.VectorAccepted).Origin);
        Assert.Equal(0x71, fabric.Take(0));
    }

    [Theory]
    [InlineData(0xFEE05000, 0x71, RefusalReason.NoDestination)]
    [InlineData(0xFEE00000, 0x05, RefusalReason.IllegalVector)]
    [InlineData(0xFEE00000, 0x371, RefusalReason.ReservedMode)]
    [InlineData(0xFEE00010, 0x71, RefusalReason.NoRemapper)]
    public void One_that_nobody_takes_is_told_of_as_the_units_and_its_status_stays(ulong address, uint data, RefusalReason reason)
    {
        Fabric fabric = Machine();
        Fault(fabric, address, data);
        Event refused = Assert.Single(_seen, e => e.Kind == EventKind.MessageRefused && e.Origin.Kind == OriginKind.RemappingUnit);
        Assert.Equal((Origin.RemappingUnit(0), reason), (refused.Origin, refused.Reason));
        Assert.Equal(Ppf, Read(fabric, Fsts) & Ppf);
        Assert.Equal(0u, Read(fabric, Fectl) & Pending);
        Assert.Equal(-1, fabric.Take(0));
    }

    [Fact]
    public void One_that_is_aimed_outside_the_interrupt_window_writes_memory_and_interrupts_nobody()
    {
        Fabric fabric = Machine();
        var memory = new Memory();
        fabric.Memory = memory;
        Fault(fabric, 0x5000, 0x71);
        Assert.Equal("0x5000: 71000000", Assert.Single(memory.Written));
        Event written = Assert.Single(_seen, e => e.Kind == EventKind.MemoryWrite);
        Assert.Equal((Origin.RemappingUnit(0), 0x5000ul, 0x71ul), (written.Origin, written.A, written.B));
        Assert.Equal(-1, fabric.Take(0));
    }

    [Theory]
    [InlineData(true, 0x00000500u, 0x541u)]
    [InlineData(false, 0x00000500u, 0x41u)]
    public void With_extended_interrupt_mode_the_upper_address_names_the_rest_of_the_destination(bool extended, uint upper, uint destination)
    {
        var kernel = new FakeKernel();
        FabricHost host = Host(kernel, new VtdOptions { ExtendedInterruptMode = extended });
        host.TryWrite(0, Unit + Feuaddr, 4, upper);
        Fault(host, 0xFEE41000, 0x71);
        Assert.Equal((0x71, destination), (Assert.Single(kernel.Signalled).Vector, kernel.Signalled.First().Destination));
    }

    [Theory]
    [InlineData(true, EventKind.MessageAccepted)]
    [InlineData(false, EventKind.MessageRefused)]
    public void What_a_kernel_answers_is_told_of_as_the_units(bool accepts, EventKind told)
    {
        var kernel = new FakeKernel { Accepts = accepts };
        FabricHost host = Host(kernel, new VtdOptions());
        Fault(host, 0xFEE00000, 0x71);
        Event answer = Assert.Single(_seen, e => e.Kind is EventKind.MessageAccepted or EventKind.MessageRefused);
        Assert.Equal((told, Origin.RemappingUnit(0)), (answer.Kind, answer.Origin));
        Assert.Equal(accepts ? RefusalReason.None : RefusalReason.Kernel, answer.Reason);
    }

    [Fact]
    public void A_devices_message_that_a_kernel_refuses_is_told_of()
    {
        var kernel = new FakeKernel { Accepts = false };
        FabricHost host = Host(kernel, new VtdOptions());
        host.Do(fabric => fabric.Send(new Msi(0xFEE00000, 0x41), 0x310));
        Event refused = Assert.Single(_seen, e => e.Kind == EventKind.MessageRefused);
        Assert.Equal((Origin.Device(0x310), RefusalReason.Kernel), (refused.Origin, refused.Reason));
    }

    [Fact]
    public void A_law_misses_one_that_was_swallowed()
    {
        Fabric fabric = Machine();
        var laws = new LawSet(fabric.Options, fabric.Gsis, new StateArena(), [nameof(NoLostEdge)]);
        Fault(fabric, 0xFEE00000, 0x71);
        foreach (Event e in _seen)
            laws.Observe(e);
        Assert.Null(laws.Laws[0].Break);
        foreach (Event e in _seen.Where(e => e.Kind != EventKind.MessageAccepted))
            laws.Observe(e);
        Assert.Equal("a message of remapping unit 0 was neither accepted nor refused", laws.Laws[0].Describe());
    }

    private sealed class Memory : IGuestMemory
    {
        internal List<string> Written { get; } = [];

        public bool TryRead(ulong address, Span<byte> bytes) => false;

        public bool TryWrite(ulong address, ReadOnlySpan<byte> bytes)
        {
            Written.Add($"0x{address:x}: {Convert.ToHexString(bytes)}");
            return true;
        }
    }

    void IEventObserver.Observe(in Event happened) => _seen.Add(happened);

    private Fabric Machine()
    {
        var fabric = new Fabric(FabricOptions.Pc() with { Vtd = new VtdOptions(), Pic = null });
        fabric.Events.Observing = true;
        fabric.TryWrite(0, SpuriousVector, 4, 0x1FF);
        return fabric;
    }

    private FabricHost Host(FakeKernel kernel, VtdOptions unit)
    {
        var fabric = new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 16, Kernel = kernel.Limits },
            Vtd = unit,
            Pic = null,
        });
        fabric.Events.Observing = true;
        return new FabricHost(fabric, PortsOf.One(kernel) with { Observer = this });
    }

    /// <summary>Has the unit block a message, remapping being on and its table not there.</summary>
    private void Fault(Fabric fabric, ulong address, uint data)
    {
        Program(fabric, address, data);
        fabric.Drain(this);
        fabric.Send(new Msi(0xFEE00010, 0), Nic);
        fabric.Drain(this);
    }

    private static void Fault(FabricHost host, ulong address, uint data)
    {
        Program(host, address, data);
        host.Do(fabric => fabric.RouteCache!.Trigger(Blocked(fabric)));
    }

    private static VirqHandle Blocked(Fabric fabric)
    {
        VirqHandle virq = fabric.RouteCache!.Register("blocked", Nic);
        fabric.RouteCache.SetMessage(virq, new Msi(0xFEE00010, 0));
        return virq;
    }

    private static void Program(ICpuAccesses bus, ulong address, uint data)
    {
        bus.TryWrite(0, Unit + Gcmd, 4, IRE);
        bus.TryWrite(0, Unit + Feaddr, 4, address);
        bus.TryWrite(0, Unit + Fedata, 4, data);
        bus.TryWrite(0, Unit + Fectl, 4, 0);
    }

    private static uint Read(Fabric fabric, uint offset)
    {
        Assert.True(fabric.TryRead(0, Unit + offset, 4, out ulong value));
        return (uint)value;
    }
}
