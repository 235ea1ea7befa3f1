using Wirq.Events;
using Wirq.Host;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>The three kinds of upcall, and the line that a callback shares with devices.</summary>
public class CallbackTests
{
    private const byte Vector = 0xF3, OwnVector = 0x41, LineVector = 0x51;
    private const int Gsi = 21;

    [Fact]
    public void A_vector_of_the_vCPU_is_an_edge_into_its_local_APIC_and_needs_an_EOI()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        Assert.Equal(XenError.None, guest.Callback.SetVector(1, OwnVector));
        guest.Callback.Take(1);
        guest.Eoi(1);
        Assert.False(guest.Callback.HasInterrupt(1));
        guest.Send(1);
        Assert.Equal(OwnVector, guest.Callback.Take(1));
        // In service, so the next one waits for the EOI.
        guest.Clear(1);
        guest.Send(1);
        Assert.False(guest.Callback.HasInterrupt(1));
        guest.Eoi(1);
        Assert.Equal(OwnVector, guest.Callback.Take(1));
        // A flag that the guest sets itself is no edge.
        guest.Eoi(1);
        guest.Clear(1);
        guest.Flag(1) = 1;
        Assert.False(guest.Callback.HasInterrupt(1));
    }

    [Fact]
    public void A_vector_of_the_vCPU_is_not_raised_while_its_local_APIC_is_disabled()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Callback.SetVector(1, OwnVector);
        guest.Callback.Take(1);
        guest.Eoi(1);
        guest.Fabric.TryWrite(1, ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector, 4, 0xFF);
        guest.Send(1);
        guest.Fabric.TryWrite(1, ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
        Assert.False(guest.Callback.HasInterrupt(1));
    }

    [Theory]
    [InlineData(1, 0x0F, XenError.Invalid)]
    [InlineData(9, 0x0F, XenError.Invalid)]
    [InlineData(2, 0x10, XenError.NoSuchEntry)]
    [InlineData(1, 0x10, XenError.None)]
    public void A_vCPU_has_a_vector_from_0x10_on(uint vcpu, byte vector, XenError answer) =>
        Assert.Equal(answer, new Guest(CallbackPolicy.Ack).Callback.SetVector(vcpu, vector));

    [Fact]
    public void The_global_vector_is_offered_while_the_flag_is_set_by_whomever()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Callback.SetVia(CallbackVia.OfVector(Vector));
        guest.Wakes();
        guest.Flag(1) = 1;
        for (int entry = 0; entry < 3; entry++)
            Assert.Equal(Vector, guest.Callback.Take(1));
        Assert.False(guest.Callback.HasInterrupt(0));
        guest.Clear(1);
        Assert.False(guest.Callback.HasInterrupt(1));
        // No local APIC saw it: nothing is in service.
        guest.Send(0);
        Assert.Equal([0], guest.Wakes());
        Assert.Equal(Vector, guest.Callback.Take(0));
        guest.Clear(0);
        guest.Fabric.Send(Msi.Encode(InterruptMessage.Create(0x20, DeliveryMode.Fixed, destination: 0)));
        Assert.Equal(0x20, guest.Callback.Take(0));
    }

    [Fact]
    public void The_global_vector_comes_before_the_8259_and_the_local_APIC_and_a_vector_of_the_vCPU_before_the_line()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Callback.SetVia(CallbackVia.OfVector(0x20));
        guest.Fabric.Send(Msi.Encode(InterruptMessage.Create(0xE0, DeliveryMode.Fixed, destination: 0)));
        guest.Send(0);
        Assert.Equal(0x20, guest.Callback.Take(0));
        guest.Clear(0);
        Assert.Equal(0xE0, guest.Callback.Take(0));
        guest.Eoi(0);

        guest.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Callback.SetVector(0, OwnVector);
        guest.Send(0);
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.Equal(OwnVector, guest.Callback.Take(0));
    }

    [Fact]
    public void A_vector_of_the_vCPU_comes_at_once_and_whenever_the_callback_is_set_though_its_flag_is_clear()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Callback.SetVector(1, OwnVector);
        foreach (CallbackVia via in new[] { CallbackVia.OfVector(Vector), CallbackVia.OfGsi(Gsi), default })
        {
            Assert.Equal(OwnVector, guest.Callback.Take(1));
            guest.Eoi(1);
            Assert.False(guest.Callback.HasInterrupt(1));
            guest.Callback.SetVia(via);
        }
        Assert.Equal(OwnVector, guest.Callback.Take(1));
        Assert.False(guest.Callback.HasInterrupt(0));
    }

    [Theory]
    [InlineData(XenProfile.Xen, true)]
    [InlineData(XenProfile.Qemu, false)]
    public void By_polling_Xen_looks_when_any_vCPU_enters_and_QEMU_when_vCPU_0_does(XenProfile profile, bool looks)
    {
        var guest = new Guest(CallbackPolicy.Poll, profile);
        guest.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Send(0);
        guest.Clear(0);
        Assert.Equal(looks, guest.Callback.Enter(1));
        Assert.Equal(!looks, guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.Equal(!looks, guest.Callback.Enter(0));
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
    }

    [Theory]
    [InlineData(CallbackPolicy.Ack)]
    [InlineData(CallbackPolicy.Poll)]
    public void The_line_rises_when_we_set_the_flag_of_vCPU_0_and_not_when_the_guest_does(CallbackPolicy policy)
    {
        var guest = new Guest(policy);
        guest.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Flag(0) = 1;
        guest.Callback.Enter(0);
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
        guest.Clear(0);
        guest.Send(1);
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
        guest.Send(0);
        Assert.Equal(["Xen callback"], guest.Fabric.Lines.HoldersOf(Gsi));
    }

    [Fact]
    public void By_poll_the_line_falls_at_the_entry_of_any_vCPU_after_the_guest_has_cleared_its_flag()
    {
        var guest = new Guest(CallbackPolicy.Poll);
        guest.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        Assert.False(guest.Callback.Enter(0));
        guest.Send(0);
        Assert.True(guest.Callback.Enter(0));
        Assert.True(guest.Fabric.Lines.IsAsserted(Gsi));
        guest.Clear(0);
        Assert.True(guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.True(guest.Callback.Enter(0));
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.False(guest.Callback.Enter(0));
    }

    /// <summary>The handler clears the flag before its EOI, or leaves it: by acknowledge, the line falls at the EOI, and
    /// rises again if the flag is still set. No entry looks at anything.</summary>
    [Fact]
    public void By_acknowledge_the_line_is_looked_at_when_it_is_acknowledged_and_at_no_entry()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Program(Gsi);
        guest.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Send(0);
        Assert.Equal(LineVector, guest.Callback.Take(0));
        Assert.False(guest.Callback.Enter(0));
        guest.Eoi(0);
        Assert.Equal(LineVector, guest.Callback.Take(0));
        guest.Clear(0);
        guest.Eoi(0);
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.False(guest.Callback.HasInterrupt(0));
        guest.Send(0);
        Assert.Equal(LineVector, guest.Callback.Take(0));
    }

    /// <summary>Every order in which the callback and a device rise and fall: neither drops the other, and the guest is
    /// interrupted exactly while one of them wants.</summary>
    [Theory]
    [InlineData(CallbackPolicy.Ack)]
    [InlineData(CallbackPolicy.Poll)]
    public void A_device_on_the_same_line_neither_drops_the_callback_nor_is_dropped(CallbackPolicy policy)
    {
        for (int order = 0; order < 16; order++)
        {
            var guest = new Guest(policy);
            guest.Program(Gsi);
            guest.Callback.SetVia(CallbackVia.OfGsi(Gsi));
            Source device = guest.Fabric.Connect(Gsi, "device");
            bool flag = false, raised = false;
            for (int step = 0; step < 4; step++)
            {
                bool ofDevice = (order >> step & 1) != 0;
                if (ofDevice)
                    device.Set(raised = !raised);
                else if (flag = !flag)
                    guest.Send(0);
                else
                    guest.Clear(0);
                guest.Callback.Enter(0);
                guest.Drain();
                // One interrupt, whose handler finds what is there and serves nothing.
                if (guest.Callback.Take(0) == LineVector)
                    guest.Eoi(0);
                Assert.Equal(raised || flag, guest.Fabric.Lines.IsAsserted(Gsi));
                Assert.Equal(raised, guest.Fabric.Lines.HoldersOf(Gsi).Contains("device"));
                Assert.Equal(raised || flag, guest.Callback.HasInterrupt(0));
            }
        }
    }

    /// <summary>A guest of the 8259 masks and signals EOI before its handler runs.</summary>
    [Fact]
    public void A_guest_of_the_8259_sees_no_phantom()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.UsePic(level: 1 << 5);
        guest.Callback.SetVia(CallbackVia.OfGsi(5));
        guest.Send(0);
        Assert.Equal(0x25, guest.Callback.Take(0));
        guest.Port(0x21, 0xFF);
        guest.Port(0x20, 0x20);
        // The handler.
        guest.Clear(0);
        guest.Port(0x21, 0xDF & ~0x20);
        Assert.False(guest.Callback.HasInterrupt(0));
        Assert.False(guest.Fabric.Lines.IsAsserted(5));
        guest.Send(0);
        Assert.Equal(0x25, guest.Callback.Take(0));
    }

    [Theory]
    [InlineData(CallbackPolicy.Ack)]
    [InlineData(CallbackPolicy.Poll)]
    public void A_callback_that_is_moved_while_it_asserts_leaves_the_old_line_and_holds_the_new_one(CallbackPolicy policy)
    {
        var guest = new Guest(policy);
        guest.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Send(0);
        guest.Callback.SetVia(CallbackVia.OfGsi(22));
        Assert.Equal((false, true), (guest.Fabric.Lines.IsAsserted(Gsi), guest.Fabric.Lines.IsAsserted(22)));
        // Device 2, pin B: GSI 25, and link 3 to IRQ 10.
        guest.Callback.SetVia(CallbackVia.OfIntx(2, PciInterruptPin.B));
        Assert.Equal((false, true, true), (guest.Fabric.Lines.IsAsserted(22), guest.Fabric.Lines.IsAsserted(25), guest.Fabric.Lines.IsAsserted(10)));
        // A link that is moved while it is held.
        guest.Lines.Route(3, 11);
        Assert.Equal((false, true), (guest.Fabric.Lines.IsAsserted(10), guest.Fabric.Lines.IsAsserted(11)));
        guest.Wakes();
        guest.Callback.SetVia(CallbackVia.OfVector(Vector));
        Assert.Equal([0, 1], guest.Wakes());
        Assert.Equal((false, false), (guest.Fabric.Lines.IsAsserted(25), guest.Fabric.Lines.IsAsserted(11)));
        Assert.Equal(Vector, guest.Callback.Take(0));
        // Back to a line: the flag is still set.
        guest.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        Assert.True(guest.Fabric.Lines.IsAsserted(Gsi));
        guest.Callback.SetVia(default);
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
    }

    [Fact]
    public void By_INTx_an_acknowledge_of_either_line_looks_at_the_flag()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Program(25);
        guest.Callback.SetVia(CallbackVia.OfIntx(2, PciInterruptPin.B));
        Source device = guest.Fabric.Connect(25, "device");
        guest.Send(0);
        device.Raise();
        Assert.Equal(LineVector, guest.Callback.Take(0));
        guest.Clear(0);
        guest.Eoi(0);
        // The device holds its line still; the callback holds neither.
        Assert.Equal(["device"], guest.Fabric.Lines.HoldersOf(25));
        Assert.Empty(guest.Fabric.Lines.HoldersOf(10));
    }

    [Theory]
    [InlineData(0ul, CallbackKind.None)]
    [InlineData(48ul, CallbackKind.Gsi)]
    [InlineData(255ul, CallbackKind.Gsi)]
    [InlineData(0x03_0000_0000_0000_15ul, CallbackKind.None)]
    [InlineData(0xFFFF_FFFF_FFFF_FFFFul, CallbackKind.None)]
    [InlineData(0x01_FFFF_FFFF_FFFF_FFul, CallbackKind.PciIntx)]
    public void Any_value_is_a_callback_or_none(ulong bits, CallbackKind kind)
    {
        var guest = new Guest(CallbackPolicy.Ack);
        Assert.Equal(kind, new CallbackVia(bits).Kind);
        guest.Callback.SetVia(new(bits));
        guest.Send(0);
        Assert.Equal(kind == CallbackKind.PciIntx, Enumerable.Range(0, 48).Any(guest.Fabric.Lines.IsAsserted));
    }

    [Fact]
    public void A_vcpu_info_that_is_registered_makes_the_line_rise()
    {
        var guest = new Guest(CallbackPolicy.Poll);
        guest.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Channels.RegisterVcpuInfo(1, 0, 3, 0);
        guest.Drain();
        Assert.True(guest.Fabric.Lines.IsAsserted(Gsi));
        // The flag that counts is the new one.
        guest.Clear(0);
        guest.Callback.Enter(0);
        Assert.True(guest.Fabric.Lines.IsAsserted(Gsi));
        guest.Memory.Page(1, 3)[0] = 0;
        guest.Callback.Enter(0);
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
    }

    [Fact]
    public void A_domain_that_does_not_fit_its_machine_is_refused()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        Assert.Throws<ArgumentException>(() => new XenCallback(guest.Fabric, guest.Channels, 7, null, CallbackPolicy.Ack, new StateArena()));
        Assert.Throws<ArgumentException>(() => new XenCallback(guest.Fabric, new EventChannels(new() { Domains = [new() { Id = 1, Vcpus = 3 }] }, guest.Memory),
            1, null, CallbackPolicy.Ack, new StateArena()));
        Assert.Throws<ArgumentException>(() => new XenPciLines(new Fabric(FabricOptions.Pc()), new StateArena()));
    }

    /// <summary>An HVM domain 1 of two vCPUs on a machine of 48 pins, with an IPI port for each vCPU.</summary>
    private sealed class Guest
    {
        private readonly FabricPorts _ports;
        private readonly Woken _woken = new();

        internal Guest(CallbackPolicy policy, XenProfile profile = XenProfile.Xen)
        {
            Channels = new(new() { Domains = [new() { Id = 1, Vcpus = 2 }] }, Memory);
            Fabric = new Fabric(FabricOptions.Pc(2) with { IoApics = [new() { Pins = 48 }], IntrAtPinZero = false });
            var arena = new StateArena();
            Lines = new XenPciLines(Fabric, arena);
            foreach ((int link, int irq) in new[] { (0, 10), (1, 11), (2, 5), (3, 10) })
                Lines.Route(link, irq);
            Callback = new XenCallback(Fabric, Channels, 1, Lines, policy, arena) { Profile = profile };
            _ports = new FabricPorts { Acks = Callback, Cpus = _woken };
            for (uint vcpu = 0; vcpu < 2; vcpu++)
            {
                Channels.Hypercall(1, EventChannelOperation.BindIpi, [.. BitConverter.GetBytes(vcpu), 0, 0, 0, 0]);
                Fabric.TryWrite((int)vcpu, ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
            }
        }

        internal XenMemory Memory { get; } = new(2);
        internal EventChannels Channels { get; }
        internal Fabric Fabric { get; }
        internal XenPciLines Lines { get; }
        internal XenCallback Callback { get; }

        internal ref byte Flag(int vcpu) => ref Memory.SharedInfo(1)[vcpu * VcpuInfo.Size];

        internal void Send(int vcpu)
        {
            Channels.Send(1, (uint)vcpu + 1);
            Drain();
        }

        internal void Drain()
        {
            while (Channels.Events.TryTake(out Event effect))
                Callback.Upcall(XenUpcall.Of(effect).Vcpu);
            Fabric.Drain(_ports);
        }

        /// <summary>The guest takes its events.</summary>
        internal void Clear(int vcpu)
        {
            Memory.SharedInfo(1).Slice(vcpu * VcpuInfo.Size, VcpuInfo.Size).Clear();
            Memory.SharedInfo(1)[Layout64.Pending] &= (byte)~(2 << vcpu);
        }

        /// <summary>Gives a pin a level entry for CPU 0.</summary>
        internal void Program(int pin)
        {
            var entry = RedirectionEntry.Create(LineVector, destination: 0, level: true);
            foreach ((uint index, uint value) in new[] { (IoApic.EntryIndex(pin) + 1, entry.High), (IoApic.EntryIndex(pin), entry.Low) })
            {
                Fabric.TryWrite(0, IoApicOptions.DefaultAddress + IoApic.SelectOffset, 4, index);
                Fabric.TryWrite(0, IoApicOptions.DefaultAddress + IoApic.WindowOffset, 4, value);
            }
            Drain();
        }

        internal void Eoi(int cpu)
        {
            Fabric.TryWrite(cpu, ApicBase.DefaultPage + (uint)ApicRegister.Eoi, 4, 0);
            Drain();
        }

        internal void Port(ushort port, byte value)
        {
            Fabric.TryWritePort(0, port, 1, value);
            Drain();
        }

        /// <summary>Initialises the 8259 pair at vectors 0x20 and 0x28, all unmasked, and lets LINT0 of CPU 0 take from
        /// it.</summary>
        internal void UsePic(byte level)
        {
            Port(0x4D0, level);
            foreach ((ushort port, byte value) in new (ushort, byte)[]
            {
                (0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 1), (0xA0, 0x11), (0xA1, 0x28), (0xA1, 2), (0xA1, 1), (0x21, 0), (0xA1, 0),
            })
                Port(port, value);
            Fabric.TryWrite(0, ApicBase.DefaultPage + 0x350, 4, 0x700);
            Drain();
        }

        /// <summary>The CPUs that were woken since the last call.</summary>
        internal int[] Wakes()
        {
            Drain();
            int[] seen = [.. _woken.Seen];
            _woken.Seen.Clear();
            return seen;
        }
    }

    private sealed class Woken : ICpuPort
    {
        internal List<int> Seen { get; } = [];
        public void Interrupt(int cpu) => Seen.Add(cpu);
        public void Nmi(int cpu) { }
        public void Smi(int cpu) { }
        public void Init(int cpu) { }
        public void StartUp(int cpu, byte vector) { }
    }
}
