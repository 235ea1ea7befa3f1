using Assembly = System.Reflection.Assembly;

namespace Wirq.Architecture.Tests;

/// <summary>Which project may reference which.</summary>
public sealed class ProjectTests
{
    public static TheoryData<string, string[]> Allowed => new()
    {
        { "Wirq", [] },
        { "Wirq.Linux", ["Wirq"] },
        { "Wirq.Traces", ["Wirq"] },
        { "Wirq.Lab", ["Wirq", "Wirq.Traces"] },
        { "Wirq.Board", ["Wirq", "Wirq.Lab", "Wirq.Linux", "Wirq.Traces"] },
        { "Wirq.Cli", ["Wirq", "Wirq.Board", "Wirq.Lab", "Wirq.Linux", "Wirq.Traces"] },
    };

    [Theory, MemberData(nameof(Allowed))]
    public void A_project_knows_none_but_these(string project, string[] allowed)
    {
        Assembly one = Assert.Single(House.Projects, assembly => assembly.GetName().Name == project);
        Assert.Empty(one.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => name.StartsWith("Wirq", StringComparison.Ordinal)).Except(allowed));
    }

    [Fact]
    public void The_fabric_knows_nothing_but_the_framework() =>
        Assert.DoesNotContain(House.Fabric.GetReferencedAssemblies(), name => !name.Name!.StartsWith("System.", StringComparison.Ordinal));
}
