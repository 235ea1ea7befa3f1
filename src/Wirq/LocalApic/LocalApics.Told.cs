using Wirq.Events;

namespace Wirq;

// What somebody else decided and tells: a log says when a timer expired and which vector a CPU took.
public sealed partial class LocalApics
{
    /// <summary>Whether timers expire by <see cref="ExpireTimer"/> alone, whatever their deadlines say.</summary>
    internal bool TimersAreTold { get; set; }

    /// <summary>The timer of a CPU expires now.</summary>
    internal void ExpireTimer(int cpu, EventBuffer events) => Expire(cpu, ref _state[cpu], events);

    /// <summary>The vector that <see cref="Take"/> would take; -1 where none gets past the processor
    /// priority.</summary>
    internal int Takeable(int cpu)
    {
        ref ApicState s = ref _state[cpu];
        return Deliverable(in s) ? s.Irr.Highest : -1;
    }

    /// <summary>The CPU takes this vector, or has taken it before, whatever else is pending.</summary>
    internal void TakeTold(int cpu, byte vector, EventBuffer events)
    {
        ref ApicState s = ref _state[cpu];
        s.Irr.Remove(vector);
        s.Isr.Add(vector);
        s.UpdatePriority();
        if (events.Observing)
            ObserveTaken(cpu, vector, spurious: false, events);
    }
}
