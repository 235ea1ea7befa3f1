using System.Globalization;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>Walks a world by hand, forwards and back.</summary>
internal sealed class Stepper : IDisposable
{
    private const string Asks = "number, b back, s state, q quit> ";
    private readonly Scenario _scenario;
    private readonly string? _design;
    private readonly TextWriter _output;
    private readonly List<Transition> _way = [], _enabled = [];
    private readonly List<string> _happened = [];
    private World _world;

    /// <summary>Begins at the start of a world.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="design">The historic design; null for none.</param>
    /// <param name="output">Receives what is said.</param>
    public Stepper(Scenario scenario, string? design, TextWriter output)
    {
        (_scenario, _design, _output) = (scenario, design, output);
        _world = Make();
    }

    /// <inheritdoc/>
    public void Dispose() => _world.Dispose();

    /// <summary>Reads commands until the end or <c>q</c>.</summary>
    /// <param name="input">The commands, one on a line.</param>
    /// <returns>Whether nothing was violated where it ended.</returns>
    public bool Run(TextReader input)
    {
        ArgumentNullException.ThrowIfNull(input);
        bool isRight = Show();
        while (true)
        {
            _output.Write(Asks);
            _output.Flush();
            string? command = input.ReadLine()?.Trim();
            if (command is null or "q")
            {
                _output.WriteLine();
                return isRight;
            }
            switch (command)
            {
                case "":
                    break;
                case "b" when _way.Count == 0:
                    _output.WriteLine("this is the start");
                    break;
                case "b":
                    Back();
                    isRight = Show();
                    break;
                case "s":
                    _output.WriteLine(_world.Fabric.Describe().ToString());
                    break;
                case var _ when int.TryParse(command, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= _enabled.Count:
                    isRight = Step(_enabled[number - 1]) & Show();
                    break;
                default:
                    _output.WriteLine(_enabled.Count == 0 ? "expected b, s or q" : $"expected 1 to {_enabled.Count}, b, s or q");
                    break;
            }
        }
    }

    private World Make()
    {
        var world = new World(_scenario, _design is null ? null : Historic.Designs.Create(_design), recorder: happened =>
        {
            if (happened.Kind is not (Events.EventKind.Rest or Events.EventKind.SourceConnected))
                _happened.Add(Events.EventText.Describe(happened));
        }, options: new WorldOptions { KeepsTimeline = false });
        _happened.Clear();
        return world;
    }

    private bool Step(Transition transition)
    {
        _way.Add(transition);
        try
        {
            _world.Apply(transition);
        }
        catch (WorldException thrown)
        {
            _output.WriteLine($"  the world cannot continue: {thrown.Message}; this step is taken back");
            Back();
            return false;
        }
        foreach (string text in _happened)
            _output.WriteLine($"    {text}");
        _happened.Clear();
        return true;
    }

    /// <summary>A world cannot go back, so the way is made again without its last step.</summary>
    private void Back()
    {
        _way.RemoveAt(_way.Count - 1);
        _world.Dispose();
        _world = Make();
        foreach (Transition transition in _way)
            _world.Apply(transition);
        _happened.Clear();
    }

    private bool Show()
    {
        bool isRight = true;
        foreach (Laws.Law law in _world.Laws.Laws.Where(law => law.Break is not null))
        {
            _output.WriteLine($"  {law.Name} is broken: {law.Describe()}");
            isRight = false;
        }
        foreach (Running.Failure failure in _world.Failures)
        {
            _output.WriteLine($"  not as expected: {failure}");
            isRight = false;
        }
        _world.Possible(_enabled);
        _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {_way.Count}, {_world.Fabric.Now / 1000.0:0.###} us"));
        if (_enabled.Count == 0)
        {
            Violation? deadlock = Deadlock.In(_world);
            _output.WriteLine($"  {deadlock?.Text ?? "nothing can happen: this is an end"}");
            isRight &= deadlock is null;
        }
        for (int i = 0; i < _enabled.Count; i++)
            _output.WriteLine($"  {i + 1}  {Words(_enabled[i])}");
        return isRight;
    }

    private string Words(Transition transition) => transition.Kind switch
    {
        TransitionKind.Effect => $"the queue: {Front()}",
        TransitionKind.Answer => "the queue: the call in flight is made and answered",
        TransitionKind.Rest => "the machine is at rest: the laws judge",
        _ => Story.WordsOf(_world, transition),
    };

    private string Front()
    {
        _world.Fabric.Carrier.TryPeek(out Events.Event next);
        return Events.EventText.Describe(next);
    }
}
