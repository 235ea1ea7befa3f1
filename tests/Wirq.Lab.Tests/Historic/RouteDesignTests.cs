using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Historic;

/// <summary>What scenarios cannot express: cases in which a historic design is not caught, and why that is
/// correct.</summary>
public class RouteDesignTests
{
    [Theory]
    // If a guest moves a pin by its high half only, the route is updated before the unmask, so this fix seemed correct.
    [InlineData("routing/migration-race.yaml", "route-even-while-masked", false)]
    [InlineData("routing/migration-race.yaml", "service-before-route", true)]
    // It fails if the same guest chooses a new vector with the write that unmasks.
    [InlineData("routing/route-even-while-masked.yaml", "route-even-while-masked", true)]
    [InlineData("routing/new-vector-at-unmask.yaml", "route-even-while-masked", true)]
    public void A_late_route_shows_where_the_unmasking_write_changes_the_message(string file, string design, bool caught)
    {
        string path = Repository.PathOf(Path.Combine("scenarios", file));
        Scenario scenario = ScenarioReader.Read(path, File.ReadAllText(path), Designs.Names)[0];
        ScenarioResult result = ScenarioRunner.Run(scenario with { Historic = [new(scenario.At, design, "FreshRoute")] });
        Assert.Equal(caught, Assert.Single(result.Historic).Caught);
        Assert.All(result.Laws, law => Assert.True(law.Held, law.Detail));
        Assert.Empty(result.Failures);
    }
}
