using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Reports;

/// <summary>Scenarios that a profile once got wrong (<c>tests/reports/README.md</c>).</summary>
public class ReportedProfileTests
{
    [Fact]
    public void The_timer_of_qemu_goes_on_from_the_time_at_which_the_count_was_written() =>
        Assert.All(Read("06c-qemu-timer-restarts.yaml"), scenario => Assert.Equal(Verdict.Held, ScenarioRunner.Run(scenario).Verdict));

    [Fact]
    public void An_entry_written_after_the_count_has_ended_starts_no_timer_but_that_of_qemu() =>
        Assert.All(Read("timer-entry-after-the-count.yaml"), scenario =>
            Assert.Equal(scenario.Name.Contains("qemu", StringComparison.Ordinal) ? Verdict.Failed : Verdict.Held,
                ScenarioRunner.Run(scenario).Verdict));

    private static IReadOnlyList<Scenario> Read(string name)
    {
        string path = Repository.PathOf($"tests/reports/profiles/{name}");
        IReadOnlyList<Scenario> scenarios = ScenarioReader.Read(path, File.ReadAllText(path), Designs.Names);
        Assert.NotEmpty(scenarios);
        return scenarios;
    }
}
