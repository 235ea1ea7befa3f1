using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <content>The position in the scenario.</content>
public sealed partial class World
{
    private readonly Block<ScriptFrame> _script;

    /// <summary>The position of the last step of the scenario that was begun; steps of a repetition do not
    /// count.</summary>
    internal FilePosition Begun { get; private set; }

    /// <summary>The next transition of the scenario itself; none at its end.</summary>
    /// <returns>Whether there is one.</returns>
    internal bool TryNextOfScript(out Transition next)
    {
        bool passes = _state.Value.IsPassing != 0 && Fabric.Now < _state.Value.Until;
        next = new Transition(passes ? TransitionKind.Time : TransitionKind.Script);
        return _state.Value.Depth > 0;
    }

    private static int DepthOf(IReadOnlyList<Step> steps) =>
        1 + steps.OfType<RepeatStep>().Select(repeat => DepthOf(repeat.Steps)).DefaultIfEmpty(0).Max();

    /// <summary>The innermost list of steps, and how often it is run.</summary>
    private (IReadOnlyList<Step> Steps, int Times) Innermost()
    {
        (IReadOnlyList<Step> steps, int times) = (Scenario.Steps, 1);
        for (int depth = 0; depth < _state.Value.Depth - 1; depth++)
        {
            var repeat = (RepeatStep)steps[_script[depth].Step];
            (steps, times) = (repeat.Steps, repeat.Times);
        }
        return (steps, times);
    }

    /// <summary>Whether the machine must be at rest for the next step of the scenario.</summary>
    private bool IsExpectationNext() => _state.Value.IsPassing == 0 && NeedsRest(Ahead().Next);

    /// <summary>Finds the next step of the scenario.</summary>
    /// <returns>The step that it performs; an empty repetition; or null if the innermost repetition ends. And the
    /// number of repetitions that it enters before the step.</returns>
    private (Step? Next, int Entered) Ahead()
    {
        (IReadOnlyList<Step> steps, int times) = Innermost();
        ScriptFrame frame = _script[_state.Value.Depth - 1];
        int index = BeginsAgain(frame, steps, times) ? 0 : frame.Step;
        Step? next = index == steps.Count ? null : steps[index];
        int entered = 0;
        for (; next is RepeatStep { Steps.Count: > 0, Times: > 0 } repeat; next = repeat.Steps[0])
            entered++;
        return (next, entered);
    }

    private static bool BeginsAgain(in ScriptFrame frame, IReadOnlyList<Step> steps, int times) =>
        frame.Step == steps.Count && frame.Rounds + 1 < times;

    /// <summary>Advances the scenario by one step. The first step of a repetition also begins it. The end of a
    /// repetition, or of a step that lets time pass, is a step of its own, after which the machine can come to
    /// rest.</summary>
    private void GoOn()
    {
        ref WorldState state = ref _state.Value;
        if (state.IsPassing != 0)
        {
            (state.IsPassing, state.Until) = (0, 0);
            LeaveAtEnd();
            return;
        }
        (Step? next, int entered) = Ahead();
        if (next is null)
        {
            Leave();
            return;
        }
        (IReadOnlyList<Step> steps, int times) = Innermost();
        ref ScriptFrame frame = ref _script[state.Depth - 1];
        if (BeginsAgain(frame, steps, times))
            (frame.Step, frame.Rounds) = (0, frame.Rounds + 1);
        if (state.Depth == 1)
            Begun = steps[frame.Step].At;
        for (; entered > 0; entered--)
            _script[state.Depth++] = default;
        // An empty repetition takes time too.
        if (next is RepeatStep { Steps.Count: 0 } nothing)
            Spend(Worker.Scenario, nothing.Times);
        _script[state.Depth - 1].Step++;
        if (next is not RepeatStep)
            Perform(next, runningCpu: -1);
        LeaveAtEnd();
    }

    /// <summary>The scenario itself ends with its last step. A repetition ends with a separate step.</summary>
    private void LeaveAtEnd()
    {
        if (_state.Value.Depth == 1 && _state.Value.IsPassing == 0 && _script[0].Step == Scenario.Steps.Count)
            Leave();
    }

    private void Leave()
    {
        ref WorldState state = ref _state.Value;
        _script[--state.Depth] = default;
        if (state.Depth == 0)
            return;
        _script[state.Depth - 1].Step++;
        LeaveAtEnd();
    }

    /// <summary>A step lets time pass; its first part passes at once.</summary>
    private void BeginToPass(long nanoseconds)
    {
        if (nanoseconds == 0)
            return;
        (_state.Value.Until, _state.Value.IsPassing) = (Fabric.Now + nanoseconds, 1);
        PassOn(_state.Value.Until);
    }

    /// <summary>Advances time to the next due time, at most to an end.</summary>
    private void PassOn(long end) => Advance(Math.Min(end, Math.Max(NextDeadline, Fabric.Now + 1)));
}
