using Wirq.State;

namespace Wirq;

// Direct access to the state, for tests, and for code that restores it or changes it between two steps.
public sealed partial class LocalApics
{
    /// <summary>The state of a CPU.</summary>
    internal ref ApicState State(int cpu) => ref _state[cpu];
    /// <summary>The state of the bus.</summary>
    internal ref ApicBusState Bus => ref _bus.Value;
    /// <summary>The deadlines of the timers.</summary>
    internal DeadlineTree Deadlines => _deadlines;
}
