using Wirq.Lab.Scenarios;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>Scenarios that were once accepted, and then failed with an exception of the library.</summary>
public sealed class ReportTests
{
    [Theory]
    [InlineData("bus-hz-1.yaml", "5:10: \"1\"; expected busHz: 1000 to 1000000000000")]
    [InlineData("tsc-hz-999.yaml", "5:10: \"999\"; expected tscHz: 1000 to 1000000000000")]
    public void A_number_that_no_machine_takes_is_refused_where_it_stands(string name, string message)
    {
        string text = File.ReadAllText(Repository.PathOf($"tests/reports/run/{name}"));
        ScenarioException refused = Assert.Throws<ScenarioException>(() => ScenarioReader.Read(name, text, []));
        Assert.Equal($"{name}:{message}", refused.Message);
    }
}
