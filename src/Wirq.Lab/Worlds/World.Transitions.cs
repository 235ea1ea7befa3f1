using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <content>A world is a transition system: it lists the possible next transitions, and performs one. Other code
/// chooses the order.</content>
/// <remarks>In a handler, three things are one transition of the CPU: the steps of a repetition, time that passes, and
/// an expectation of a register, before which all waiting effects are carried out.</remarks>
public sealed partial class World
{
    private readonly Block<WorldState> _state;

    /// <summary>Called with every transition before it is performed; null for none.</summary>
    internal Action<Transition>? Watcher { get; set; }

    /// <summary>Called with every step that is performed, of the scenario or of a handler; null for none.</summary>
    internal Action<Step>? StepWatcher { get; set; }

    /// <summary>Lists the possible next transitions. The list is empty at the end. A step of the scenario that only
    /// checks is listed after everything else has happened. If the machine has come to rest, the laws get that event
    /// first.</summary>
    /// <param name="next">Cleared, and filled in a fixed order.</param>
    public void Enabled(List<Transition> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        next.Clear();
        if (TryNextOfQueue(out Transition queued))
            next.Add(queued);
        if (_host?.Kernel is { } kernel)
        {
            for (int from = 0; kernel.TryFindPendingWork(from, out int file); from = file + 1)
                next.Add(new Transition(TransitionKind.Injection, file));
            for (int from = 0; kernel.TryFindExit(from, out int cpu); from = cpu + 1)
                next.Add(new Transition(TransitionKind.Exit, cpu));
        }
        AddPolled(next);
        AddHost(next);
        bool isQuiet = next.Count == 0;
        if (isQuiet && _state.Value.IsStirred != 0)
        {
            next.Add(new Transition(TransitionKind.Rest));
            return;
        }
        for (int cpu = 0; cpu < Spec.Cpus; cpu++)
        {
            isQuiet &= IsUpdating || !HasWork(cpu);
            if (CanStep(cpu))
                next.Add(new Transition(TransitionKind.Cpu, cpu));
        }
        isQuiet &= !HasThreadWork;
        AddThreads(next);
        AddScripts(next, isQuiet);
    }

    /// <summary>Performs one of the transitions that <see cref="Enabled"/> lists.</summary>
    /// <exception cref="WorldException">The world cannot continue.</exception>
    public void Apply(Transition transition)
    {
        Watcher?.Invoke(transition);
        Do(transition);
        HearResamples();
        TellObservations();
    }

    private void Do(Transition transition)
    {
        switch (transition.Kind)
        {
            case TransitionKind.Effect:
                BeginNext();
                break;
            case TransitionKind.Answer:
                AnswerCall();
                break;
            case TransitionKind.Injection:
                _host!.Kernel!.RunPendingWork(transition.Index);
                break;
            case TransitionKind.Exit:
                byte vector = _host!.Kernel!.TakeExit(transition.Index);
                _twin?.ExitTaken(transition.Index, vector);
                Fabric.Events.Emit(new EoiBroadcast(transition.Index, vector, Edge: false).ToEvent());
                WaitAfterExit(transition.Index);
                break;
            case TransitionKind.Fetch:
                _state.Value.TokenAndOne = _host!.EventFds.Fetch(transition.Index) + 1;
                break;
            case TransitionKind.Readable:
                int token = _state.Value.TokenAndOne - 1;
                _state.Value.TokenAndOne = 0;
                Fabric.RouteCache!.Readable(token);
                break;
            case TransitionKind.Rest:
                Rest();
                break;
            case TransitionKind.Cpu:
                StepCpu(transition.Index);
                break;
            case TransitionKind.Time:
                // The step that lets time pass was counted at its begin.
                Spend(Worker.Timers, 1 + _workOfCpus);
                PassOn(FirstEnd());
                break;
            case TransitionKind.Script:
                GoOn(transition.Index);
                break;
            case TransitionKind.Host or TransitionKind.HostLine or TransitionKind.HostThread or TransitionKind.GuestThread:
                DoHost(transition);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(transition), transition, "there is no such transition");
        }
    }

    /// <summary>The next transition of the queue of effects. A call in flight must have its answer before another
    /// effect is begun.</summary>
    private bool TryNextOfQueue(out Transition next)
    {
        bool isInFlight = Fabric.Carrier.InFlight;
        next = new Transition(isInFlight ? TransitionKind.Answer : TransitionKind.Effect);
        return isInFlight || Fabric.Events.Count > 0;
    }

    private void AddPolled(List<Transition> next)
    {
        if (_host is null)
            return;
        if (_state.Value.TokenAndOne != 0)
        {
            next.Add(new Transition(TransitionKind.Readable));
            return;
        }
        for (int descriptor = 0; descriptor < _host.EventFds.Capacity; descriptor++)
        {
            if (_host.EventFds.IsReady(descriptor) && IsRead(descriptor))
                next.Add(new Transition(TransitionKind.Fetch, descriptor));
        }
    }

    /// <summary>Whether userspace would read an eventfd that the poll reports. If the eventfd is bound, and stays
    /// readable with the count that was pending at the bind, nothing would happen.</summary>
    private bool IsRead(int descriptor) => Fabric.RouteCache!.ReadsInUserspace(_host!.EventFds.TokenOf(descriptor));
}
