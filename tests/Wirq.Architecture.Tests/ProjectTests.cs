using System.Xml.Linq;
using Wirq.Tests.Shared;
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

    /// <summary>Two packages, of which System.IO.Hashing is named like the framework.</summary>
    [Fact]
    public void The_fabric_knows_nothing_but_the_framework_and_the_abstractions_of_logging() =>
        Assert.DoesNotContain(House.Fabric.GetReferencedAssemblies(), name => !name.Name!.StartsWith("System.", StringComparison.Ordinal)
            && name.Name != "Microsoft.Extensions.Logging.Abstractions");

    /// <summary>What an embedder gets with the package. Tools of the build, whose assets are private, do not go with it.</summary>
    [Fact]
    public void The_fabric_pulls_in_these_two_packages_and_no_other()
    {
        XDocument project = XDocument.Load(Repository.PathOf("src/Wirq/Wirq.csproj"));
        Assert.Equal(["Microsoft.Extensions.Logging.Abstractions", "System.IO.Hashing"], project.Descendants("PackageReference")
            .Where(package => (string?)package.Attribute("PrivateAssets") != "all").Select(package => (string)package.Attribute("Include")!).Order(StringComparer.Ordinal));
        // What stands above the project gives it tools only.
        Assert.All(XDocument.Load(Repository.PathOf("src/Directory.Build.props")).Descendants("PackageReference"),
            package => Assert.Equal("all", (string?)package.Attribute("PrivateAssets")));
        Assert.Empty(XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("PackageReference"));
        Assert.Empty(project.Descendants("ProjectReference"));
    }
}
