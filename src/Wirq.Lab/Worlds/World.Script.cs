using System.Diagnostics;
using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <content>How far the scenario is.</content>
public sealed partial class World
{
    private readonly Block<ScriptFrame> _script;

    /// <summary>Where the step of the scenario stands that was begun last; a repetition's steps are not its own.</summary>
    internal FilePosition Begun { get; private set; }

    /// <summary>What the scenario itself does next; none at its end.</summary>
    /// <returns>Whether there is anything.</returns>
    internal bool TryNextOfScript(out Transition next)
    {
        bool passes = _state.Value.IsPassing != 0 && Fabric.Now < _state.Value.Until;
        next = new Transition(passes ? TransitionKind.Time : TransitionKind.Script);
        return _state.Value.Depth > 0;
    }

    private static int DepthOf(IReadOnlyList<Step> steps) =>
        1 + steps.OfType<RepeatStep>().Select(repeat => DepthOf(repeat.Steps)).DefaultIfEmpty(0).Max();

    /// <summary>The steps that it is in, and how often they are gone through.</summary>
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

    /// <summary>Whether the next step of the scenario only looks at the machine, and means it at rest.</summary>
    private bool IsExpectationNext() => _state.Value.IsPassing == 0 && NextStep() is ExpectStep;

    /// <summary>The step that the scenario performs as it goes on; null where it only ends something.</summary>
    private Step? NextStep()
    {
        (IReadOnlyList<Step> steps, int times) = Innermost();
        ScriptFrame frame = _script[_state.Value.Depth - 1];
        int index = BeginsAgain(frame, steps, times) ? 0 : frame.Step;
        Step? next = index == steps.Count || times == 0 ? null : steps[index];
        while (next is RepeatStep repeat)
            next = repeat.Steps.Count == 0 || repeat.Times == 0 ? null : repeat.Steps[0];
        return next;
    }

    private static bool BeginsAgain(in ScriptFrame frame, IReadOnlyList<Step> steps, int times) =>
        frame.Step == steps.Count && steps.Count > 0 && frame.Rounds + 1 < times;

    /// <summary>The scenario goes on by one step. To begin a repetition is part of its first step; to end one, or a lapse of
    /// time, is a step of its own, after which everything may come to rest.</summary>
    private void GoOn()
    {
        ref WorldState state = ref _state.Value;
        if (state.IsPassing != 0)
        {
            (state.IsPassing, state.Until) = (0, 0);
            LeaveAtEnd();
            return;
        }
        Step? expected = NextStep();
        while (true)
        {
            (IReadOnlyList<Step> steps, int times) = Innermost();
            ref ScriptFrame frame = ref _script[state.Depth - 1];
            if (BeginsAgain(frame, steps, times))
                (frame.Step, frame.Rounds) = (0, frame.Rounds + 1);
            if (frame.Step == steps.Count || times == 0)
            {
                Debug.Assert(expected is null, "a step was expected, and none performed");
                Leave();
                return;
            }
            Step step = steps[frame.Step];
            if (state.Depth == 1)
                Begun = step.At;
            if (step is RepeatStep repeat)
            {
                // To do nothing again and again takes its time too.
                if (repeat.Steps.Count == 0)
                    Spend(Worker.Scenario, repeat.Times);
                _script[state.Depth++] = default;
                continue;
            }
            Debug.Assert(ReferenceEquals(step, expected), "another step was expected");
            frame.Step++;
            Perform(step, runningCpu: -1);
            LeaveAtEnd();
            return;
        }
    }

    /// <summary>The scenario itself ends with its last step; a repetition ends in a step of its own.</summary>
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

    /// <summary>A step lets time pass; the first of it at once.</summary>
    private void BeginToPass(long nanoseconds)
    {
        if (nanoseconds == 0)
            return;
        (_state.Value.Until, _state.Value.IsPassing) = (Fabric.Now + nanoseconds, 1);
        PassOn();
    }

    private void PassOn() => Advance(Math.Min(_state.Value.Until, Math.Max(NextDeadline, Fabric.Now + 1)));
}
