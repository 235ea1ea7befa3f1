using System.Globalization;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <content>What went otherwise than the scenario says.</content>
public sealed partial class World
{
    private const int MaxFailures = 1000;

    private readonly List<Failure> _failures = [];
    private readonly Dictionary<(FilePosition At, string Text), int> _places = [];
    // Not yet in the timeline: what led to them may still wait to be carried out.
    private readonly List<string> _untold = [];
    private readonly HashSet<(int Cpu, byte Vector)> _unhandled = [];
    private StepOutcome _outcome;
    private FilePosition _at;

    /// <summary>What did not hold, in order; what failed several times alike, once.</summary>
    public IReadOnlyList<Failure> Failures => _failures;

    /// <summary>Why it was cut off, before what becomes of it was known; null where it was not.</summary>
    internal string? CutOff { get; private set; }

    /// <summary>Gives up: the world cannot go on.</summary>
    /// <param name="at">Where the step stands at which it ended.</param>
    /// <param name="why">Why.</param>
    /// <param name="isOutcome">Whether that is what the machine does, and not a bound that it came to.</param>
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

    /// <summary>A CPU that takes a vector without a handler for it would be lost, so a scenario that means it has to say
    /// so.</summary>
    private void NoteUnhandled(in InterruptTaken taken, bool spurious)
    {
        if (_unhandled.Add((taken.Cpu, taken.Vector)))
            Fail(_at, string.Create(CultureInfo.InvariantCulture, $"cpu{taken.Cpu} took {(spurious ? "the spurious vector " : "")}0x{taken.Vector:x2} "
                + $"of {_watch.StormOf(taken).Source}, and has no handler for it; give it one, or say \"unhandled: ignore\""));
    }
}
