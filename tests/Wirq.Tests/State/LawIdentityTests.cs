using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Routing;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests.State;

/// <summary>Laws in a machine's arena count in its identity by their later verdicts, and not by how they learned their
/// state.</summary>
public sealed class LawIdentityTests
{
    private const ulong Svr = 0xFEE000F0, Eoi = 0xFEE000B0;
    private static readonly Msi First = Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0));
    private static readonly Msi Second = Msi.Encode(InterruptMessage.Create(0x42, DeliveryMode.Fixed, 0));

    [Fact]
    public void A_message_that_was_changed_and_changed_back()
    {
        Guest one = new(), other = new();
        foreach (Guest guest in new[] { one, other })
            guest.Register();
        one.Do(fabric => fabric.RouteCache!.SetMessage(fabric.RouteCache.HandleAt(0), First));
        other.Do(fabric => fabric.RouteCache!.SetMessage(fabric.RouteCache.HandleAt(0), First));
        other.Do(fabric => fabric.RouteCache!.SetMessage(fabric.RouteCache.HandleAt(0), Second));
        Assert.NotEqual(one.Identity, other.Identity);
        other.Do(fabric => fabric.RouteCache!.SetMessage(fabric.RouteCache.HandleAt(0), First));
        AssertAlike(one, other, fabric => fabric.RouteCache!.Trigger(fabric.RouteCache.HandleAt(0)));
    }

    [Fact]
    public void A_virq_that_was_masked_changed_and_changed_back()
    {
        Guest one = new(), other = new();
        foreach (Guest guest in new[] { one, other })
        {
            guest.Register();
            guest.Do(fabric => fabric.RouteCache!.SetMessage(fabric.RouteCache.HandleAt(0), First));
            guest.Do(fabric => fabric.RouteCache!.Mask(fabric.RouteCache.HandleAt(0)));
        }
        other.Do(fabric => fabric.RouteCache!.SetMessage(fabric.RouteCache.HandleAt(0), Second));
        other.Do(fabric => fabric.RouteCache!.SetMessage(fabric.RouteCache.HandleAt(0), First));
        AssertAlike(one, other, fabric => fabric.RouteCache!.Unmask(fabric.RouteCache.HandleAt(0)));
        AssertAlike(one, other, fabric => fabric.RouteCache!.Trigger(fabric.RouteCache.HandleAt(0)));
    }

    [Fact]
    public void A_source_and_virqs_that_came_and_went()
    {
        Guest one = new(), other = new();
        other.Do(fabric => fabric.Connect(20, "disk").Dispose());
        other.Do(fabric => fabric.DisposeVirq(fabric.ConnectVirq(21, "usb", VirqKind.Level)));
        other.Do(fabric => fabric.RouteCache!.Register("net", 0x10));
        other.Do(fabric => fabric.RouteCache!.SetMessage(fabric.RouteCache.HandleAt(0), First));
        other.Do(fabric => fabric.RouteCache!.Trigger(fabric.RouteCache.HandleAt(0)));
        Assert.NotEqual(one.Identity, other.Identity);
        other.Do(fabric => fabric.DisposeVirq(fabric.RouteCache!.HandleAt(0)));
        AssertAlike(one, other, fabric => fabric.Connect(20, "disk").Raise());
        AssertAlike(one, other, fabric => fabric.ConnectVirq(21, "usb", VirqKind.Edge));
    }

    [Theory]
    [InlineData(20, 21)]
    [InlineData(21, 20)]
    public void Sources_that_were_connected_in_another_order(int gsi, int another)
    {
        Guest one = new(), other = new();
        Source disk = one.Get(fabric => fabric.Connect(gsi, "disk")), net = one.Get(fabric => fabric.Connect(another, "net", SourceKind.Sampled));
        Source net2 = other.Get(fabric => fabric.Connect(another, "net", SourceKind.Sampled)), disk2 = other.Get(fabric => fabric.Connect(gsi, "disk"));
        Assert.NotEqual(disk.Slot, disk2.Slot);
        Assert.Equal(one.Identity, other.Identity);
        foreach ((Source source, Source same) in new[] { (net, net2), (disk, disk2) })
        {
            source.Raise();
            Assert.NotEqual(one.Identity, other.Identity);
            same.Raise();
            // A pending report contains a source too.
            Assert.Equal(one.Identity, other.Identity);
            one.Drain();
            Assert.NotEqual(one.Identity, other.Identity);
            other.Drain();
            Assert.Equal(one.Identity, other.Identity);
        }
        AssertAlike(one, other, fabric => fabric.Events.Emit(new EoiBroadcast(0, 0x51, Edge: false).ToEvent()));
        net.Withdraw(one);
        net2.Withdraw(other);
        Assert.Equal(one.Identity, other.Identity);
    }

    /// <summary>A law that stores the source without an acknowledge stores its place on the line.</summary>
    [Fact]
    public void A_source_that_was_not_told_counts_by_its_place()
    {
        Guest one = new(), other = new();
        Source disk = one.Get(fabric => fabric.Connect(20, "disk"));
        one.Get(fabric => fabric.Connect(21, "net"));
        other.Get(fabric => fabric.Connect(21, "net"));
        Source disk2 = other.Get(fabric => fabric.Connect(20, "disk"));
        one.Laws.Observe(new Event(EventKind.PinAcked, 0, 20));
        Assert.NotEqual(one.Identity, other.Identity);
        other.Laws.Observe(new Event(EventKind.PinAcked, 0, 21));
        Assert.NotEqual(one.Identity, other.Identity);
        Guest third = new();
        third.Get(fabric => fabric.Connect(21, "net"));
        third.Get(fabric => fabric.Connect(20, "disk"));
        third.Laws.Observe(new Event(EventKind.PinAcked, 0, 20));
        Assert.Equal(one.Identity, third.Identity);
        one.Laws.Observe(new Event(EventKind.Rest));
        third.Laws.Observe(new Event(EventKind.Rest));
        Assert.NotNull(one.Laws.Laws.Single(law => law.Name == nameof(AckReachesAllSharers)).Break);
        Assert.Equal(one.Identity, third.Identity);
        Assert.NotEqual(disk.Slot, disk2.Slot);
    }

    /// <summary>A line that rose and fell has shown nothing new about the machine.</summary>
    [Fact]
    public void What_a_machine_does_tells_nothing_that_was_not_known_of_it()
    {
        Guest one = new(local: true), other = new(local: true);
        foreach (Guest guest in new[] { one, other })
        {
            guest.Do(fabric => fabric.TryWrite(0, Svr, 4, 0x1FF));
        }
        Source[] risen = [.. new[] { 17, 5 }.Select(gsi => other.Get(fabric => fabric.Connect(gsi, "card")))];
        Source[] quiet = [.. new[] { 17, 5 }.Select(gsi => one.Get(fabric => fabric.Connect(gsi, "card")))];
        Assert.Equal(one.Identity, other.Identity);
        foreach (Source source in risen)
        {
            other.Do(_ => source.Raise());
            Assert.NotEqual(one.Identity, other.Identity);
            other.Do(_ => source.Lower());
            Assert.Equal(one.Identity, other.Identity);
        }
        Assert.All(quiet, source => Assert.False(source.IsAsserted));
        other.Do(fabric => fabric.Send(First));
        Assert.Equal(0x41, other.Machine.Take(0));
        other.Do(fabric => fabric.TryWrite(0, Eoi, 4, 0));
        one.Do(fabric => fabric.Send(Second));
        Assert.Equal(0x42, one.Machine.Take(0));
        one.Do(fabric => fabric.TryWrite(0, Eoi, 4, 0));
        Assert.All(other.Laws.Laws, law => Assert.True(law.Break is null, law.Describe()));
        Assert.Equal(one.Identity, other.Identity);
    }

    public static TheoryData<string, Event, Event> Waiting => new()
    {
        { "messages", new(EventKind.MessageSent, 0, Origin.Device(8).Bits, First.Address.Bits, First.Data.Bits),
            new(EventKind.MessageSent, 0, Origin.Device(16).Bits, First.Address.Bits, First.Data.Bits) },
        { "pins", DeliverOf(22), DeliverOf(23) },
        { "faults", new RemapFaulted(0, 8, 0x22, 1, Suppressed: false, Lost: false).ToEvent(),
            new RemapFaulted(0, 16, 0x22, 2, Suppressed: false, Lost: false).ToEvent() },
        { "ends of interrupt", new CpuEoi(0, 0x41, Level: false, Suppressed: false).ToEvent(),
            new CpuEoi(0, 0x42, Level: false, Suppressed: false).ToEvent() },
    };

    /// <summary>What waits for an answer counts, but not the order of arrival.</summary>
    [Theory, MemberData(nameof(Waiting))]
    public void What_came_in_another_order(string what, Event first, Event second)
    {
        Guest one = new(), other = new(), half = new();
        one.Laws.Observe(first);
        one.Laws.Observe(second);
        other.Laws.Observe(second);
        other.Laws.Observe(first);
        Assert.True(one.Identity == other.Identity, what);
        half.Laws.Observe(first);
        Assert.Equal(what == "ends of interrupt", one.Identity == half.Identity);
    }

    private static Event DeliverOf(int pin)
    {
        Msi message = RedirectionEntry.Create(0x52, 0).Message;
        return new(EventKind.Deliver, 0, (uint)pin, message.Address.Bits, message.Data.Bits);
    }

    /// <summary>The owner of a stale injection is not part of a break.</summary>
    [Fact]
    public void A_break_counts_by_what_it_says()
    {
        Guest one = new(), other = new();
        one.Laws.Observe(new Event(EventKind.VirqMasked, 2));
        other.Laws.Observe(new Event(EventKind.VirqMasked, 2));
        one.Laws.Observe(new VirqInjected(2, Generation: 3, default, Owner: 4).ToEvent() with { Time = 5 });
        other.Laws.Observe(new VirqInjected(2, Generation: 7, default, Owner: 8).ToEvent() with { Time = 6 });
        Assert.NotNull(one.Laws.Laws.Single(law => law.Name == nameof(MaskedIsSilent)).Break);
        Assert.Equal(one.Identity, other.Identity);
    }

    /// <summary>Both do the same, and are alike before and after.</summary>
    private static void AssertAlike(Guest one, Guest other, Action<Fabric> input)
    {
        Assert.Equal(one.Identity, other.Identity);
        one.Do(input);
        other.Do(input);
        Assert.Equal(one.Identity, other.Identity);
        Assert.All(other.Laws.Laws, law => Assert.True(law.Break is null, law.Describe()));
    }

    internal sealed class Guest
    {
        private readonly FabricPorts _ports;

        /// <summary>A machine with all laws in its arena.</summary>
        /// <param name="local">Whether the local APICs and an 8259 are its own; else a kernel has them.</param>
        internal Guest(bool local = false)
        {
            var kernel = new FakeKernel();
            Machine = new Fabric(local ? FabricOptions.Pc() : FabricOptions.Pc() with
            {
                Routing = new RoutingOptions { Virqs = 16, BatchCount = 1, BatchDelay = 0, Kernel = kernel.Limits },
                Pic = null,
            });
            Laws = new LawSet(Machine.Options, Machine.Gsis, Machine.Arena);
            _ports = PortsOf.One(kernel) with { Observer = new LawFeeder(Laws) };
            for (int pin = 20; pin < 24; pin++)
            {
                bool level = pin < 22;
                Machine.IoApics[0].WriteEntry(pin, RedirectionEntry.Create(level ? (byte)0x51 : (byte)0x52, 0, level: level), Machine.Events);
            }
            Drain();
        }

        internal Fabric Machine { get; }
        internal LawSet Laws { get; }
        internal UInt128 Identity => Machine.Identity();

        internal void Do(Action<Fabric> input)
        {
            input(Machine);
            Drain();
        }

        internal T Get<T>(Func<Fabric, T> input)
        {
            T made = input(Machine);
            Drain();
            return made;
        }

        internal void Register() => Do(fabric =>
        {
            VirqHandle virq = fabric.RouteCache!.Register("device", 0x10);
            fabric.RouteCache.Attach(virq, new EventFd(7));
        });

        internal void Drain() => Machine.Drain(_ports);
    }
}

internal static class SourceSteps
{
    internal static void Withdraw(this Source source, LawIdentityTests.Guest guest) => guest.Do(fabric => fabric.NoteWithdrawn(source));
}

/// <summary>Passes the observations of a machine to its laws.</summary>
internal sealed class LawFeeder(LawSet laws) : IEventObserver
{
    public void Observe(in Event happened) => laws.Observe(happened);
}
