using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests;

/// <summary>A machine reset: chips as after power-on, lines as their sources hold them, devices' virqs as they were.</summary>
public sealed class ResetTests
{
    private const ulong Svr = 0xFEE000F0;
    private const int Pin = 20;
    private static readonly EventFd Trigger = new(7);

    private readonly List<Event> _events = [];
    private readonly List<int> _acked = [];

    [Theory]
    [InlineData(Profile.Manual)]
    [InlineData(Profile.Qemu)]
    [InlineData(Profile.Kvm)]
    public void A_machine_that_did_anything_is_a_new_one_after_it(Profile profile)
    {
        for (int seed = 0; seed < 5; seed++)
        {
            FabricOptions options = Scrambler.Machine(profile) with { Vtd = new() };
            var scrambler = new Scrambler(new Fabric(options), seed);
            Fabric used = scrambler.Fabric;
            for (int i = 0; i < 3000; i++)
                scrambler.Step(null);
            for (int gsi = 0; gsi < used.Gsis.Count; gsi++)
            {
                foreach (int slot in used.Lines.SourcesOf(gsi).Where(slot => used.Lines.Label(slot) != "8259 INTR").ToArray())
                    used.SourceAt(slot).Dispose();
            }
            used.Reset();
            used.Drain();
            Assert.Equal(new Fabric(options).Identity(), used.Identity());
        }
    }

    [Fact]
    public void A_line_stays_as_its_source_holds_it_and_is_delivered_when_it_is_programmed_again()
    {
        Fabric fabric = Pc();
        Program(fabric, RedirectionEntry.Create(0x51, 0, level: true, activeLow: false));
        fabric.Connect(Pin, "disk").Raise();
        Drain(fabric);
        Assert.Equal(0x51, fabric.Take(0));
        fabric.Reset();
        Drain(fabric);
        Assert.True(fabric.Lines.IsAsserted(Pin) && fabric.IoApics[0].IsAsserted(Pin));
        Assert.Equal(RedirectionEntry.Reset, fabric.IoApics[0].Entry(Pin));
        Assert.Equal(-1, fabric.Take(0));
        fabric.TryRead(0, Svr, 4, out ulong spurious);
        Assert.Equal(0xFFul, spurious);

        Enable(fabric);
        Program(fabric, RedirectionEntry.Create(0x61, 0, level: true));
        Drain(fabric);
        Assert.Equal(0x61, fabric.Take(0));
    }

    /// <summary>No EOI will come for what was in service, and a holder that waits for it would wait for ever.</summary>
    [Fact]
    public void Holders_of_what_was_in_service_get_their_acknowledge()
    {
        Fabric fabric = Pc();
        Program(fabric, RedirectionEntry.Create(0x51, 0, level: true));
        Source disk = fabric.Connect(Pin, "disk"), net = fabric.Connect(Pin, "net", SourceKind.Sampled);
        net.Raise();
        disk.Raise();
        Drain(fabric);
        Assert.Equal(0x51, fabric.Take(0));
        fabric.Reset();
        Drain(fabric);
        Assert.Equal([disk.Slot, net.Slot], _acked.Order());
        Assert.True(disk.IsAsserted);
        Assert.False(net.IsAsserted);
    }

    [Fact]
    public void Holders_of_what_the_8259_had_in_service_get_their_acknowledge()
    {
        Fabric fabric = Pc();
        InitialisePic(fabric);
        fabric.TryWritePort(0, 0x4D1, 1, 0x04);
        Source disk = fabric.Connect(10, "disk");
        disk.Raise();
        Drain(fabric);
        fabric.Inta(0);
        fabric.Reset();
        Drain(fabric);
        Assert.Equal([disk.Slot], _acked);
        Assert.Equal(0, fabric.Pic!.InServiceRegister | fabric.Pic.MaskRegister | fabric.Pic.LevelTriggered);
    }

    [Fact]
    public void A_sampled_source_that_waited_is_asked_again()
    {
        Fabric fabric = Pc();
        Source net = fabric.Connect(Pin, "net", SourceKind.Sampled);
        net.Raise();
        fabric.Reset();
        Drain(fabric);
        Assert.Equal([net.Slot], _acked);
        Assert.False(net.IsAsserted);
    }

    /// <summary>Of the profile whose local APICs accept while they are disabled, so that nothing else keeps it away.</summary>
    [Theory]
    [InlineData(Profile.Manual)]
    [InlineData(Profile.Qemu)]
    [InlineData(Profile.Kvm)]
    public void A_message_that_waited_reaches_nobody(Profile profile)
    {
        Fabric fabric = Pc(profile);
        Program(fabric, RedirectionEntry.Create(0x51, 0));
        fabric.Connect(Pin, "disk").Pulse();
        fabric.Reset();
        Drain(fabric);
        Assert.Contains(_events, e => e.Kind == EventKind.EffectLost && EffectLost.Of(e) == new EffectLost(0, Pin, EventKind.Deliver));
        Assert.DoesNotContain(_events, e => e.Kind is EventKind.VectorAccepted or EventKind.MessageRefused);
        Enable(fabric);
        Assert.Equal(-1, fabric.Take(0));
    }

    [Fact]
    public void INTR_falls()
    {
        Fabric fabric = Pc();
        InitialisePic(fabric);
        fabric.TryWrite(0, 0xFEE00350, 4, 0x700);
        fabric.Connect(4, "serial").Raise();
        Drain(fabric);
        Assert.True(fabric.HasInterrupt(0));
        fabric.Reset();
        Drain(fabric);
        Assert.False(fabric.HasInterrupt(0));
        Assert.Contains(_events, e => e.Kind == EventKind.PicIntrChanged && !PicIntrChanged.Of(e).High);
        Assert.False(fabric.IoApics[0].IsAsserted(0));
    }

    [Fact]
    public void A_hot_virq_stays_bound_and_the_routes_of_pins_leave_the_kernel()
    {
        (FabricHost host, FakeKernel kernel) = Split(vtd: false);
        using Virq virq = Hot(host);
        ProgramLevel(host);
        Assert.Equal(2, kernel.Table.Length);
        kernel.Take();
        host.Reset();
        Assert.Equal(VirqState.Hot, virq.State);
        Assert.Equal(["commit 1"], kernel.Take());
    }

    [Fact]
    public void A_hot_virq_behind_a_unit_is_unbound_and_the_unit_is_off()
    {
        (FabricHost host, FakeKernel kernel) = Split(vtd: true);
        using Virq virq = Hot(host);
        kernel.Take();
        host.Reset();
        Assert.Equal(VirqState.Stale, virq.State);
        Assert.Equal(["unbind 7", "watch 7"], kernel.Take().Where(call => !call.StartsWith("unwatch", StringComparison.Ordinal)));
        Assert.False(host.Do(fabric => VtdUnit.Of(fabric)!.RemappingEnabled));
    }

    /// <summary>The pin has sent again by the time of the answer, and would take it for that of its own message.</summary>
    [Fact]
    public void What_a_kernel_answers_of_a_message_from_before_is_not_heard()
    {
        (FabricHost host, FakeKernel kernel) = Split(vtd: false, new Listener(_events));
        HostSource disk = host.Connect(Pin, "disk");
        int signals = 0;
        kernel.Before = call =>
        {
            if (!call.StartsWith("signal", StringComparison.Ordinal))
                return;
            // The first is accepted, of the life that is over by then; the second is refused.
            kernel.Accepts = signals++ == 0;
            if (signals > 1)
                return;
            host.Reset();
            ProgramLevel(host);
        };
        ProgramLevel(host);
        disk.Raise();
        Assert.Equal(2, signals);
        Assert.Equal([EventKind.PinRefused], _events.Select(e => e.Kind).Where(kind => kind is EventKind.PinAccepted or EventKind.PinRefused));
        Assert.False(host.Do(fabric => fabric.IoApics[0].Entry(Pin).RemoteIrr));
    }

    [Fact]
    public void Laws_that_watch_hold_and_know_the_new_life()
    {
        Fabric fabric = Pc();
        var laws = new LawSet(fabric.Options, fabric.Gsis, new StateArena());
        Program(fabric, RedirectionEntry.Create(0x51, 0, level: true, activeLow: true));
        Source disk = fabric.Connect(Pin, "disk");
        disk.Raise();
        Drain(fabric);
        fabric.Reset();
        Drain(fabric);
        foreach (Event happened in _events)
            laws.Observe(happened);
        Assert.All(laws.Laws, law => Assert.True(law.Break is null, law.Describe()));
        // They know that the entry is masked again.
        laws.Observe(new Event(EventKind.Deliver, 0, Pin, 0xFEE00000, 0x51));
        Assert.NotNull(laws.Laws.Single(law => law.Name == "MaskedIsSilent").Break);
    }

    private static Fabric Pc(Profile profile = Profile.Manual)
    {
        var fabric = new Fabric(FabricOptions.Pc(profile: profile));
        fabric.Events.Observing = true;
        Enable(fabric);
        return fabric;
    }

    private static void Enable(Fabric fabric) => fabric.TryWrite(0, Svr, 4, 0x1FF);

    private static void Program(Fabric fabric, RedirectionEntry entry)
    {
        foreach ((uint index, uint value) in new[] { (0x11u + Pin * 2, entry.High), (0x10u + Pin * 2, entry.Low) })
        {
            fabric.TryWrite(0, 0xFEC00000, 4, index);
            fabric.TryWrite(0, 0xFEC00010, 4, value);
        }
    }

    private static void InitialisePic(Fabric fabric)
    {
        foreach ((ushort port, byte[] words) in new (ushort, byte[])[] { (0x20, [0x20, 4, 1, 0]), (0xA0, [0x28, 2, 1, 0]) })
        {
            fabric.TryWritePort(0, port, 1, 0x11);
            foreach (byte word in words)
                fabric.TryWritePort(0, (ushort)(port + 1), 1, word);
        }
    }

    private static (FabricHost Host, FakeKernel Kernel) Split(bool vtd, IEventObserver? observer = null)
    {
        var kernel = new FakeKernel();
        FabricOptions options = FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 64, BatchCount = 1, BatchDelay = 0, Kernel = kernel.Limits },
            Pic = null,
            Vtd = vtd ? new() : null,
        };
        var fabric = new Fabric(options);
        fabric.Events.Observing = observer is not null;
        return (new FabricHost(fabric, PortsOf.One(kernel) with { Observer = observer }), kernel);
    }

    private static Virq Hot(FabricHost host)
    {
        Virq virq = host.Register("net", 0x10, Trigger);
        virq.SetMessage(new Wirq.Msi(0xFEE00000, 0x41));
        virq.Trigger();
        Assert.Equal(VirqState.Hot, virq.State);
        return virq;
    }

    private static void ProgramLevel(FabricHost host) => host.Do(fabric => Program(fabric, RedirectionEntry.Create(0x51, 0, level: true)));

    private void Drain(Fabric fabric) => fabric.Drain(new FabricPorts { Observer = new Listener(_events), Acks = new Acks(_acked) });

    private sealed class Listener(List<Event> events) : IEventObserver
    {
        public void Observe(in Event happened) => events.Add(happened);
    }

    private sealed class Acks(List<int> heard) : IAckPort
    {
        public void Acknowledged(int source, uint generation) => heard.Add(source);
    }
}
