using System.Diagnostics;
using System.Globalization;
using Wirq.Events;
using Wirq.Lab.Exploring;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Routing;

namespace Wirq.Lab.Running;

/// <summary>Runs scenarios.</summary>
public static class ScenarioRunner
{
    /// <summary>Runs a scenario without a design, and again under each of its historic designs. One order of actors proves
    /// nothing about a design, so those of a scenario with actors are left to a search of all orders.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="seed">Determines the order in which CPUs step; 0 for the lowest first.</param>
    /// <param name="recorder">Receives every event of the run without a design; null for none.</param>
    /// <param name="options">The CPUs; null for simulated ones.</param>
    public static ScenarioResult Run(Scenario scenario, int seed = 0, Action<Event>? recorder = null, WorldOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        long start = Stopwatch.GetTimestamp();
        using World world = Play(scenario, null, seed, recorder, options, out IReadOnlyList<Failure> failures);
        LawResult[] laws = [.. world.Laws.Laws.Select(law => new LawResult(law.Name, law.Break is null, law.Break is null ? "" : law.Describe()))];
        HistoricResult[] historic = RunDesigns(scenario, seed, options);
        bool held = failures.Count == 0 && laws.All(law => law.Held) && historic.All(one => one.Caught);
        return new ScenarioResult
        {
            Scenario = scenario,
            Verdict = held ? Verdict.Held : Verdict.Failed,
            Laws = laws,
            Historic = historic,
            Failures = failures,
            Storms = [.. world.Storms],
            Elapsed = Stopwatch.GetElapsedTime(start),
            Timeline = held ? null : world.Timeline,
        };
    }

    /// <summary>Performs an order of transitions that <c>wirq explore</c> wrote, and nothing else.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="order">The order.</param>
    /// <param name="recorder">Receives every event; null for none.</param>
    /// <param name="options">How its world is built; null for the usual.</param>
    /// <exception cref="ScenarioException">A transition of the order cannot happen where it stands.</exception>
    internal static ScenarioResult Follow(Scenario scenario, OrderFile order, Action<Event>? recorder = null, WorldOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(order);
        long start = Stopwatch.GetTimestamp();
        using var world = new World(scenario, order.Design is null ? null : Designs.Create(order.Design), recorder, options);
        if (Follow(world, order))
            JudgeEnd(world, scenario);
        LawResult[] laws = [.. world.Laws.Laws.Select(law => new LawResult(law.Name, law.Break is null, law.Break is null ? "" : law.Describe()))];
        bool held = world.Failures.Count == 0 && laws.All(law => law.Held);
        return new ScenarioResult
        {
            Scenario = scenario,
            Verdict = held ? Verdict.Held : Verdict.Failed,
            Laws = laws,
            Historic = [],
            Failures = [.. world.Failures],
            Elapsed = Stopwatch.GetElapsedTime(start),
            Timeline = held ? null : world.Timeline,
        };
    }

    /// <returns>Whether the world can go on.</returns>
    private static bool Follow(World world, OrderFile order)
    {
        List<Transition> enabled = [];
        UInt128? before = null;
        for (int i = 0; i < order.Transitions.Count; i++)
        {
            (Transition transition, FilePosition at) = order.Transitions[i];
            if (order.Repeats > 0 && i == order.Transitions.Count - order.Repeats)
                before = world.Identity();
            world.Enabled(enabled);
            if (!enabled.Contains(transition))
            {
                throw new ScenarioException(at, $"{transition} cannot happen here",
                    enabled.Count == 0 ? "the end of the order" : $"one of {string.Join(", ", enabled)}; is it an order of {world.Scenario.Name}?");
            }
            try
            {
                world.Apply(transition);
            }
            catch (Exception stuck) when (stuck is WorldException or KernelException)
            {
                world.GiveUp(world.Begun, stuck.Message, isOutcome: stuck is not WorldException { IsOutcome: false });
                return false;
            }
        }
        if (before is null)
            return true;
        FilePosition first = order.Transitions[^order.Repeats].At;
        if (world.Identity() != before)
            throw new ScenarioException(first, "what follows does not end in the state in which it begins", "a cycle, up to the end of the order");
        world.GiveUp(world.Begun, string.Create(CultureInfo.InvariantCulture, $"the last {order.Repeats} transitions lead back to where they begin: the world can go round forever"), isOutcome: true);
        return false;
    }

    /// <summary>A search judges an end by more than laws.</summary>
    private static void JudgeEnd(World world, Scenario scenario)
    {
        List<Transition> enabled = [];
        world.Enabled(enabled);
        if (enabled.Count == 0 && Deadlock.In(world) is { } deadlock)
            world.GiveUp(scenario.At, deadlock.Text, isOutcome: true);
    }

    /// <summary>The result of a scenario whose host lacks something.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="lacks">The missing features.</param>
    public static ScenarioResult Lacking(Scenario scenario, params IReadOnlyList<string> lacks) =>
        NotRun(scenario, Verdict.HostLacks) with { Lacks = lacks };

    /// <summary>The result of a scenario that needs behaviour from which its host deviates.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="deviations">The probes of the host that found the deviations, by name.</param>
    public static ScenarioResult Deviating(Scenario scenario, params IReadOnlyList<string> deviations) =>
        NotRun(scenario, Verdict.HostDeviates) with { Deviations = deviations };

    /// <summary>The result of a scenario whose machine could not be started.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="why">The cause.</param>
    public static ScenarioResult NotStarted(Scenario scenario, string why)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        return NotRun(scenario, Verdict.Failed) with { Failures = [new Failure(scenario.At, why)] };
    }

    private static ScenarioResult NotRun(Scenario scenario, Verdict verdict) => new()
    {
        Scenario = scenario,
        Verdict = verdict,
        Laws = [],
        Historic = [],
        Failures = [],
    };

    private static HistoricResult[] RunDesigns(Scenario scenario, int seed, WorldOptions? options)
    {
        if (scenario.Actors.Count > 0)
            return [];
        var results = new HistoricResult[scenario.Historic.Count];
        long work = 0;
        for (int i = 0; i < results.Length; i++)
        {
            HistoricSpec spec = scenario.Historic[i];
            results[i] = work <= StepWork.MaxDesigns ? RunDesign(scenario, spec, seed, options, ref work)
                : Unfinished(spec, string.Create(CultureInfo.InvariantCulture, $"the designs before it come to more than {StepWork.MaxDesigns:#,0} steps"));
        }
        return results;
    }

    private static HistoricResult Unfinished(HistoricSpec spec, string why) => new(spec.Design, spec.Breaks, Caught: false, why) { Finished = false };

    private static HistoricResult RunDesign(Scenario scenario, HistoricSpec spec, int seed, WorldOptions? options, ref long work)
    {
        using World world = Play(scenario, Designs.Create(spec.Design), seed, null, options, out IReadOnlyList<Failure> failures);
        work += world.Work;
        if (world.CutOff is { } cut)
            return Unfinished(spec, cut);
        if (spec.Breaks == HistoricSpec.Expectations)
        {
            return new HistoricResult(spec.Design, spec.Breaks, failures.Count > 0,
                failures.Count > 0 ? failures[0].Text : "everything expected was found");
        }
        Laws.Law law = world.Laws.Laws.Single(law => law.Name == spec.Breaks);
        return new HistoricResult(spec.Design, spec.Breaks, law.Break is not null,
            law.Break is not null ? law.Describe() : "the law held");
    }

    private static World Play(Scenario scenario, Design? design, int seed, Action<Event>? recorder, WorldOptions? options,
        out IReadOnlyList<Failure> failures)
    {
        var world = new World(scenario, design, recorder, options);
        try
        {
            new UsualOrder(world, seed).Run();
        }
        catch (Exception stuck) when (stuck is WorldException or KernelException)
        {
            world.GiveUp(world.Begun, stuck.Message, isOutcome: stuck is not WorldException { IsOutcome: false });
        }
        catch
        {
            // Its CPUs may be a machine of the host.
            world.Dispose();
            throw;
        }
        failures = [.. world.Failures];
        return world;
    }
}
