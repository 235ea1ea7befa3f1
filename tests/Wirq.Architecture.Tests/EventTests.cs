using Wirq.Events;
using Wirq.Traces.Recordings;

namespace Wirq.Architecture.Tests;

/// <summary>Only the view of an event knows the position of a field in it.</summary>
public sealed class EventTests
{
    // A recording contains whole events, and an unknown kind is described by its numbers. Its reader checks the ranges
    // of the data before any view truncates them. A step of a scenario is not an event of a machine.
    private static readonly string[] s_others =
        [typeof(Event).FullName!, typeof(EventText).FullName!, typeof(RecordingWriter).FullName!,
         "Wirq.Traces.Recordings.FirstVersion", "Wirq.Traces.Recordings.EventRanges", "Wirq.Lab.Running.TimelineEntry"];

    [Theory]
    [InlineData("get_A")]
    [InlineData("get_B")]
    public void A_datum_is_read_by_a_view(string datum)
    {
        IReadOnlyCollection<string> callers = House.CallersOf(typeof(Event), datum);
        Assert.Equal([], callers.Where(caller => !IsView(caller) && !s_others.Contains(caller)));
        Assert.Contains(typeof(PicTaken).FullName, House.CallersOf(typeof(Event), "get_B"));
    }

    private static bool IsView(string name) => House.Fabric.GetType(name) is { IsValueType: true } type
        && type.GetInterfaces().Any(one => one.IsGenericType && one.GetGenericTypeDefinition() == typeof(IEventView<>));
}
