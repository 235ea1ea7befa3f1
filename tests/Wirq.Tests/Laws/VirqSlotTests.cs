using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Remapping;
using Wirq.Tests.State;

namespace Wirq.Tests.Laws;

/// <summary>A slot of a virq changes hands while the events of its former owner wait in the queue. They name a virq by its
/// slot alone. That is enough for what the fabric sends: the change stands behind it in the queue, so at its place a law
/// still has the owner that is meant.</summary>
public sealed class VirqSlotTests
{
    private const int Entries = 4, Steps = 6000;
    private static readonly EventFd Trigger = new(7), Other = new(8);

    private readonly FakeKernel _kernel = new();
    private readonly SmallMemory _memory = new(RemappedGuest.MemoryBytes, shared: false);
    private readonly Fabric _fabric;
    private readonly RemappedGuest _guest;
    private readonly LawSet _laws;
    private readonly FabricPorts _ports;

    public VirqSlotTests()
    {
        _fabric = new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = 3, BatchCount = 1, BatchDelay = 0, Kernel = _kernel.Limits },
            Vtd = new VtdOptions(),
            Pic = null,
        }) { Memory = _memory };
        _laws = new LawSet(_fabric.Options, _fabric.Gsis, new StateArena());
        _ports = PortsOf.One(_kernel) with { Observer = new LawFeeder(_laws) };
        _guest = new RemappedGuest(_memory, _fabric.Options.Vtd!.Address, (address, size, value) => _fabric.TryWrite(0, address, size, value));
        for (int entry = 0; entry < Entries; entry++)
            _guest.Put(entry, (byte)(0x40 + entry), cpu: 0);
        _fabric.Drain(_ports);
    }

    private RouteCache Virqs => _fabric.RouteCache!;

    [Fact]
    public void A_masked_virq_is_not_charged_with_what_its_slots_former_owner_sent()
    {
        VirqHandle leaves = Register(0);
        _fabric.Drain(_ports);
        Virqs.Trigger(leaves);
        Virqs.Dispose(leaves);
        VirqHandle comes = Register(1);
        Virqs.Mask(comes);
        Assert.Equal(leaves.Slot, comes.Slot);
        Assert.Contains(Waiting(), e => e.Kind == EventKind.VirqInjected && e.Unit == comes.Slot);
        _fabric.Drain(_ports);
        Assert.Empty(_kernel.Signalled);
        AssertHeld();
    }

    [Fact]
    public void An_invalidated_virq_is_not_charged_with_what_its_slots_former_owner_sent()
    {
        VirqHandle leaves = Register(0);
        _fabric.Drain(_ports);
        Virqs.Trigger(leaves);
        Virqs.Dispose(leaves);
        VirqHandle comes = Register(1);
        Virqs.Trigger(comes);
        Assert.True(_guest.Invalidate(1) || Waiting().Any(e => e.Kind == EventKind.RemapInvalidationDone));
        Assert.Equal(2, Waiting().Count(e => e.Kind == EventKind.VirqInjected && e.Unit == comes.Slot));
        _fabric.Drain(_ports);
        // What it sent itself was translated anew.
        Assert.Equal(0x41, Assert.Single(_kernel.Signalled).Vector);
        AssertHeld();
    }

    /// <summary>The kernel serves an eventfd until the unbind is carried out, and reports it behind the events that gave the
    /// slot to somebody else.</summary>
    [Fact]
    public void An_invalidated_virq_is_not_charged_with_what_the_kernel_served_its_slots_former_owner()
    {
        VirqHandle leaves = Register(0, Trigger);
        Virqs.Trigger(leaves);
        _fabric.Drain(_ports);
        Assert.Equal(VirqState.Hot, Virqs.StateOf(leaves));
        Virqs.Dispose(leaves);
        VirqHandle comes = Register(1, Other);
        Virqs.Trigger(comes);
        _guest.Invalidate(1);
        Assert.Equal(leaves.Slot, comes.Slot);
        Assert.Contains(Waiting(), e => e.Kind == EventKind.VirqUnbound);
        _fabric.Events.Observe(new Event(EventKind.VirqServed, (ushort)leaves.Slot, 48, InterruptMessage.Create(0x40, DeliveryMode.Fixed, 0).Bits));
        _fabric.Drain(_ports);
        AssertHeld();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_law_breaks_however_slots_change_hands_between_drains(int seed)
    {
        var random = new Random(seed);
        var live = new List<VirqHandle>();
        int reused = 0;
        for (int step = 0; step < Steps; step++)
        {
            VirqHandle any = live.Count > 0 ? live[random.Next(live.Count)] : default;
            switch (random.Next(9))
            {
                case 0 when live.Count < 3:
                    VirqHandle comes = Register(random.Next(Entries));
                    reused += Waiting().Any(e => e.Kind == EventKind.VirqInjected && e.Unit == comes.Slot) ? 1 : 0;
                    live.Add(comes);
                    break;
                case 1 or 2 when live.Count > 0:
                    Virqs.Trigger(any);
                    break;
                case 3 when live.Count > 0:
                    Virqs.Mask(any);
                    break;
                case 4 when live.Count > 0:
                    Virqs.Unmask(any);
                    break;
                case 5 when live.Count > 0:
                    live.Remove(any);
                    Virqs.Dispose(any);
                    break;
                case 6:
                    _guest.Invalidate(random.Next(Entries));
                    break;
                case 7 when live.Count > 0:
                    Virqs.SetMessage(any, RemappedGuest.Handle(random.Next(Entries)));
                    break;
                case 8 when random.Next(3) == 0:
                    _fabric.Drain(_ports);
                    AssertHeld();
                    break;
            }
        }
        _fabric.Drain(_ports);
        AssertHeld();
        Assert.True(reused > Steps / 200, $"{reused}");
    }

    private VirqHandle Register(int entry, EventFd? trigger = null)
    {
        VirqHandle virq = Virqs.Register($"device {entry}", RemappedGuest.Requester);
        if (trigger is { } fd)
            Virqs.Attach(virq, fd);
        Virqs.SetMessage(virq, RemappedGuest.Handle(entry));
        return virq;
    }

    private IEnumerable<Event> Waiting() => Enumerable.Range(0, _fabric.Events.Count).Select(place => _fabric.Events.Peek(place));

    private void AssertHeld() => Assert.All(_laws.Laws, law => Assert.Equal($"{law.Name} holds", law.Describe()));
}
