using Wirq.Events;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>One step of a story: an actor, a CPU, the kernel, the poll or time moves, and the queue is carried out for a
/// while.</summary>
/// <param name="Text">Who does what.</param>
/// <param name="Transitions">How many transitions it is: the move, and those of the queue before the next move.</param>
/// <param name="Events">What happened, in words, and when, in ns.</param>
internal sealed record StoryStep(string Text, int Transitions, IReadOnlyList<(long Time, string Text)> Events);

/// <summary>A way from the start of a world to what is wrong.</summary>
internal sealed record Story
{
    /// <summary>The scenario.</summary>
    public required Scenario Scenario { get; init; }
    /// <summary>The historic design; null for none.</summary>
    public string? Design { get; init; }
    /// <summary>What is wrong at its end.</summary>
    public required Violation Violation { get; init; }
    /// <summary>Its transitions.</summary>
    public required IReadOnlyList<Transition> Way { get; init; }
    /// <summary>How many of the last transitions repeat forever; 0 unless it is a livelock.</summary>
    public int Repeats { get; init; }
    /// <summary>Its steps.</summary>
    public required IReadOnlyList<StoryStep> Steps { get; init; }

    /// <summary>Plays a way back in a new world, and writes down what happens.</summary>
    internal static Story Tell(Scenario scenario, string? design, Violation violation, IReadOnlyList<Transition> way, int repeats = 0)
    {
        var steps = new List<StoryStep>();
        var events = new List<(long, string)>();
        using var world = new World(scenario, design is null ? null : Historic.Designs.Create(design),
            options: new WorldOptions { KeepsTimeline = false }, recorder: happened => Note(happened, events));
        events.Clear();
        for (int i = 0; i < way.Count; i++)
        {
            Transition transition = way[i];
            bool moves = transition.Kind is not (TransitionKind.Effect or TransitionKind.Answer or TransitionKind.Rest);
            string text = moves ? WordsOf(world, transition) : "the queue is carried out";
            try
            {
                world.Apply(transition);
            }
            catch (Exception thrown) when (i == way.Count - 1 && thrown is not OutOfMemoryException)
            {
                events.Add((world.Fabric.Now, thrown.Message));
            }
            (long, string)[] happened = [.. events];
            events.Clear();
            if (!moves && steps.Count > 0)
                steps[^1] = steps[^1] with { Transitions = steps[^1].Transitions + 1, Events = [.. steps[^1].Events, .. happened] };
            else
                steps.Add(new StoryStep(text, 1, happened));
        }
        return new Story { Scenario = scenario, Design = design, Violation = violation, Way = way, Repeats = repeats, Steps = steps };
    }

    private static void Note(in Event happened, List<(long, string)> events)
    {
        if (happened.Kind is not (EventKind.Rest or EventKind.SourceConnected))
            events.Add((happened.Time, EventText.Describe(happened)));
    }

    /// <summary>A transition in words.</summary>
    internal static string WordsOf(World world, Transition transition) => transition.Kind switch
    {
        TransitionKind.Script => ScriptWords(world, transition),
        TransitionKind.Cpu => world.WouldTake(transition.Index) ? $"cpu{transition.Index} takes an interrupt" : HandlerWords(world, transition.Index),
        TransitionKind.Injection => $"the kernel injects what eventfd {transition.Index} has waiting",
        TransitionKind.Exit => $"cpu{transition.Index} leaves its guest and reports its EOI",
        TransitionKind.Fetch => $"the poll reports eventfd {transition.Index}",
        TransitionKind.Readable => "userspace acts on what the poll reported",
        TransitionKind.Time => "time passes",
        TransitionKind.Host => $"the host: {EventText.Describe(world.Below!.Events.Peek(0))}",
        TransitionKind.HostLine => $"line {transition.Index} interrupts the host",
        TransitionKind.HostThread => $"the host: {world.Below!.Drivers.Describe(transition.Index)}",
        TransitionKind.GuestThread => $"the guest: {world.Guest!.Drivers.Describe(transition.Index)}",
        _ => transition.ToString(),
    };

    private static string ScriptWords(World world, Transition transition)
    {
        string name = world.Scenario.Scripts()[transition.Index].Name, text = world.Describe(transition);
        return name.Length == 0 || text.StartsWith(name, StringComparison.Ordinal) ? text : $"{name}: {text}";
    }

    private static string HandlerWords(World world, int cpu)
    {
        string self = $"cpu{cpu}";
        if (world.NextOfHandler(cpu) is not { } step)
            return $"{self} returns from its handler";
        return step.Text.StartsWith(self, StringComparison.Ordinal) ? step.Text : $"{self}: {step.Text}";
    }
}
