using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.State;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Laws;

/// <summary>Laws that observe a machine: the machine must make observations, and a fork has the laws too.</summary>
public sealed class LawsOfAMachineTests
{
    private const ulong SpuriousVector = 0xFEE000F0, EndOfInterrupt = 0xFEE000B0;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_machine_that_was_not_told_to_observe_does_so_for_its_laws(bool inItsArena)
    {
        var fabric = new Fabric(FabricOptions.Pc());
        var laws = new LawSet(fabric.Options, fabric.Gsis, inItsArena ? fabric.Arena : new StateArena());
        var port = new Watcher(laws);
        Program(fabric);
        using Source disk = fabric.Connect(20, "disk");
        Interrupt(fabric, disk, port);
        AssertHeld(laws);
        Assert.Contains(EventKind.Rest, port.Seen);
        // They would see a break, too.
        fabric.Events.Observe(new Event(EventKind.PinChanged, 0, 4, 1));
        fabric.Drain(port);
        Assert.NotNull(laws.Laws.Single(law => law.Name == nameof(NoLostEdge)).Break);
    }

    [Fact]
    public void What_was_programmed_before_anybody_watched_is_known()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        Program(fabric);
        using Source disk = fabric.Connect(20, "disk");
        Interrupt(fabric, disk, null);
        // In service, with Remote IRR set.
        disk.Raise();
        fabric.Drain();
        Assert.Equal(0x51, fabric.Take(0));
        var laws = new LawSet(fabric.Options, fabric.Gsis, new StateArena());
        var port = new Watcher(laws);
        fabric.TryWrite(0, EndOfInterrupt, 4, 0);
        fabric.Drain(port);
        Assert.Equal(0x51, fabric.Take(0));
        disk.Lower();
        fabric.TryWrite(0, EndOfInterrupt, 4, 0);
        fabric.Drain(port);
        Interrupt(fabric, disk, port);
        AssertHeld(laws);
    }

    [Fact]
    public void Laws_are_not_fed_by_a_machine_that_ceased_to_observe()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        var port = new Watcher(new LawSet(fabric.Options, fabric.Gsis, fabric.Arena));
        fabric.Events.Observing = false;
        fabric.Send(new Msi(0x1000, 42));
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => fabric.Drain(port));
        Assert.Contains("leave EventBuffer.Observing set", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Laws_in_a_machines_arena_are_forked_with_it()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        var laws = new LawSet(fabric.Options, fabric.Gsis, fabric.Arena, [nameof(NoLostEdge), nameof(NoPhantom)]);
        fabric.TryWrite(0, 0xFEC00000, 4, 0x18);
        fabric.TryWrite(0, 0xFEC00010, 4, RedirectionEntry.Create(0x41, 0).Low);
        fabric.Drain(new Watcher(laws));
        // The edge is reported, but not delivered. The fork is made before the law decides.
        laws.Observe(new Event(EventKind.PinChanged, 0, 4, 1));
        Fabric fork = fabric.Fork();
        Assert.Equal(fabric.Identity(), fork.Identity());
        Assert.True(fabric.Arena.HasSameBytes(fork.Arena));
        LawSet forked = Assert.Single(fork.Laws);
        Assert.Equal(laws.Laws.Select(law => law.Name), forked.Laws.Select(law => law.Name));
        Assert.True(fork.Events.Observing);
        fork.Drain(new Watcher(forked));
        Assert.NotNull(forked.Laws[0].Break);
        Assert.Null(laws.Laws[0].Break);
        Assert.NotEqual(fabric.Identity(), fork.Identity());
    }

    [Fact]
    public void A_machine_whose_arena_has_more_is_not_forked_in_part()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        _ = new MsixTable(2, fabric.Arena);
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => fabric.Fork());
        Assert.StartsWith("2 blocks of the arena are neither the machine's nor its laws', and a fork would lack them", refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Laws_take_over_no_history_that_the_others_laws_have_not_seen()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        _ = new LawSet(fabric.Options, fabric.Gsis, fabric.Arena);
        var other = new Fabric(FabricOptions.Pc());
        using Source disk = other.Connect(20, "disk");
        disk.Raise();
        UInt128 before = fabric.Identity();
        ArgumentException refused = Assert.Throws<ArgumentException>(() => fabric.CopyFrom(other));
        Assert.Contains("build the same LawSets over both arenas", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, fabric.Identity());
        _ = new LawSet(other.Options, other.Gsis, other.Arena);
        other.Drain(new Watcher(other.Laws[0]));
        fabric.CopyFrom(other);
        Assert.Equal(other.Identity(), fabric.Identity());
        // One without laws has none that could be wrong.
        var plain = new Fabric(FabricOptions.Pc());
        plain.CopyFrom(other);
        Assert.True(plain.Lines.IsAsserted(20));
    }

    [Fact]
    public void Nothing_is_taken_over_from_a_machine_that_is_built_otherwise()
    {
        Fabric[] others =
        [
            new(FabricOptions.Pc() with { Pic = null }),
            new(FabricOptions.Pc() with { Routing = new() }),
            new(FabricOptions.Pc(cpus: 3)),
        ];
        foreach (Fabric other in others)
        {
            var fabric = new Fabric(FabricOptions.Pc());
            UInt128 before = fabric.Identity();
            using Source disk = other.Connect(20, "disk");
            disk.Raise();
            _ = new LawSet(other.Options, other.Gsis, other.Arena);
            Assert.Throws<ArgumentException>(() => fabric.CopyFrom(other));
            Assert.Equal(before, fabric.Identity());
        }
    }

    private static void Program(Fabric fabric)
    {
        fabric.TryWrite(0, SpuriousVector, 4, 0x1FF);
        fabric.TryWrite(0, 0xFEC00000, 4, 0x38);
        fabric.TryWrite(0, 0xFEC00010, 4, RedirectionEntry.Create(0x51, 0, level: true).Low);
    }

    private static void Interrupt(Fabric fabric, Source disk, IEventObserver? port)
    {
        disk.Raise();
        fabric.Drain(port);
        Assert.Equal(0x51, fabric.Take(0));
        disk.Lower();
        fabric.TryWrite(0, EndOfInterrupt, 4, 0);
        fabric.Drain(port);
    }

    private static void AssertHeld(LawSet laws) =>
        Assert.All(laws.Laws, law => Assert.Equal($"{law.Name} holds", law.Describe()));

    private sealed class Watcher(LawSet laws) : IEventObserver
    {
        internal HashSet<EventKind> Seen { get; } = [];

        public void Observe(in Event happened)
        {
            Seen.Add(happened.Kind);
            laws.Observe(happened);
        }
    }
}
