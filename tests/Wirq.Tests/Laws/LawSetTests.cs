using Wirq.Events;
using Wirq.Laws;
using Wirq.State;
using Wirq.Tests.Shared;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.Laws;

public class LawSetTests
{
    private static readonly FabricOptions Machine = History.TwoChips;

    [Fact]
    public void All_laws_of_the_design_are_there_and_say_what_they_hold()
    {
        LawSet laws = History.Watch(Machine with { Xen = new() { Channels = new() { Domains = [new() { Id = 1 }] }, Domain = 1, Pirqs = new() }, OneshotLines = [5] }, new StateArena());
        Assert.Equal(LawSet.Names, laws.Laws.Select(law => law.Name));
        Assert.Equal(15, laws.Laws.Count);
        // A law about a part that the machine does not have is not built.
        Assert.Equal(LawSet.Names.Except(["UpcallMatchesLine", "PermittedBeforeMapped", "OneshotHeld"]), History.Watch(Machine, new StateArena()).Laws.Select(law => law.Name));
        Assert.All(laws.Laws, law =>
        {
            Assert.NotEmpty(law.Says);
            Assert.Null(law.Break);
            Assert.Equal($"{law.Name} holds", law.Describe());
        });
    }

    [Fact]
    public void Laws_can_be_chosen_by_name()
    {
        LawSet laws = History.Watch(Machine, new StateArena(), "NoPhantom", "FreshRoute");
        Assert.Equal(["FreshRoute", "NoPhantom"], laws.Laws.Select(law => law.Name));
        var unknown = Assert.Throws<ArgumentException>(() => History.Watch(Machine, new StateArena(), "NoSuchLaw"));
        Assert.Contains("there is no law 'NoSuchLaw'; there are NoLostEdge,", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_break_stays_with_its_event_and_time()
    {
        LawSet laws = History.Watch(Machine, new StateArena(), "MaskedIsSilent");
        laws.Observe(Deliver(4, Edge) with { Time = 70 });
        laws.Observe(Deliver(5, Edge) with { Time = 80 });
        LawBreak first = Assert.NotNull(laws.Laws[0].Break);
        Assert.Equal(70, first.Time);
        Assert.Equal(Deliver(4, Edge) with { Time = 70 }, first.Event);
    }

    [Fact]
    public void A_copy_made_in_the_middle_of_a_stream_judges_as_the_original_does()
    {
        foreach (History history in Everything())
        {
            for (int cut = 0; cut <= history.Events.Length; cut++)
                Fork(history, cut);
        }
    }

    private static void Fork(History history, int cut)
    {
        FabricOptions machine = history.Options ?? Machine;
        StateArena arena = new(), copy = new();
        LawSet laws = History.Watch(machine, arena), fork = History.Watch(machine, copy);
        foreach (Event e in history.Events.AsSpan(0, cut))
            laws.Observe(e);
        copy.CopyFrom(arena);
        foreach (Event e in history.Events.AsSpan(cut))
        {
            laws.Observe(e);
            fork.Observe(e);
        }
        Assert.Equal(laws.Laws.Select(law => law.Describe()), fork.Laws.Select(law => law.Describe()));
        Assert.Equal(arena.Identity(0), copy.Identity(0));
    }

    [Fact]
    public void A_copy_goes_its_own_way()
    {
        StateArena arena = new(), copy = new();
        LawSet laws = History.Watch(Machine, arena, "NoLostEdge"), fork = History.Watch(Machine, copy, "NoLostEdge");
        laws.Observe(Write(4, Edge));
        laws.Observe(Rise(4));
        copy.CopyFrom(arena);
        laws.Observe(Accepted(4, level: false));
        laws.Observe(Rest);
        fork.Observe(Rest);
        Assert.Null(laws.Laws[0].Break);
        Assert.NotNull(fork.Laws[0].Break);
    }

    [Fact]
    public void The_time_of_a_break_makes_no_new_state()
    {
        StateArena early = new(), late = new();
        History.Watch(Machine, early, "MaskedIsSilent").Observe(Deliver(4, Edge) with { Time = 70 });
        History.Watch(Machine, late, "MaskedIsSilent").Observe(Deliver(4, Edge) with { Time = 90 });
        Assert.Equal(early.Identity(70), late.Identity(90));
    }

    [Fact]
    public void What_has_come_to_its_end_leaves_no_trace()
    {
        StateArena once = new(), often = new();
        LawSet a = History.Watch(Machine, once), b = History.Watch(Machine, often);
        Event[] round =
        [
            Connect(3, 11), Write(11, Level, Level), Raise(3, 11), Line(11, true), PicPin(11, true), Rise(11), Deliver(11, Level),
            Taken(11, Level), Accepted(11), IrrSet(11), Rest, Lower(3, 11), Line(11, false), PicPin(11, false), Fall(11),
            CpuEoi(1, 0x31), Broadcast(1, 0x31), IrrCleared(11), PinAcked(11), Ack(3, 11), Rest, Remove(3, 11), Rest,
        ];
        for (int times = 0; times < 5; times++)
        {
            foreach (Event e in round)
            {
                if (times == 0)
                    a.Observe(e);
                b.Observe(e);
            }
        }
        Assert.All(b.Laws, law => Assert.Equal($"{law.Name} holds", law.Describe()));
        Assert.Equal(once.Identity(0), often.Identity(0));
    }

    [Fact]
    public void Observing_allocates_nothing()
    {
        LawSet laws = History.Watch(Machine, new StateArena());
        Event[] stream = [.. Everything().SelectMany(history => history.Events)];
        Assert.Equal(0, Allocations.Of(1, () =>
        {
            foreach (Event e in stream)
                laws.Observe(e);
        }));
    }

    [Fact]
    public void Nonsense_from_a_foreign_log_hurts_nobody()
    {
        var random = new Random(7);
        LawSet laws = History.Watch(Machine, new StateArena());
        EventKind[] kinds = Enum.GetValues<EventKind>();
        for (int i = 0; i < 200_000; i++)
        {
            laws.Observe(new Event(kinds[random.Next(kinds.Length)], (ushort)random.Next(random.Next(2) == 0 ? 4 : 65536),
                (uint)random.NextInt64(random.Next(2) == 0 ? 32 : uint.MaxValue), (ulong)random.NextInt64(), (ulong)random.NextInt64(4)));
        }
        Assert.All(laws.Laws, law => Assert.NotEmpty(law.Describe()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_machine_may_lack_chips(bool pic)
    {
        FabricOptions machine = Machine with { IoApics = [], Pic = pic ? new() : null };
        LawSet laws = History.Watch(machine, new StateArena());
        foreach (Event e in Everything().SelectMany(history => history.Events).Where(e => e.Kind is EventKind.Rest or EventKind.PinChanged or EventKind.Ack))
            laws.Observe(e);
        Assert.All(laws.Laws, law => Assert.Null(law.Break));
    }

    private static IEnumerable<History> Everything() =>
    [
        .. NoLostEdgeHistories.All, .. LevelRedeliveredHistories.All, .. FreshRouteHistories.All, .. RemoteIrrHistories.Legal,
        .. RemoteIrrHistories.Controls, .. MaskedIsSilentHistories.All, .. SharersIndependentHistories.All,
        .. AckReachesAllSharersHistories.All, .. NoPhantomHistories.All,
    ];
}
