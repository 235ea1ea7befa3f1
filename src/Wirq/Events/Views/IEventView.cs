namespace Wirq.Events;

/// <summary>The fields of an event by their names: the one place that knows where in the event each of them stands.</summary>
/// <typeparam name="TSelf">The view.</typeparam>
internal interface IEventView<TSelf> where TSelf : struct, IEventView<TSelf>
{
    /// <summary>Reads an event, which must be of a kind that the view is of.</summary>
    static abstract TSelf Of(in Event e);

    /// <summary>Makes the event.</summary>
    Event ToEvent();
}
