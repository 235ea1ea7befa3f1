using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <content>The positions in the scripts of the scenario.</content>
public sealed partial class World
{
    private readonly IReadOnlyList<Script> _scripts;
    private readonly Block<ScriptState> _positions;
    // By script and depth.
    private readonly Block<ScriptFrame> _frames;
    private readonly int _deepest;
    // The script whose step is performed; only while it is.
    private int _performed;

    /// <summary>The position of the last step of the scenario that was begun; steps of a repetition do not
    /// count.</summary>
    internal FilePosition Begun { get; private set; }

    /// <summary>Whether there are actors whose steps may come in any order.</summary>
    internal bool IsConcurrent => _scripts.Count > 1;

    /// <summary>Whether all scripts have come to their ends.</summary>
    internal bool IsAtEnd
    {
        get
        {
            foreach (ScriptState position in _positions.Span)
            {
                if (position.Depth > 0)
                    return false;
            }
            return true;
        }
    }

    /// <summary>Adds the possible next transitions of the scripts.</summary>
    /// <param name="next">The transitions that were found so far.</param>
    /// <param name="isQuiet">Whether nothing else can happen: the machine is at rest, and no CPU has work.</param>
    private void AddScripts(List<Transition> next, bool isQuiet)
    {
        // Who holds a lock is not done.
        isQuiet &= _state.Value.LockedByAndOne == 0;
        bool passes = false;
        for (int script = 0; script < _scripts.Count; script++)
        {
            if (!IsDue(script))
                continue;
            if (Passes(script))
                passes = true;
            else if (MayGoOn(script, isQuiet))
                next.Add(new Transition(TransitionKind.Script, script));
        }
        if (passes && !(IsConcurrent && IsHandedOver) && (next.Count == 0 || Scenario.TimeRaces || !IsConcurrent))
            next.Add(new Transition(TransitionKind.Time));
    }

    /// <summary>Lists the possible next transitions of the scripts, if effects, the kernel and the poll have nothing to
    /// do.</summary>
    internal void ListScripts(List<Transition> next)
    {
        next.Clear();
        bool isQuiet = true;
        for (int cpu = 0; cpu < Spec.Cpus && IsConcurrent; cpu++)
            isQuiet &= IsUpdating || !HasWork(cpu);
        AddScripts(next, isQuiet);
    }

    private bool Passes(int script) => _positions[script].IsPassing != 0 && Fabric.Now < _positions[script].Until;

    /// <summary>The scenario's own steps come first, then all actors, then the expectation at the end.</summary>
    private bool IsDue(int script)
    {
        if (_positions[script].Depth == 0)
            return false;
        int first = script == 0 ? 0 : script == _scripts.Count - 1 ? script : 1;
        for (int before = 0; before < first; before++)
        {
            if (_positions[before].Depth > 0)
                return false;
        }
        return true;
    }

    private static int DepthOf(IReadOnlyList<Step> steps) =>
        1 + steps.OfType<RepeatStep>().Select(repeat => DepthOf(repeat.Steps)).DefaultIfEmpty(0).Max();

    private ref ScriptFrame FrameAt(int script, int depth) => ref _frames[script * _deepest + depth];

    /// <summary>The innermost list of steps, and how often it is run.</summary>
    private (IReadOnlyList<Step> Steps, int Times) Innermost(int script)
    {
        (IReadOnlyList<Step> steps, int times) = (_scripts[script].Steps, 1);
        for (int depth = 0; depth < _positions[script].Depth - 1; depth++)
        {
            var repeat = (RepeatStep)steps[FrameAt(script, depth).Step];
            (steps, times) = (repeat.Steps, repeat.Times);
        }
        return (steps, times);
    }

    /// <summary>The next step of a script; null if a step that lets time pass, a repetition or the script ends
    /// next.</summary>
    internal Step? NextStep(int script) => _positions[script] is { IsPassing: 0, Depth: > 0 } ? Ahead(script).Next : null;

    /// <summary>Finds the next step of a script.</summary>
    /// <returns>The step that it performs; an empty repetition; or null if the innermost repetition ends. And the
    /// number of repetitions that it enters before the step.</returns>
    private (Step? Next, int Entered) Ahead(int script)
    {
        (IReadOnlyList<Step> steps, int times) = Innermost(script);
        ScriptFrame frame = FrameAt(script, _positions[script].Depth - 1);
        int index = BeginsAgain(frame, steps, times) ? 0 : frame.Step;
        Step? next = index == steps.Count ? null : steps[index];
        int entered = 0;
        for (; next is RepeatStep { Steps.Count: > 0, Times: > 0 } repeat; next = repeat.Steps[0])
            entered++;
        return (next, entered);
    }

    private static bool BeginsAgain(in ScriptFrame frame, IReadOnlyList<Step> steps, int times) =>
        frame.Step == steps.Count && frame.Rounds + 1 < times;

    /// <summary>Advances a script by one step. The first step of a repetition also begins it. The end of a repetition,
    /// or of a step that lets time pass, is a step of its own, after which the machine can come to rest.</summary>
    private void GoOn(int script)
    {
        ref ScriptState state = ref _positions[script];
        if (state.IsPassing != 0)
        {
            (state.IsPassing, state.Until) = (0, 0);
            LeaveAtEnd(script);
            return;
        }
        (Step? next, int entered) = Ahead(script);
        if (next is null)
        {
            Leave(script);
            return;
        }
        (IReadOnlyList<Step> steps, int times) = Innermost(script);
        ref ScriptFrame frame = ref FrameAt(script, state.Depth - 1);
        if (BeginsAgain(frame, steps, times))
            (frame.Step, frame.Rounds) = (0, frame.Rounds + 1);
        if (state.Depth == 1)
            Begun = steps[frame.Step].At;
        for (; entered > 0; entered--)
            FrameAt(script, state.Depth++) = default;
        // An empty repetition takes time too.
        if (next is RepeatStep { Steps.Count: 0 } nothing)
            Spend(Worker.Scenario, nothing.Times);
        FrameAt(script, state.Depth - 1).Step++;
        if (next is not RepeatStep)
        {
            _performed = script;
            Perform(next, runningCpu: -1);
            WaitAfter(script, next);
        }
        LeaveAtEnd(script);
    }

    /// <summary>A script ends with its last step. A repetition ends with a separate step, and so does what prepares the
    /// machine for actors: it is at rest when they begin.</summary>
    private void LeaveAtEnd(int script)
    {
        if (script == 0 && IsConcurrent && _positions[script].Depth == 1)
            return;
        if (_positions[script] is { Depth: 1, IsPassing: 0 } && FrameAt(script, 0).Step == _scripts[script].Steps.Count)
            Leave(script);
    }

    private void Leave(int script)
    {
        ref ScriptState state = ref _positions[script];
        FrameAt(script, --state.Depth) = default;
        if (state.Depth == 0)
            return;
        FrameAt(script, state.Depth - 1).Step++;
        LeaveAtEnd(script);
    }

    /// <summary>A step lets time pass. Without actors, its first part passes at once.</summary>
    private void BeginToPass(long nanoseconds)
    {
        if (nanoseconds == 0)
            return;
        ref ScriptState state = ref _positions[_performed];
        (state.Until, state.IsPassing) = (Fabric.Now + nanoseconds, 1);
        if (!IsConcurrent)
            PassOn(state.Until);
    }

    /// <summary>Advances time to the next due time, at most to an end.</summary>
    private void PassOn(long end) => Advance(Math.Min(end, Math.Max(NextDeadline, Fabric.Now + 1)));

    /// <summary>The first end of a step that lets time pass.</summary>
    private long FirstEnd()
    {
        long end = long.MaxValue;
        for (int script = 0; script < _scripts.Count; script++)
        {
            if (IsDue(script) && Passes(script))
                end = Math.Min(end, _positions[script].Until);
        }
        return end;
    }
}
