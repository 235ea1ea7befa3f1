using Wirq.Events;

namespace Wirq.Tests.Events;

public class EventKindsTests
{
    private static readonly EventKind[] Kinds = Enum.GetValues<EventKind>();

    /// <summary>0x0581 is the first effect of subsystem 5. Recordings have these numbers.</summary>
    [Theory]
    [InlineData(EventKind.None, 0, Subsystem.None, false)]
    [InlineData(EventKind.Rest, 0x0102, Subsystem.Machine, false)]
    [InlineData(EventKind.TaskPriorityWrite, 0x0207, Subsystem.Access, false)]
    [InlineData(EventKind.LogVectorsLeft, 0x0303, Subsystem.Log, false)]
    [InlineData(EventKind.LineChanged, 0x0407, Subsystem.Lines, false)]
    [InlineData(EventKind.Ack, 0x0481, Subsystem.Lines, true)]
    [InlineData(EventKind.PicTaken, 0x0504, Subsystem.Pic, false)]
    [InlineData(EventKind.PinResampled, 0x060D, Subsystem.IoApic, false)]
    [InlineData(EventKind.Deliver, 0x0682, Subsystem.IoApic, true)]
    [InlineData(EventKind.VectorAccepted, 0x0701, Subsystem.LocalApic, false)]
    [InlineData(EventKind.EoiBroadcast, 0x0781, Subsystem.LocalApic, true)]
    [InlineData(EventKind.MemoryWrite, 0x0881, Subsystem.Messages, true)]
    [InlineData(EventKind.UnitMessage, 0x0981, Subsystem.Remapping, true)]
    [InlineData(EventKind.VirqInjected, 0x0A88, Subsystem.Routing, true)]
    public void A_number_tells_the_subsystem_and_whether_it_is_an_effect(EventKind kind, int number, Subsystem subsystem, bool effect) =>
        Assert.Equal((number, subsystem, effect), ((int)kind, kind.Subsystem, kind.IsEffect));

    [Fact]
    public void Every_kind_is_of_a_subsystem_that_has_a_name()
    {
        Assert.All(Kinds, kind => Assert.True(Enum.IsDefined(kind.Subsystem), kind.ToString()));
        Assert.All(Kinds, kind => Assert.Equal(kind == EventKind.None, kind.Subsystem == Subsystem.None));
        Assert.Equal(Enum.GetValues<Subsystem>(), Kinds.Select(kind => kind.Subsystem).Distinct());
    }

    /// <summary>Within a subsystem there is room, and none is left out.</summary>
    [Fact]
    public void Numbers_begin_at_1_and_leave_none_out()
    {
        foreach (IGrouping<(Subsystem, bool), EventKind> group in Kinds.Skip(1).GroupBy(kind => (kind.Subsystem, kind.IsEffect)))
            Assert.Equal(Enumerable.Range(1, group.Count()), group.Select(kind => (int)kind & 0x7F));
    }

    [Fact]
    public void Every_kind_has_a_place_of_its_own_and_no_other_number_has()
    {
        Assert.Equal(Enumerable.Range(0, Kinds.Length), Kinds.Select(EventKinds.PlaceOf));
        for (int number = 0; number <= ushort.MaxValue; number++)
            Assert.Equal(Array.IndexOf(Kinds, (EventKind)number) >= 0, EventKinds.IsKnown((EventKind)number));
    }
}
