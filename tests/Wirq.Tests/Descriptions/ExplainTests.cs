using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Descriptions;

/// <summary>Each gate, made by inputs of a guest and its devices, and what a machine says of it.</summary>
public sealed class ExplainTests
{
    private const int Pin = 20;
    private const ulong Svr = 0xFEE000F0, Tpr = 0xFEE00080, Eoi = 0xFEE000B0, Lint0 = 0xFEE00350;
    private static readonly RedirectionEntry Level = RedirectionEntry.Create(0x51, 0, level: true), Edge = RedirectionEntry.Create(0x51, 0);

    private readonly Fabric _fabric = new(FabricOptions.Pc(cpus: 2));

    public ExplainTests()
    {
        Write(0, Svr, 0x1FF);
        Write(1, Svr, 0x1FF);
    }

    [Fact]
    public void A_line_that_nobody_asserts()
    {
        Program(Level);
        Assert.Equal(Gate.NotAsserted, OfPin().Gate);
        Assert.Equal("GSI 20, not asserted:\n  pin 20 of I/OAPIC 0: it is not asserted\n", _fabric.Explain(Pin).ToString());
    }

    [Fact]
    public void A_masked_entry()
    {
        Program(Level.WithMask(true));
        Raise();
        Assert.Equal(Gate.PinMasked, OfPin().Gate);
    }

    [Fact]
    public void A_message_that_waits_in_the_queue()
    {
        Program(Level);
        _fabric.Connect(Pin, "disk").Raise();
        Assert.Equal(Gate.InFlight, OfPin().Gate);
    }

    [Fact]
    public void A_vector_that_waits_for_its_CPU_then_for_its_EOI()
    {
        Program(Level);
        Raise();
        Assert.Equal((Gate.CpuUnknown, 0, 0x51), Held(OfPin()));
        Assert.Equal(0x51, _fabric.Take(0));
        Assert.Equal((Gate.NoEoi, 0, 0x51), Held(OfPin()));
        Assert.Contains("Remote IRR is set: 0x51 is in service at cpu0", OfPin().Why, StringComparison.Ordinal);
    }

    /// <summary>Its entry names another vector by now, so the EOI of the old one does not find the pin.</summary>
    [Fact]
    public void Remote_IRR_that_no_CPU_can_end()
    {
        Program(Level);
        Raise();
        _fabric.Take(0);
        Program(RedirectionEntry.Create(0x61, 0, level: true));
        Write(0, Eoi, 0);
        _fabric.Drain();
        Assert.Equal((Gate.RemoteIrr, -1, 0x61), Held(OfPin()));
        Assert.Contains("no addressed CPU", OfPin().Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_priority_and_a_vector_in_service()
    {
        Program(Level);
        Write(0, Tpr, 0x60);
        Raise();
        Assert.Equal((Gate.TaskPriority, 0, 0x60), Held(OfPin()));
        Write(0, Tpr, 0);
        _fabric.Send(new Wirq.Msi(0xFEE00000, 0x71));
        _fabric.Drain();
        Assert.Equal(0x71, _fabric.Take(0));
        Assert.Equal((Gate.VectorInService, 0, 0x71), Held(OfPin()));
    }

    [Fact]
    public void Hardware_and_software_disabled()
    {
        Program(Level);
        Raise();
        Write(0, Svr, 0xFF);
        Assert.Equal(Gate.CpuUnknown, OfPin().Gate);
        Assert.Equal((Gate.SoftwareDisabled, 0), (_fabric.Explain(new Wirq.Msi(0xFEE00000, 0x41)).Roads[0].Gate, _fabric.Explain(new Wirq.Msi(0xFEE00000, 0x41)).Roads[0].Cpu));
        _fabric.WriteMsr(0, 0x1B, 0xFEE00000);
        Assert.Equal(Gate.NoDestination, _fabric.Explain(new Wirq.Msi(0xFEE00000, 0x41)).Roads[0].Gate);
    }

    [Theory]
    [InlineData(0x51u, 7u, Gate.NoDestination)]
    [InlineData(0x0Fu, 0u, Gate.IllegalVector)]
    public void A_level_that_was_refused(uint vector, uint destination, Gate gate)
    {
        Program(RedirectionEntry.Create((byte)vector, destination, level: true));
        Raise();
        Assert.Equal(gate, OfPin().Gate);
    }

    [Fact]
    public void An_edge_that_was_delivered_long_ago_and_one_that_was_lost()
    {
        Program(Edge);
        Raise();
        Assert.Equal(0x51, _fabric.Take(0));
        Assert.Equal(Gate.NoEoi, OfPin().Gate);
        Write(0, Eoi, 0);
        Assert.Equal(Gate.EdgeSpent, OfPin().Gate);
        Program(Edge.WithMask(true));
        Assert.Equal((Gate.PinMasked, "its entry is masked and edge-triggered: an edge that came is not kept"), (OfPin().Gate, OfPin().Why));
    }

    [Fact]
    public void The_storm_brake()
    {
        FabricOptions options = FabricOptions.Pc();
        var fabric = new Fabric(options with { IoApics = [options.IoApics[0] with { StormLimit = 1, StormDelay = 500 }] });
        fabric.TryWrite(0, Svr, 4, 0x1FF);
        Program(fabric, Level);
        fabric.Connect(Pin, "disk").Raise();
        fabric.Drain();
        fabric.Take(0);
        fabric.TryWrite(0, Eoi, 4, 0);
        fabric.Drain();
        Assert.Equal("the storm brake holds it until 500 ns", Assert.Single(fabric.Explain(Pin).Roads).Why);
    }

    [Fact]
    public void The_8259_from_its_initialisation_to_the_EOI()
    {
        Source serial = _fabric.Connect(4, "serial");
        serial.Raise();
        Assert.Equal(Gate.PicNotReady, OfIrq(4).Gate);
        serial.Lower();
        Initialise();
        Assert.Equal(Gate.NotAsserted, OfIrq(4).Gate);
        _fabric.TryWritePort(0, 0x21, 1, 0x10);
        serial.Raise();
        Assert.Equal(Gate.PicMasked, OfIrq(4).Gate);
        _fabric.TryWritePort(0, 0x21, 1, 0);
        Assert.Equal(Gate.Lint0Closed, OfIrq(4).Gate);
        Write(0, Lint0, 0x700);
        Assert.Equal((Gate.CpuUnknown, 0, 4), Held(OfIrq(4)));
        Source clock = _fabric.Connect(2, "clock");
        clock.Raise();
        Assert.Equal((Gate.PicBehind, -1, 0), Held(OfIrq(4)));
        _fabric.Inta(0);
        Assert.Equal((Gate.PicInService, -1, 0), Held(OfIrq(4)));
        Assert.Equal((Gate.NoEoi, -1, 0), Held(_fabric.Explain(2).Roads[0]));
    }

    [Fact]
    public void The_cascade()
    {
        Initialise();
        _fabric.TryWritePort(0, 0x21, 1, 0x04);
        _fabric.Connect(10, "net").Raise();
        Assert.Equal(Gate.CascadeMasked, OfIrq(10).Gate);
    }

    [Fact]
    public void Virqs()
    {
        var kernel = new FakeKernel();
        var fabric = new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 8, BatchDelay = 0, Kernel = kernel.Limits } });
        VirqHandle net = fabric.RouteCache!.Register("net", 0x10), line = fabric.ConnectVirq(Pin, "disk", VirqKind.Level);
        Assert.Equal(Gate.NotProgrammed, fabric.Explain(net).Roads[0].Gate);
        fabric.RouteCache.SetMessage(net, new Wirq.Msi(0xFEE00000, 0x41));
        Assert.Equal(Gate.NotKnown, fabric.Explain(net).Roads[0].Gate);
        fabric.RouteCache.Mask(net);
        fabric.RouteCache.Trigger(net);
        Assert.Equal((Gate.VirqMasked, "it is masked; an interrupt is pending"), (fabric.Explain(net).Roads[0].Gate, fabric.Explain(net).Roads[0].Why));
        Assert.Equal(Gate.NotAsserted, fabric.Explain(line).Roads[^1].Gate);
        fabric.DisposeVirq(net);
        Assert.Throws<ArgumentException>(() => fabric.Explain(net));
    }

    [Fact]
    public void A_virq_whose_own_local_APICs_hold_it()
    {
        var fabric = new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 8 } });
        VirqHandle net = fabric.RouteCache!.Register("net", 0x10);
        fabric.RouteCache.SetMessage(net, new Wirq.Msi(0xFEE00000, 0x41));
        Assert.Equal((Gate.SoftwareDisabled, 0, 0x41), Held(fabric.Explain(net).Roads[0]));
        fabric.TryWrite(0, Svr, 4, 0x1FF);
        Assert.Equal(Gate.None, fabric.Explain(net).Roads[0].Gate);
        fabric.RouteCache.Trigger(net);
        fabric.Drain();
        Assert.Equal((Gate.CpuUnknown, 0, 0x41), Held(fabric.Explain(net).Roads[0]));
    }

    /// <summary>What a unit would block, it says without a fault.</summary>
    [Fact]
    public void A_message_that_a_unit_would_block_makes_no_fault()
    {
        var fabric = new Fabric(FabricOptions.Pc() with { Vtd = new() });
        fabric.Events.Observing = true;
        fabric.TryWrite(0, 0xFED90018, 4, 1u << 25);
        fabric.Drain();
        UInt128 before = fabric.Identity();
        var message = new Wirq.Msi(MsiAddress.For(0), MsiData.For(0x41));
        Assert.Equal(Gate.RemappingFault, fabric.Explain(message, 0x10).Roads[0].Gate);
        Assert.Equal(before, fabric.Identity());
    }

    [Fact]
    public void A_line_whose_chips_are_a_kernels()
    {
        var kernel = new FakeKernel { Limits = new() { Routes = 128, OwnsIoApic = true, ReservedGsis = 24 } };
        var fabric = new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 8, Kernel = kernel.Limits } });
        Assert.Equal(("kernel", Gate.NotKnown), (fabric.Explain(Pin).Roads[0].Road, fabric.Explain(Pin).Roads[0].Gate));
    }

    /// <summary>Whatever a guest did: what a machine says is held by a gate that a guest can open is delivered by opening it,
    /// and asking changes nothing.</summary>
    [Theory]
    [InlineData(Profile.Manual)]
    [InlineData(Profile.Qemu)]
    [InlineData(Profile.Kvm)]
    public void What_it_says_of_a_scrambled_machine_is_so(Profile profile)
    {
        var seen = new HashSet<Gate>();
        var scrambler = new Scrambler(new Fabric(Scrambler.Machine(profile)), seed: 7);
        for (int round = 0; round < 3000; round++)
        {
            scrambler.Step(null);
            UInt128 before = scrambler.Fabric.Identity();
            for (int gsi = 0; gsi < scrambler.Fabric.Gsis.Count; gsi += 1 + round % 5)
                Check(scrambler.Fabric, gsi, seen);
            Assert.Equal(before, scrambler.Fabric.Identity());
        }
        Assert.Superset(new HashSet<Gate> { Gate.NotAsserted, Gate.PinMasked, Gate.EdgeSpent }, seen);
    }

    private static void Check(Fabric fabric, int gsi, HashSet<Gate> seen)
    {
        foreach (RoadExplanation road in fabric.Explain(gsi).Roads)
        {
            seen.Add(road.Gate);
            GsiTarget target = fabric.Gsis[gsi];
            switch (road.Gate)
            {
                case Gate.NotAsserted when road.Road.StartsWith("pin", StringComparison.Ordinal):
                    Assert.False(fabric.IoApics[target.IoApic].IsAsserted(fabric.IoApics[target.IoApic].InputOf(target.Pin)));
                    break;
                case Gate.NoEoi or Gate.CpuUnknown when road.Cpu >= 0 && road.Road.StartsWith("pin", StringComparison.Ordinal):
                    LocalApicDescription apic = fabric.LocalApics!.Describe(road.Cpu);
                    Assert.Contains((byte)road.Number, road.Gate == Gate.NoEoi ? apic.InService : apic.Pending);
                    break;
                case Gate.PicMasked:
                    Assert.True(fabric.Pic!.IsMasked(target.Irq));
                    break;
            }
        }
    }

    private static (Gate, int, int) Held(RoadExplanation road) => (road.Gate, road.Cpu, road.Number);

    private RoadExplanation OfPin() => Assert.Single(_fabric.Explain(Pin).Roads);

    private RoadExplanation OfIrq(int gsi) => _fabric.Explain(gsi).Roads[0];

    private void Raise()
    {
        _fabric.Connect(Pin, "disk").Raise();
        _fabric.Drain();
    }

    private void Program(RedirectionEntry entry)
    {
        Program(_fabric, entry);
        _fabric.Drain();
    }

    private static void Program(Fabric fabric, RedirectionEntry entry)
    {
        foreach ((uint index, uint value) in new[] { (0x11u + Pin * 2, entry.High), (0x10u + Pin * 2, entry.Low) })
        {
            fabric.TryWrite(0, 0xFEC00000, 4, index);
            fabric.TryWrite(0, 0xFEC00010, 4, value);
        }
    }

    private void Write(int cpu, ulong address, uint value) => _fabric.TryWrite(cpu, address, 4, value);

    private void Initialise()
    {
        foreach ((ushort port, byte[] words) in new (ushort, byte[])[] { (0x20, [0x20, 4, 1, 0]), (0xA0, [0x28, 2, 1, 0]) })
        {
            _fabric.TryWritePort(0, port, 1, 0x11);
            foreach (byte word in words)
                _fabric.TryWritePort(0, (ushort)(port + 1), 1, word);
        }
    }
}
