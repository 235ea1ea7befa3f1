using System.Globalization;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <content>Differences between the run and the scenario.</content>
public sealed partial class World
{
    private const int MaxFailures = 1000;

    private readonly List<Failure> _failures = [];
    private readonly Dictionary<(FilePosition At, string Text), int> _places = [];
    // Not yet in the timeline: events that led to them may still be in the queue.
    private readonly List<string> _untold = [];
    private readonly HashSet<(int Cpu, byte Vector)> _unhandled = [];
    private StepOutcome _outcome;
    private FilePosition _at;

    /// <summary>The failures, in order; equal ones are listed once.</summary>
    public IReadOnlyList<Failure> Failures => _failures;

    /// <summary>Why the run was cut off before its outcome was known; null if it was not.</summary>
    internal string? CutOff { get; private set; }

    /// <summary>Ends the run: the world cannot continue.</summary>
    /// <param name="at">The position of the step at which it ended.</param>
    /// <param name="why">The cause.</param>
    /// <param name="isOutcome">Whether the cause is the behaviour of the machine. If not, a limit was reached.</param>
    internal void GiveUp(FilePosition at, string why, bool isOutcome)
    {
        CutOff = isOutcome ? null : why;
        TellFailures();
        Note(at, why);
        Timeline.Add("the run ends here", Fabric.Now);
    }

    private void Fail(FilePosition at, string text)
    {
        Note(at, text);
        _untold.Add(text);
    }

    private void Note(FilePosition at, string text)
    {
        if (_failures.Count >= MaxFailures && !_places.ContainsKey((at, text)))
            (at, text) = (Scenario.At, $"there are further failures; the first {MaxFailures:#,0} are kept");
        if (_places.TryGetValue((at, text), out int place))
        {
            _failures[place] = _failures[place] with { Times = _failures[place].Times + 1 };
            return;
        }
        _places.Add((at, text), _failures.Count);
        _failures.Add(new Failure(at, text));
    }

    private void TellFailures()
    {
        foreach (string text in _untold)
            Timeline.Add($"not as expected: {text}", Fabric.Now);
        _untold.Clear();
    }

    /// <summary>A CPU that takes a vector without a handler is normally an error, so a scenario that expects it must
    /// say so.</summary>
    private void NoteUnhandled(in InterruptTaken taken, bool spurious)
    {
        if (_unhandled.Add((taken.Cpu, taken.Vector)))
            Fail(_at, string.Create(CultureInfo.InvariantCulture, $"cpu{taken.Cpu} took {(spurious ? "the spurious vector " : "")}0x{taken.Vector:x2} "
                + $"of {_watch.StormOf(taken).Source}, and has no handler for it; give it one, or say \"unhandled: ignore\""));
    }
}
