using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Snapshots;
using Wirq.State;
using Wirq.Tests.Shared;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>A machine that is a domain of Xen: its effects are in its own queue, and its state is the machine's.</summary>
public class XenMachineTests
{
    private const ushort Own = 1, Other = 2;
    private const int Gsi = 21;
    private const byte LineVector = 0x51, Vector = 0xF3;

    [Theory]
    [InlineData(CallbackPolicy.Ack)]
    [InlineData(CallbackPolicy.Poll)]
    public void An_upcall_raises_the_line_and_the_acknowledge_or_the_next_entry_lowers_it(CallbackPolicy policy)
    {
        var guest = new Guest(policy);
        guest.Xen.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Send(0);
        Assert.Equal(LineVector, guest.Fabric.Take(0));
        guest.Eoi(0);
        // The flag is still set, so the line is, and its interrupt comes again.
        Assert.Equal(LineVector, guest.Fabric.Take(0));
        guest.Clear(0);
        Assert.True(guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.Equal(policy == CallbackPolicy.Poll, guest.Xen.Callback.Enter(0));
        guest.Eoi(0);
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.False(guest.Fabric.HasInterrupt(0));
        guest.LawsHold(judged: true);
    }

    [Fact]
    public void An_acknowledge_of_another_holder_does_not_raise_the_callback_for_a_flag_that_the_guest_set_itself()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Xen.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        Source disk = guest.Fabric.Connect(Gsi, "disk");
        guest.Memory.SharedInfo(Own)[0] = 1;
        disk.Raise();
        guest.Drain();
        Assert.Equal(LineVector, guest.Fabric.Take(0));
        disk.Lower();
        guest.Eoi(0);
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.False(guest.Fabric.HasInterrupt(0));
        guest.LawsHold(judged: false);
    }

    [Fact]
    public void The_fabric_offers_the_global_vector_before_all_others()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Xen.Callback.SetVia(CallbackVia.OfVector(Vector));
        guest.Fabric.Send(Msi.Encode(InterruptMessage.Create(0xF8, DeliveryMode.Fixed, destination: 0)));
        guest.Send(0);
        Assert.True(guest.Fabric.HasInterrupt(0));
        Assert.Equal(Vector, guest.Fabric.Take(0));
        guest.Drain();
        Assert.Contains(guest.Seen, e => e.Kind == EventKind.VectorTaken && VectorTaken.Of(e) is { Vector: Vector, By: VectorGiver.XenCallback });
        guest.Clear(0);
        Assert.Equal(0xF8, guest.Fabric.Take(0));
        guest.LawsHold(judged: false);
    }

    [Fact]
    public void Events_of_other_domains_reach_their_port_and_not_this_machine()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Xen.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        uint port = guest.Calls.Ipi(Other, 0);
        guest.Xen.Channels.Poll(Own, 1, [guest.Port(1)], interruptsEnabled: false);
        Assert.Equal(XenError.None, guest.Xen.Channels.Send(Other, port));
        guest.Send(1);
        Assert.Equal(["upcall 2.0", "woken 1.1"], guest.Told);
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
    }

    [Fact]
    public void A_fork_has_the_event_channels_and_the_callback()
    {
        var guest = new Guest(CallbackPolicy.Ack, law: false);
        guest.Xen.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Send(0);
        Fabric fork = guest.Fabric.Fork();
        Assert.Equal(guest.Fabric.Identity(), fork.Identity());
        Assert.True(fork.Xen!.Callback.IsAsserted);
        // It moves on its own line, and the original's stays.
        fork.Xen.Callback.SetVia(CallbackVia.OfGsi(Gsi + 1));
        fork.Drain();
        Assert.Equal((false, true), (fork.Lines.IsAsserted(Gsi), fork.Lines.IsAsserted(Gsi + 1)));
        Assert.True(guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.NotEqual(guest.Fabric.Identity(), fork.Identity());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_slot_of_the_callbacks_source_does_not_matter_to_an_identity(bool watched)
    {
        UInt128 Identity(bool deviceFirst)
        {
            var guest = new Guest(CallbackPolicy.Ack, law: watched);
            Source? device = deviceFirst ? guest.Fabric.Connect(3, "device") : null;
            guest.Xen.Callback.SetVia(CallbackVia.OfGsi(Gsi));
            device ??= guest.Fabric.Connect(3, "device");
            guest.Send(0);
            return guest.Fabric.Identity();
        }

        Assert.Equal(Identity(deviceFirst: true), Identity(deviceFirst: false));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_snapshot_with_either_holder_up_goes_on_as_the_machine_would_have(bool callback, bool device)
    {
        foreach (CallbackPolicy policy in Enum.GetValues<CallbackPolicy>())
        {
            foreach (CallbackVia via in new[] { CallbackVia.OfGsi(Gsi), CallbackVia.OfIntx(1, PciInterruptPin.B) })
            {
                int gsi = via.Kind == CallbackKind.Gsi ? Gsi : XenPciLines.GsiOf(1, PciInterruptPin.B);
                var guest = new Guest(policy);
                guest.Xen.Lines!.Route(2, 5);
                guest.Xen.Callback.SetVia(via);
                Source disk = guest.Fabric.Connect(gsi, "disk");
                if (callback)
                    guest.Send(0);
                if (device)
                    disk.Raise();
                guest.Drain();

                var other = new Guest(policy, guest.Memory, law: false);
                other.Fabric.Restore(guest.Fabric.Save());
                other.Watch();
                Assert.Equal(0, other.Drain());
                Assert.Equal(guest.Fabric.Save(), other.Fabric.Save());
                other.Fabric.SourceAt(disk.Slot).Lower();
                other.Drain();
                Assert.Equal(callback, other.Fabric.Lines.IsAsserted(gsi));
                Assert.Equal(callback && via.Kind == CallbackKind.PciIntx, other.Fabric.Lines.IsAsserted(5));
                // What was connected is, and the guest's events go on.
                other.Clear(0);
                other.Xen.Callback.Enter(0);
                other.Eoi(0);
                other.Send(0);
                Assert.True(other.Fabric.Lines.IsAsserted(gsi));
                // A callback that drives a device's pin is not judged.
                other.LawsHold(judged: policy == CallbackPolicy.Ack || via.Kind == CallbackKind.Gsi);
            }
        }
    }

    [Fact]
    public void A_reset_begins_a_new_life_of_the_domain()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        guest.Xen.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Xen.Callback.SetVector(1, 0x40);
        guest.Calls.UseFifo(Own, 2);
        guest.Xen.Channels.RegisterVcpuInfo(Own, 1, 8, 0);
        guest.Send(0);
        guest.Fabric.Reset();
        guest.Drain();
        Assert.False(guest.Fabric.Lines.IsAsserted(Gsi));
        Assert.Equal((default, false), (guest.Xen.Callback.Via, guest.Xen.Callback.IsAsserted));
        Assert.Equal(XenError.Invalid, guest.Xen.Channels.Send(Own, guest.Port(0)));
        Assert.Equal(XenError.NotSupported, guest.Calls.Expand(Own, 40));
        Assert.Equal(XenError.None, guest.Xen.Channels.RegisterVcpuInfo(Own, 1, 9, 0));
        guest.LawsHold(judged: true);
    }

    [Fact]
    public void What_is_under_way_to_the_vCPUs_is_lost_in_a_reset_and_what_goes_to_another_domain_is_not()
    {
        var guest = new Guest(CallbackPolicy.Ack, law: false);
        InterruptMessage nmi = InterruptMessage.Create(0, DeliveryMode.Nmi, destination: 0);
        guest.Fabric.Events.Emit(new Event(EventKind.XenGuestMessage, Own, 0, nmi.Bits));
        guest.Fabric.Events.Emit(new Event(EventKind.XenGuestMessage, Other, 0, nmi.Bits));
        guest.Fabric.Events.Emit(new XenUpcall(Other, 0).ToEvent());
        Assert.Equal(XenError.None, guest.Xen.Channels.Send(Own, guest.Port(0)));
        guest.Fabric.Reset();
        guest.Drain();
        Assert.False(guest.Xen.Callback.IsAsserted);
        Assert.DoesNotContain(guest.Seen, e => e.Kind == EventKind.CpuNmi);
        Assert.Equal(["message 2", "upcall 2.0"], guest.Told);
    }

    [Fact]
    public void A_callback_that_asserts_a_line_while_its_vCPU_gets_a_vector_of_its_own_can_be_saved()
    {
        var guest = new Guest(CallbackPolicy.Ack, law: false);
        guest.Xen.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Send(0);
        guest.Xen.Callback.SetVector(0, 0x40);
        guest.Drain();
        var other = new Guest(CallbackPolicy.Ack, guest.Memory, law: false);
        other.Fabric.Restore(guest.Fabric.Save());
        Assert.Equal(guest.Fabric.Identity(), other.Fabric.Identity());
        // The acknowledge of the line finds the flag clear, and lowers it.
        other.Clear(0);
        Assert.Equal(LineVector, other.Fabric.Take(0));
        other.Eoi(0);
        Assert.False(other.Fabric.Lines.IsAsserted(Gsi));
    }

    [Fact]
    public void Devices_that_take_all_sources_leave_the_callback_its_own()
    {
        var guest = new Guest(CallbackPolicy.Ack);
        InvalidOperationException full = Assert.Throws<InvalidOperationException>(() =>
        {
            for (int i = 0; i <= FabricOptions.MaxSources; i++)
                guest.Fabric.Connect(3, "device");
        });
        Assert.Contains("2 of them for the Xen callback; raise FabricOptions.Sources", full.Message);
        // Whatever the guest does now, it gets no exception.
        guest.Xen.Callback.SetVia(CallbackVia.OfGsi(Gsi));
        guest.Xen.Callback.SetVia(CallbackVia.OfIntx(1, PciInterruptPin.B));
        guest.Xen.Lines!.Route(2, 5);
        guest.Send(0);
        Assert.Equal((true, true), (guest.Fabric.Lines.IsAsserted(XenPciLines.GsiOf(1, PciInterruptPin.B)), guest.Fabric.Lines.IsAsserted(5)));
        Assert.Throws<InvalidOperationException>(() => guest.Fabric.Connect(3, "device"));
        guest.Xen.Lines.Route(2, 0);
        guest.Xen.Lines.Route(2, 6);
        Assert.True(guest.Fabric.Lines.IsAsserted(6));
        guest.LawsHold(judged: true);
    }

    [Fact]
    public void Options_that_do_not_fit_the_machine_are_refused()
    {
        FabricOptions good = Guest.Options(CallbackPolicy.Ack);
        foreach ((FabricOptions bad, string field) in new[]
        {
            (good with { Xen = good.Xen! with { Domain = 7 } }, "Xen.Domain"),
            (good with { Xen = good.Xen with { Domain = 0 } }, "Xen.Domain"),
            (good with { LocalApics = new() { Count = 1 } }, "Xen.Domain"),
            (good with { Sources = 100 }, "Xen.HasPciLines"),
            (good with { IoApics = [new()] }, "Xen.HasPciLines"),
            (good with { Xen = good.Xen with { Policy = (CallbackPolicy)9 } }, "Xen.Policy"),
            (good with { Xen = good.Xen with { Pirqs = new() { Domains = [null!] } } }, "Xen.Pirqs.Domains[0]"),
            (good with { Xen = good.Xen with { Pirqs = new() { Domains = [new() { Id = 7 }] } } }, "Xen.Pirqs.Domains[0].Id"),
            (good with { Xen = good.Xen with { Pirqs = new() { Domains = [new() { Id = Own, Serves = 7 }] } } }, "Xen.Pirqs.Domains[0].Serves"),
            (good with { Xen = good.Xen with { Channels = new() { Domains = [] } } }, "Xen.Channels.Domains.Count"),
        })
            Assert.Equal(field, Assert.Throws<OptionException>(() => new Fabric(bad)).Field);
    }

    [Fact]
    public void A_snapshot_of_another_hypervisor_is_refused()
    {
        byte[] saved = new Guest(CallbackPolicy.Ack).Fabric.Save();
        var poll = new Fabric(Guest.Options(CallbackPolicy.Poll));
        Assert.Equal("shape.xen.policy", Assert.Throws<SnapshotException>(() => poll.Restore(saved)).Field);
        var none = new Fabric(Guest.Options(CallbackPolicy.Poll) with { Xen = null });
        Assert.Equal("shape.xenPresent", Assert.Throws<SnapshotException>(() => none.Restore(saved)).Field);
    }

    /// <summary>An HVM domain of two vCPUs, its line unmasked, with an IPI port for each vCPU.</summary>
    private sealed class Guest : IEventObserver, IXenPort
    {
        private LawSet? _laws;
        private readonly FabricPorts _ports;
        private readonly uint[] _ipis = new uint[2];
        private int _drained;

        internal static FabricOptions Options(CallbackPolicy policy) => FabricOptions.Pc(2) with
        {
            IoApics = [new() { Pins = 48 }],
            Xen = new()
            {
                Channels = new()
                {
                    Domains = [new() { Id = 0, IsHvm = false, IsPrivileged = true }, new() { Id = Own, Vcpus = 2, LargestPort = 63 }, new() { Id = Other }],
                },
                Domain = Own,
                Policy = policy,
                HasPciLines = true,
            },
        };

        internal Guest(CallbackPolicy policy, XenMemory? memory = null, bool law = true)
        {
            Memory = memory ?? new XenMemory(3);
            Fabric = new Fabric(Options(policy)) { XenPages = Memory };
            if (law)
                Watch();
            _ports = new FabricPorts { Observer = this, Xen = this };
            Calls = new XenBench(Xen.Channels, Memory);
            for (uint vcpu = 0; vcpu < 2; vcpu++)
            {
                _ipis[vcpu] = memory is null ? Calls.Ipi(Own, vcpu) : 0;
                Fabric.TryWrite((int)vcpu, ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
            }
            foreach (int pin in new[] { Gsi, XenPciLines.GsiOf(1, PciInterruptPin.B) })
                Fabric.IoApics[0].WriteEntry(pin, RedirectionEntry.Create(LineVector, 0, level: true), Fabric.Events);
            Drain();
        }

        internal Fabric Fabric { get; }
        internal XenMachine Xen => Fabric.Xen!;
        internal XenMemory Memory { get; }
        internal XenBench Calls { get; }
        internal List<Event> Seen { get; } = [];
        internal List<string> Told { get; } = [];

        internal void Watch() => _laws = new LawSet(Fabric.Options, Fabric.Gsis, Fabric.Arena);

        internal uint Port(int vcpu) => _ipis[vcpu];

        internal void Send(int vcpu)
        {
            Assert.Equal(XenError.None, Xen.Channels.Send(Own, (uint)vcpu + 1));
            Drain();
        }

        /// <summary>The guest takes its events.</summary>
        internal void Clear(int vcpu)
        {
            Memory.SharedInfo(Own).Slice(vcpu * VcpuInfo.Size, VcpuInfo.Size).Clear();
            Memory.SharedInfo(Own)[Layout64.Pending] &= (byte)~(2 << vcpu);
        }

        internal void Eoi(int cpu)
        {
            Fabric.TryWrite(cpu, ApicBase.DefaultPage + (uint)ApicRegister.Eoi, 4, 0);
            Drain();
        }

        /// <returns>How many effects were carried out.</returns>
        internal int Drain()
        {
            _drained = 0;
            Fabric.Drain(_ports);
            return _drained;
        }

        internal void LawsHold(bool judged)
        {
            Drain();
            Assert.All(_laws!.Laws, law => Assert.Equal($"{law.Name} holds", law.Describe()));
            Assert.Equal(judged, _laws.Laws.Single(law => law.Name == "UpcallMatchesLine").Judgements > 0);
        }

        public void Observe(in Event happened)
        {
            _drained += happened.IsEffect ? 1 : 0;
            Seen.Add(happened);
            _laws?.Observe(happened);
        }

        public void Upcall(ushort domain, int vcpu) => Told.Add($"upcall {domain}.{vcpu}");
        public void PollerWoken(ushort domain, int vcpu) => Told.Add($"woken {domain}.{vcpu}");
        public void ConsumerTold(ushort domain, uint port) => Told.Add($"told {domain} port {port}");
        public void Send(ushort domain, InterruptMessage message) => Told.Add($"message {domain}");
    }
}
