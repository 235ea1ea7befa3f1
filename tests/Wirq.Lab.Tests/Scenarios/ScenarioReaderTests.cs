using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

public sealed class ScenarioReaderTests
{
    [Fact]
    public void Every_construct_is_read()
    {
        IReadOnlyList<Scenario> all = Sample.ReadAll(Sample.Everything);
        Assert.Equal(["Everything (xapic, manual)", "Everything (xapic, kvm)", "Everything (x2apic, manual)", "Everything (x2apic, kvm)"],
            all.Select(scenario => scenario.Name));
        Scenario first = all[0];
        Assert.Equal(new FilePosition("s.yaml", 2, 1), first.At);
        Assert.Equal("Every construct of the format, once.", first.About);
        Assert.Equal(["R2", "kut-ioapic/edge-intr"], first.Covers);
        Assert.Equal(["x2apic", "pic"], first.Needs);
        Assert.Equal(["FreshRoute", "NoPhantom"], first.Laws);
        Assert.Equal([("service-before-route", "FreshRoute"), ("route-while-masked", "expectations")],
            first.Historic.Select(historic => (historic.Design, historic.Breaks)));
        Assert.Equal(43, first.Steps.Count);
        Assert.Equal(13, Assert.IsType<ExpectStep>(first.Steps[^1]).Checks.Count);
    }

    [Fact]
    public void The_least_scenario_has_a_name_and_something_to_check()
    {
        Scenario scenario = Sample.Read("name: n\nexpect: {intr: false}");
        Assert.Equal(("n", "", null), (scenario.Name, scenario.About, scenario.Laws));
        Assert.Empty(scenario.Covers);
        Assert.IsType<ExpectStep>(Assert.Single(scenario.Steps));
    }

    [Fact]
    public void A_scenario_may_ask_for_no_law() => Assert.Empty(Sample.Read("name: n\nlaws: []\nsteps: [{time: 1ns}]").Laws!);

    [Fact]
    public void The_last_expectations_come_after_all_steps()
    {
        Scenario scenario = Sample.Read("expect: {intr: false}\nsteps: [{time: 1ns}]\nname: n");
        Assert.Equal([typeof(TimeStep), typeof(ExpectStep)], scenario.Steps.Select(step => step.GetType()));
    }

    [Fact]
    public void JSON_is_YAML() =>
        Assert.Single(Sample.Read("""{"name": "n", "machine": {"devices": {"disk": {"gsi": 11}}}, "steps": [{"disk": "raise"}]}""").Steps);

    [Fact]
    public void A_file_from_another_system_may_have_its_line_ends() =>
        Assert.Equal(43, Sample.ReadAll(Sample.Everything.ReplaceLineEndings("\r\n"))[0].Steps.Count);
}
