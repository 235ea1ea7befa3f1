using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Lab.Exploring;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Tests.Worlds;
using Wirq.Lab.Worlds;
using Wirq.State;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Exploring;

/// <summary>A checker of the checker: SPIN searches a hand-written model of a world that ships, and must find as many states and
/// transitions, and the same verdict of the world and of its designs.</summary>
/// <remarks>The laws of the model judge by single states, so the state of Wirq's laws is left out of the count here.</remarks>
public sealed partial class SpinTests : IDisposable
{
    private const string World = "worlds/timely-sharers.yaml", Model = "tests/Wirq.Lab.Tests/Exploring/spin/timely-sharers.pml";

    // Of the model as it is: both tests need it, and most of its time goes to the C compiler.
    private static SpinRun? s_right;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-spin-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Another_checker_finds_the_same_states_and_verdicts()
    {
        string[] missing = [.. new[] { "spin", "gcc" }.Where(program => !HostProgram.IsThere(program))];
        Assert.SkipUnless(missing.Length == 0, $"needs SPIN and a C compiler, and {string.Join(" and ", missing)} cannot be found");
        Scenario scenario = Assert.Single(ShippedScenarios.Read(World));
        SpinRun proved = s_right ??= Check();
        Assert.Equal(0, proved.Errors);
        (int states, int transitions) = SearchWithoutLaws(scenario);
        // SPIN counts the first state as reached by a transition too.
        Assert.Equal((states, transitions + 1), (proved.States, proved.Transitions));
        // Both find each design wrong.
        ExploreResult result = WorldExplorer.Explore(scenario);
        Assert.Equal(ExploreVerdict.Proved, result.Verdict);
        Assert.Equal(["last-writer-wins", "resample-first-match"], result.Controls.Select(control => control.Name));
        Assert.All(result.Controls, control =>
        {
            Assert.True(control.Caught);
            Assert.Equal(1, Check("-D" + control.Name.Replace('-', '_').ToUpperInvariant()).Errors);
        });
    }

    /// <summary>The numbers are equal for a reason: if the CPU does not wait for the end of its accesses, there are more.</summary>
    [Fact]
    public void A_model_that_differs_by_one_rule_has_other_states()
    {
        Assert.SkipUnless(HostProgram.IsThere("spin") && HostProgram.IsThere("gcc"), "needs SPIN and a C compiler");
        SpinRun right = s_right ??= Check(), wrong = Check(change: text => text.Replace(" && wait == 0 && ", " && ", StringComparison.Ordinal));
        Assert.True(wrong.States > right.States, $"{wrong.States} and {right.States}");
    }

    private SpinRun Check(string? define = null, Func<string, string>? change = null)
    {
        string model = File.ReadAllText(Repository.PathOf(Model));
        File.WriteAllText(Path.Combine(_folder.FullName, "model.pml"), change?.Invoke(model) ?? model);
        Run("spin", define is null ? ["-a", "model.pml"] : [define, "-a", "model.pml"]);
        Run("gcc", "-O1", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c");
        string said = Run(Path.Combine(_folder.FullName, "pan"), "-m100000");
        return new SpinRun(Number(Errors(), said), Number(States(), said), Number(Transitions(), said));
    }

    private static int Number(Regex of, string said)
    {
        Match found = of.Match(said);
        Assert.True(found.Success, said);
        return int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder.FullName, RedirectStandardOutput = true })!;
        string said = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)));
        Assert.True(process.ExitCode == 0, $"{program} ends with {process.ExitCode}: {said}");
        return said;
    }

    /// <summary>Counts states and transitions where laws and what they know are no part of a state.</summary>
    private static (int States, int Transitions) SearchWithoutLaws(Scenario scenario)
    {
        using World bare = SmallWorlds.Make(scenario);
        var known = new HashSet<UInt128>();
        var spare = new Stack<World>();
        List<World> level = [SmallWorlds.Make(scenario)];
        List<Transition> enabled = [];
        int transitions = 0;
        known.Add(WithoutLaws(level[0], bare));
        while (level.Count > 0)
        {
            var next = new List<World>();
            foreach (World world in level)
            {
                world.Possible(enabled);
                foreach (Transition transition in enabled)
                {
                    World after = spare.Count > 0 ? spare.Pop() : SmallWorlds.Make(scenario);
                    after.CopyFrom(world);
                    after.Apply(transition);
                    transitions++;
                    if (known.Add(WithoutLaws(after, bare)))
                        next.Add(after);
                    else
                        spare.Push(after);
                }
                spare.Push(world);
            }
            level = next;
        }
        foreach (World world in spare)
            world.Dispose();
        return (known.Count, transitions);
    }

    private static UInt128 WithoutLaws(World world, World bare)
    {
        bare.CopyFrom(world);
        foreach (StateBlock block in bare.Arena.Blocks)
        {
            if (block.Struct.Namespace is "Wirq.Laws" or "Wirq.Events.Shadows")
                block.Span.Clear();
        }
        return bare.Identity();
    }

    private readonly record struct SpinRun(int Errors, int States, int Transitions);

    [GeneratedRegex("errors: ([0-9]+)")]
    private static partial Regex Errors();

    [GeneratedRegex("([0-9]+) states, stored")]
    private static partial Regex States();

    [GeneratedRegex("([0-9]+) transitions")]
    private static partial Regex Transitions();
}
