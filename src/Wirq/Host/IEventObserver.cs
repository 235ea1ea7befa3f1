using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>Observes the events of a machine: a recorder, a set of laws, a timeline.</summary>
public interface IEventObserver
{
    /// <summary>Whether it observes an event. A <see cref="FabricHost"/> calls this under its lock, and keeps the lock
    /// if the event is not observed. The implementation must not block and must not call the host.</summary>
    /// <param name="happened">The event that is next.</param>
    bool Observes(in Event happened) => true;

    /// <summary>Observes the next event, before it is carried out. Effects and observations come in the order of the
    /// queue; at the end of each drain comes an <see cref="EventKind.Rest"/>.</summary>
    /// <param name="happened">The event. Observations are made only while <see cref="EventBuffer.Observing"/> is
    /// set.</param>
    void Observe(in Event happened);

    /// <summary>The host refused a call. Told before the call that drains throws it; a refusal is no event, because what
    /// follows from it is one.</summary>
    void Failed(KernelException failure) { }
}
