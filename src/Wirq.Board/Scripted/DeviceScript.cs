using Wirq.Lab.Scenarios;
using Wirq.Linux.VfioUser;
using Wirq.Vfio;

namespace Wirq.Board.Scripted;

/// <summary>Something that was not as expected.</summary>
/// <param name="At">Where it is expected.</param>
/// <param name="Text">What was expected, and what was.</param>
internal sealed record ScriptFailure(FilePosition At, string Text);

/// <summary>Performs the steps of a device's scenario. It has no clock: time is an argument.</summary>
internal sealed class DeviceScript
{
    private readonly DeviceScenario _scenario;
    private readonly PciFunction _function;
    private readonly ScriptedRegisters _registers;
    private readonly Stack<Place> _places = new();
    private readonly List<ScriptFailure> _failures = [];
    // Of each thing that the step awaits: how often it had been done when the step before was.
    private long[] _accesses = [];
    // When the step that waits ends; null while none has begun to wait.
    private long? _due;

    internal DeviceScript(DeviceScenario scenario, PciFunction function, ScriptedRegisters registers)
    {
        (_scenario, _function, _registers) = (scenario, function, registers);
        _places.Push(new Place(scenario.Steps, 1));
        Settle();
        Note();
    }

    /// <summary>Whether nothing is left to do.</summary>
    internal bool IsOver => _places.Count == 0;

    /// <summary>Whether a wait was in vain. What comes after it is not done.</summary>
    internal bool HasGivenUp { get; private set; }

    /// <summary>What was not as expected.</summary>
    internal IReadOnlyList<ScriptFailure> Failures => _failures;

    /// <summary>How many steps were done, repetitions counted.</summary>
    internal long Done { get; private set; }

    /// <summary>The step that waits; null if all are done.</summary>
    internal FilePosition? Waits => _places.TryPeek(out Place? place) ? place.Step.At : null;

    /// <summary>Does at most one step that can be done now.</summary>
    /// <param name="now">The time in ns.</param>
    /// <param name="connected">Whether there is a client.</param>
    /// <returns>Whether a step was done.</returns>
    internal bool Advance(long now, bool connected)
    {
        if (IsOver || !TryDo(_places.Peek().Step, now, connected))
            return false;
        Done++;
        _due = null;
        if (HasGivenUp)
            _places.Clear();
        else
            _places.Peek().Next();
        Settle();
        Note();
        return true;
    }

    /// <summary>When time alone makes a step possible, or ends its wait; null for never.</summary>
    internal long? Due => IsOver ? null : _due;

    /// <summary>Compares what is expected at the end.</summary>
    internal void Finish() => Check(_scenario.Finally);

    private bool TryDo(ScriptStep step, long now, bool connected)
    {
        switch (step)
        {
            case DeedStep deed:
                Do(deed);
                return true;
            case CheckStep checks:
                Check(checks.Checks);
                return true;
            case PauseStep pause:
                _due ??= now + pause.Nanoseconds;
                return now >= _due;
            default:
                return Await((WaitStep)step, now, connected);
        }
    }

    private bool Await(WaitStep wait, long now, bool connected)
    {
        _due ??= now + wait.Nanoseconds;
        ScriptWait? missing = wait.For.Where((one, i) => !Holds(one, _accesses[i], connected)).FirstOrDefault();
        if (missing is null)
            return true;
        if (now < _due)
            return false;
        _failures.Add(new ScriptFailure(wait.At, $"waited {Span(wait.Nanoseconds)} in vain for {missing.Text}"));
        HasGivenUp = true;
        return true;
    }

    /// <summary>What a driver does from here on, it does after the step before. It may do it before anybody looks.</summary>
    private void Note() => _accesses = _places.TryPeek(out Place? place) && place.Step is WaitStep wait ? [.. wait.For.Select(AccessesOf)] : [];

    private bool Holds(ScriptWait wait, long before, bool connected) => wait.What switch
    {
        Awaited.Intx => _function.HasIntxTrigger == (wait.Value != 0),
        Awaited.Vectors => _function.ReadyVectors >= wait.Value,
        Awaited.Served => !_function.Asserts == (wait.Value != 0),
        Awaited.Unmasked => !_function.IsMasked == (wait.Value != 0),
        Awaited.Doorbell => _registers.DoorbellValue == wait.Value,
        Awaited.Connected => connected == (wait.Value != 0),
        _ => AccessesOf(wait) != before,
    };

    private long AccessesOf(ScriptWait wait) => wait.What switch
    {
        Awaited.Read => _registers.ReadsOf((int)wait.Value),
        Awaited.Written => _registers.WritesOf((int)wait.Value),
        _ => 0,
    };

    private void Do(DeedStep step)
    {
        switch (step.Deed)
        {
            case Deed.Raise:
                if (!_function.Asserts)
                    _registers.NoteRise();
                _function.SetIntx(true);
                break;
            case Deed.Lower:
                _function.SetIntx(false);
                break;
            case Deed.Pulse:
                _function.SetIntx(true);
                _function.SetIntx(false);
                break;
            case Deed.Word:
                _registers.WordValue = (uint)step.Value;
                break;
            default:
                int first = (int)Math.Max(0, step.Value), last = step.Value < 0 ? _function.Interrupts.Sent.Count - 1 : first;
                for (int vector = first; vector <= last; vector++)
                    _function.Send(vector);
                break;
        }
    }

    private void Check(IReadOnlyList<ScriptCheck> checks)
    {
        foreach (ScriptCheck check in checks)
        {
            long found = DeviceNumbers.Of(check.Count, check.Vector, _function, _registers);
            if (found >= check.Least && found <= check.Most)
                continue;
            string which = check.Vector < 0 ? check.Count : $"{check.Count} of vector {check.Vector}",
                expected = check.Least == check.Most ? $"{check.Least}" : check.Most == long.MaxValue ? $"at least {check.Least}"
                    : check.Least == 0 ? $"at most {check.Most}" : $"{check.Least} to {check.Most}";
            _failures.Add(new ScriptFailure(check.At, $"{which} is {found}; expected {expected}"));
        }
    }

    /// <summary>Ends repetitions that are through, and begins those that come.</summary>
    private void Settle()
    {
        while (_places.TryPeek(out Place? place))
        {
            if (place.IsThrough)
            {
                _places.Pop();
                if (_places.TryPeek(out Place? outer))
                    outer.Next();
            }
            else if (place.Step is AgainStep again)
                _places.Push(new Place(again.Steps, again.Times));
            else
                return;
        }
    }

    private static string Span(long nanoseconds) => nanoseconds % 1_000_000_000 == 0 ? $"{nanoseconds / 1_000_000_000} s" : $"{nanoseconds / 1e6:0.###} ms";

    /// <summary>A position in steps that come several times.</summary>
    private sealed class Place(IReadOnlyList<ScriptStep> steps, int times)
    {
        private int _at, _left = steps.Count == 0 ? 0 : times;

        internal bool IsThrough => _left == 0;

        internal ScriptStep Step => steps[_at];

        internal void Next()
        {
            if (++_at < steps.Count)
                return;
            _at = 0;
            _left = Math.Max(0, _left - 1);
        }
    }
}
