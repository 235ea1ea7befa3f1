namespace Wirq.Events;

/// <summary>The fields of an event by their names. Only the view knows their places in the event.</summary>
/// <typeparam name="TSelf">The view.</typeparam>
internal interface IEventView<TSelf> where TSelf : struct, IEventView<TSelf>
{
    /// <summary>Reads an event, which must be of a kind of this view.</summary>
    static abstract TSelf Of(in Event e);

    /// <summary>Makes the event.</summary>
    Event ToEvent();
}
