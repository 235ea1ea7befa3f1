using Wirq.Events;
using Wirq.Host;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <content>Transitions whose place among the others does not matter.</content>
public sealed partial class World
{
    private bool? _asksOrder;

    /// <summary>Lists the transitions that are explored: as <see cref="Enabled"/>, but a scenario without actors goes as in a run where
    /// it says nothing else. Its steps wait until nothing else can happen, and its CPUs wait for the queue, so that an access of a
    /// handler has returned before the next.</summary>
    internal void Possible(List<Transition> next)
    {
        Enabled(next);
        if (IsConcurrent || next.Count < 2)
            return;
        bool queued = TryNextOfQueue(out _);
        for (int i = next.Count - 1; i >= 0 && next.Count > 1; i--)
        {
            if (next[i].Kind is TransitionKind.Script or TransitionKind.Time || queued && next[i].Kind == TransitionKind.Cpu)
                next.RemoveAt(i);
        }
    }

    /// <summary>Whether the next transition of the queue may go first, before every other that is possible: in every order it does the
    /// same, and so do the others.</summary>
    /// <remarks>
    /// It only takes a report from the front of the queue, and shows it to the laws and the journal; or it wakes a simulated CPU, which
    /// does nothing.
    /// <para>Independent: another transition appends to the other end of the queue, and changes the machine; it reads neither laws nor
    /// journal, except an expectation, which waits for an empty queue. No other transition takes from the front, except one that
    /// drains all of it in the same order, and none becomes impossible because a report is gone.</para>
    /// <para>The host below and the guest's kernel have queues of their own. What they do appends to this one at most, by an eventfd or an
    /// access; and no law reads reports of both, so only an expectation of an order tells where the one stands among the other.</para>
    /// <para>Nothing is hidden: a law judges only where it is shown an event, in the order of the queue, so every break is still found.
    /// What else can fail (a read value, a vector without a handler) does not depend on reports.</para>
    /// <para>Nothing is ignored: each such transition shortens the queue, so every cycle has a state where all transitions are
    /// made.</para>
    /// A historic design may act on a report, so under one there is no such transition.
    /// </remarks>
    internal bool MayGoFirst(out Transition first)
    {
        first = default;
        // What the host reports has no fixed place among the machine's reports, which an order shows.
        if (_design is not null || _below is not null && (_asksOrder ??= Scenario.Checks().Any(static check => check is OrderCheck)) || !TryNextOfQueue(out first))
            return false;
        if (first.Kind == TransitionKind.Answer)
            return Fabric.Carrier.Call.Effect.Kind == EventKind.CpuInterrupt;
        Fabric.Carrier.TryPeek(out Event next);
        // What a hypervisor hears of the guest's controllers changes the machine.
        if (_xen is not null && _xen.Hears(next))
            return false;
        return !next.IsEffect || next.Kind == EventKind.CpuInterrupt;
    }
}
