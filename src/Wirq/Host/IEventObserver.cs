using Wirq.Events;

namespace Wirq.Host;

/// <summary>Hears what happens in a machine: a recorder, a set of laws, a timeline.</summary>
public interface IEventObserver
{
    /// <summary>Whether it observes an event. A <see cref="FabricHost"/> asks under its lock, and does not leave it for
    /// an event that nobody wants: the answer must not block, and must not call the host.</summary>
    /// <param name="happened">The event that is next.</param>
    bool Observes(in Event happened) => true;

    /// <summary>An event is next. It is told before it is carried out, effects and observations alike, in the order of
    /// the queue; at the end of each drain comes an <see cref="EventKind.Rest"/>.</summary>
    /// <param name="happened">The event. Observations are made only while <see cref="EventBuffer.Observing"/> is
    /// set.</param>
    void Observe(in Event happened);
}
