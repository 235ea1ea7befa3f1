using Wirq.Lab.Exploring;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Tests.Worlds;

namespace Wirq.Lab.Tests.Exploring;

/// <summary>The worlds that ship: each is proved, none is vacuous, and each of its designs is caught by a short story.</summary>
public sealed class ShippedWorldTests(ITestOutputHelper output)
{
    // Where a host forwards to a guest, each of its effects is a step of the story.
    private const int LeastStates = 10_000, LongestStory = 14, LongestOfHost = 20;
    // It has more than a million states.
    private const string Large = "worlds/virq-life-large.yaml";

    public static TheoryData<string> Files() => [.. ShippedScenarios.Files("worlds").Where(file => file != Large || Environment.GetEnvironmentVariable("WIRQ_LONG") == "1")];

    /// <summary>The mistakes of others that a proof must not pass.</summary>
    [Theory]
    [InlineData("service-before-route")]
    [InlineData("remove-route-on-mask")]
    [InlineData("read-after-bind")]
    [InlineData("first-sharer-only-resample")]
    [InlineData("last-writer-wins")]
    [InlineData("control-block-before-heads")]
    [InlineData("line-level-not-saved")]
    [InlineData("ack-at-eoi")]
    [InlineData("edge-on-restore")]
    [InlineData("save-then-unbind")]
    [InlineData("thread-returns-at-once")]
    [InlineData("enabled-though-masked")]
    [InlineData("unmasked-though-gone")]
    [InlineData("masked-twice")]
    [InlineData("handler-dies-with-eventfd")]
    public void A_world_that_is_explored_in_the_suite_has_the_design(string design) => Assert.Contains(ShippedScenarios.Files("worlds").Where(file => file != Large)
        .SelectMany(ShippedScenarios.Read).SelectMany(scenario => scenario.Historic), historic => historic.Design == design);

    [Theory, MemberData(nameof(Files))]
    public void A_world_is_proved_and_its_designs_are_caught(string file)
    {
        foreach (Scenario scenario in ShippedScenarios.Read(file))
        {
            ExploreResult result = WorldExplorer.Explore(scenario);
            output.WriteLine($"{file}: {result.States} states, {result.Transitions} transitions");
            Assert.Equal(ExploreVerdict.Proved, result.Verdict);
            Assert.True(result.Vacuity.IsEmpty, string.Join(", ", result.Vacuity.Reasons));
            Assert.InRange(result.States, file == Large ? 1_000_000 : LeastStates, long.MaxValue);
            Assert.NotEmpty(result.Controls);
            Assert.All(result.Controls, control =>
            {
                Assert.True(control.Caught, $"{control.Name} is not caught");
                Assert.InRange(control.Story!.Steps.Count, 1, scenario.Machine.Host is null ? LongestStory : LongestOfHost);
            });
        }
    }
}
