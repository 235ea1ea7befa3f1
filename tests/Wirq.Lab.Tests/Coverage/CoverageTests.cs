using Wirq.Lab.Scenarios;
using Wirq.Lab.Historic;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Coverage;

public class CoverageTests
{
    private static readonly string[] Required = [.. ReadRequired()];

    private static readonly string[] Covered = [.. Directory
        .EnumerateFiles(Repository.PathOf("scenarios"), "*.yaml", SearchOption.AllDirectories)
        .SelectMany(file => ScenarioReader.Read(file, File.ReadAllText(file), Designs.Names))
        .SelectMany(scenario => scenario.Covers)];

    public static TheoryData<string> RequiredIds => [.. Required];

    [Theory]
    [MemberData(nameof(RequiredIds))]
    public void Some_scenario_covers(string id) => Assert.Contains(id, Covered);

    [Fact]
    public void No_scenario_covers_an_id_that_nobody_asked_for() => Assert.Empty(Covered.Distinct().Except(Required));

    [Fact]
    public void No_id_is_asked_for_twice() => Assert.Equal(Required.Distinct(), Required);

    private static IEnumerable<string> ReadRequired()
    {
        using var reader = new StreamReader(typeof(CoverageTests).Assembly.GetManifestResourceStream("required-ids.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
                yield return line;
        }
    }
}
