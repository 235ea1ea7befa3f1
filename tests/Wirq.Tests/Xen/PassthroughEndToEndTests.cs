using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>A device of the machine is passed from a PVH dom0 to a guest with I/OAPIC, 8259 and local APIC: from its wire to the
/// guest's handler and back, with all laws watching.</summary>
public class PassthroughEndToEndTests
{
    private const ushort Dom0 = 0, Guest = 1;
    private const int Gsi = 20;
    private const byte Vector = 0x51;
    private static readonly PassedDevice s_nic = new(2, PciInterruptPin.A, 5);

    [Fact]
    public void A_level_comes_by_the_IOAPIC_until_the_device_is_served()
    {
        var guest = new World();
        guest.Pass();
        guest.Program(masked: false);
        guest.Wire(asserted: true);
        Assert.Equal(Vector, guest.Fabric.Take(0));
        // Its handler did not serve the device: it comes again.
        guest.Eoi();
        Assert.Equal(Vector, guest.Fabric.Take(0));
        guest.Wire(asserted: false);
        guest.Eoi();
        Assert.False(guest.Fabric.HasInterrupt(0));
        guest.Wire(asserted: true);
        Assert.Equal(Vector, guest.Fabric.Take(0));
        guest.Verify();
    }

    [Fact]
    public void A_pin_that_is_masked_at_the_EOI_loses_nothing()
    {
        var guest = new World();
        guest.Pass();
        guest.Program(masked: false);
        guest.Wire(asserted: true);
        Assert.Equal(Vector, guest.Fabric.Take(0));
        guest.Program(masked: true);
        guest.Eoi();
        guest.Wire(asserted: false);
        guest.Wire(asserted: true);
        Assert.False(guest.Fabric.HasInterrupt(0));
        guest.Program(masked: false);
        Assert.Equal(Vector, guest.Fabric.Take(0));
        guest.Verify();
    }

    [Fact]
    public void A_level_comes_by_the_8259_and_its_link()
    {
        var guest = new World();
        guest.Pass();
        guest.Start8259();
        guest.Wire(asserted: true);
        Assert.Equal(0x28 + 3, guest.Fabric.Take(0));
        guest.Port(0xA0, 0x20);
        guest.Port(0x20, 0x20);
        Assert.Equal(0x28 + 3, guest.Fabric.Take(0));
        guest.Wire(asserted: false);
        guest.Port(0xA0, 0x20);
        guest.Port(0x20, 0x20);
        Assert.False(guest.Fabric.HasInterrupt(0));
        guest.Verify();
    }

    [Fact]
    public void With_a_port_the_event_comes_and_the_EOI_of_the_PIRQ_ends_it()
    {
        var guest = new World();
        guest.Pass();
        // The guest maps its own GSI, and gets the PIRQ of the machine.
        var map = new MapPirqArgument64 { DomainId = XenDomainOptions.SelfId, MapType = 1, Gsi = guest.GuestGsi, PirqNumber = -1 };
        Assert.Equal(XenError.None, guest.Physdev(PhysdevOperation.MapPirq, ref map));
        Assert.Equal(16, map.PirqNumber);
        byte[] bind = new byte[12];
        MemoryMarshal.Write(bind, map.PirqNumber);
        Assert.Equal(XenError.None, guest.Fabric.Xen!.Channels.Hypercall(Guest, EventChannelOperation.BindPirq, bind));
        guest.Wire(asserted: true);
        Assert.Equal(0xF3, guest.Fabric.Take(0));
        guest.Served();
        var eoi = new EoiArgument { Pirq = 16 };
        guest.Physdev(PhysdevOperation.Eoi, ref eoi);
        Assert.Equal(0xF3, guest.Fabric.Take(0));
        guest.Served();
        guest.Wire(asserted: false);
        guest.Physdev(PhysdevOperation.Eoi, ref eoi);
        Assert.False(guest.Fabric.HasInterrupt(0));
    }

    [Fact]
    public void A_message_becomes_the_guests_message()
    {
        var guest = new World();
        guest.Pass();
        Assert.Equal(XenError.None, guest.Dom0.MapMessage(Guest, s_nic, -1, out int pirq));
        Assert.Equal(63, pirq);
        Assert.Equal(XenError.None, guest.Passthrough.Domctl(PassthroughEndToEndTests.Dom0, Domctl.BindMessage(XenVersion.Current, Guest, (uint)pirq, 0x61, 0)));
        guest.Pirqs.SendMessage(guest.Pirqs.Options.Gsis);
        guest.Run();
        Assert.Equal(0x61, guest.Fabric.Take(0));
        guest.Verify();
    }

    /// <summary>The guest's machine, whose hypervisor has a dom0 besides.</summary>
    private sealed class World : IEventObserver, IXenPort, IAckPort, IPirqGuests
    {
        private readonly FabricPorts _ports;
        private readonly LawSet _laws;
        private readonly XenMemory _memory = new(2);
        private const int LinkIrq = 11;
        private readonly Source _pin, _link;
        private bool _hasLink;
        private bool _isHigh = true;

        internal World()
        {
            Fabric = new Fabric(FabricOptions.Pc(ack: AckPolicy.Eoi) with
            {
                IoApics = [new() { Pins = 48, Ack = AckPolicy.Eoi }],
                IntrAtPinZero = false,
                Xen = new XenOptions
                {
                    Domain = Guest,
                    Channels = new() { Domains = [new() { Id = PassthroughEndToEndTests.Dom0, IsPrivileged = true, Pirqs = 64 }, new() { Id = Guest, Pirqs = 64 }] },
                    Pirqs = new()
                    {
                        Domains = [new() { Id = PassthroughEndToEndTests.Dom0, IsHardware = true, Gsis = 24 }, new() { Id = Guest, RoutesPirqs = true }],
                        Devices = [s_nic.Address],
                    },
                },
            }) { XenPages = _memory };
            _laws = new LawSet(Fabric.Options, Fabric.Gsis, Fabric.Arena);
            _ports = new FabricPorts { Observer = this, Xen = this, Acks = this };
            Passthrough = new Passthrough(Pirqs, this);
            _pin = Fabric.Connect(GuestGsi, "passed-through pin", SourceKind.Sampled);
            _link = Fabric.Connect(LinkIrq, "passed-through link", SourceKind.Sampled);
            var arena = new StateArena();
            Dom0 = new PvhDom0(Pirqs, Passthrough, new AcpiRouting([new(2, PciInterruptPin.A, Gsi)], [], arena), PassthroughDesign.SetUpInPciback, arena);
            Fabric.Xen!.Callback.SetVia(CallbackVia.OfVector(0xF3));
            Fabric.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
            Pirqs.SetWire(Gsi, true);
            Run();
        }

        internal Fabric Fabric { get; }
        internal Pirqs Pirqs => Fabric.Xen!.Pirqs!;
        internal Passthrough Passthrough { get; }
        internal PvhDom0 Dom0 { get; }
        internal int GuestGsi { get; } = XenPciLines.GsiOf(s_nic.GuestDevice, PciInterruptPin.A);

        public void Observe(in Event happened)
        {
            _laws.Observe(happened);
        }

        public void DriveIntx(ushort domain, int device, PciInterruptPin pin, bool asserted)
        {
            Assert.Equal((Guest, s_nic.GuestDevice, PciInterruptPin.A), (domain, (byte)device, pin));
            _pin.Set(asserted);
            if (_hasLink)
                _link.Set(asserted);
        }

        /// <summary>The guest's EOI, before the pin is looked at again.</summary>
        public void Acknowledged(int source, uint generation) => Passthrough.GuestEoi(Guest, source == _pin.Slot ? GuestGsi : LinkIrq);

        public void Upcall(ushort domain, int vcpu) { }
        public void PollerWoken(ushort domain, int vcpu) { }
        public void ConsumerTold(ushort domain, uint port) { }
        public CallbackVia CallbackOf(ushort domain) => Fabric.Xen!.Callback.Via;
        public bool IsAsserted(ushort domain, int gsi) => false;
        public int RouteOf(ushort domain, int link) => _hasLink && link == XenPciLines.LinkOf(s_nic.GuestDevice, PciInterruptPin.A) ? LinkIrq : 0;

        internal void Pass()
        {
            Assert.Equal(XenError.None, Dom0.Pass(s_nic, Guest)[^1].Answer);
            Run();
        }

        internal void Run()
        {
            Fabric.Drain(_ports);
        }

        internal void Wire(bool asserted)
        {
            if (_isHigh == asserted)
                _isHigh = !asserted;
            Pirqs.SetWire(Gsi, _isHigh);
            Run();
        }

        internal void Program(bool masked)
        {
            RedirectionEntry entry = RedirectionEntry.Create(Vector, destination: 0, level: true, masked: masked);
            foreach ((uint index, uint value) in new[] { (IoApic.EntryIndex(GuestGsi) + 1, entry.High), (IoApic.EntryIndex(GuestGsi), entry.Low) })
            {
                Fabric.TryWrite(0, IoApicOptions.DefaultAddress + IoApic.SelectOffset, 4, index);
                Fabric.TryWrite(0, IoApicOptions.DefaultAddress + IoApic.WindowOffset, 4, value);
            }
            Run();
        }

        internal void Start8259()
        {
            _hasLink = true;
            foreach ((ushort port, byte value) in new (ushort, byte)[]
            {
                (0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 1), (0xA0, 0x11), (0xA1, 0x28), (0xA1, 2), (0xA1, 1),
                (0x21, 0), (0xA1, 0), (0x4D1, 0x08),
            })
                Port(port, value);
            Fabric.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.Lint0, 4, 0x700);
            Run();
        }

        internal void Port(ushort port, byte value)
        {
            Fabric.TryWritePort(0, port, 1, value);
            Run();
        }

        internal void Eoi()
        {
            Fabric.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.Eoi, 4, 0);
            Run();
        }

        internal XenError Physdev<T>(PhysdevOperation operation, ref T argument) where T : unmanaged
        {
            XenError answer = Pirqs.Hypercall(Guest, operation, MemoryMarshal.AsBytes(new Span<T>(ref argument)));
            Run();
            return answer;
        }

        /// <summary>The guest takes its events.</summary>
        internal void Served() => _memory.SharedInfo(Guest).Clear();

        internal void Verify()
        {
            _laws.Observe(new Event(EventKind.Rest) with { Time = Fabric.Now });
            Assert.Equal([], _laws.Laws.Where(law => law.Break is not null).Select(law => law.Describe()));
        }
    }
}
