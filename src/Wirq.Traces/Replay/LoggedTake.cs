using Wirq.Events;

namespace Wirq.Traces.Replay;

/// <summary>Takes a vector as a log shows it.</summary>
internal static class LoggedTake
{
    /// <summary>The CPU takes this vector, or has already taken it, regardless of other pending vectors.</summary>
    internal static void TakeLogged(this LocalApics apics, int cpu, byte vector, EventBuffer events)
    {
        ref ApicState s = ref apics.State(cpu);
        s.Irr.Remove(vector);
        s.Isr.Add(vector);
        s.UpdatePriority();
        if (events.Observing)
            LocalApics.ObserveTaken(cpu, vector, spurious: false, events);
    }
}
