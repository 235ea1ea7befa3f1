using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>The scenarios that ship, for tests of worlds.</summary>
internal static class ShippedScenarios
{
    // Their machines are too large to be looked at again and again, or their runs too long.
    private static readonly string[] s_large = ["2048", "storm-brake", "nobody-cared"];

    /// <summary>The files of some folders, but for the largest.</summary>
    /// <returns>Their paths below scenarios/, in order.</returns>
    internal static IEnumerable<string> Files(params string[] folders) => folders
        .SelectMany(folder => Directory.EnumerateFiles(PathOf(folder), "*.yaml"))
        .Where(file => !s_large.Any(large => file.Contains(large, StringComparison.Ordinal)))
        .Select(file => Path.GetRelativePath(PathOf(""), file))
        .Order(StringComparer.Ordinal);

    internal static string TextOf(string file) => File.ReadAllText(PathOf(file));

    internal static IReadOnlyList<Scenario> Read(string file) => ScenarioReader.Read(PathOf(file), TextOf(file), Designs.Names);

    /// <summary>Lets a world do what it lists, in an order that is drawn, until nothing is left.</summary>
    /// <param name="world">Which.</param>
    /// <param name="random">Draws.</param>
    /// <param name="most">The most transitions.</param>
    /// <param name="steps">How many it did, those before an exception too.</param>
    internal static void Walk(World world, Random random, int most, out int steps)
    {
        List<Transition> next = [];
        for (steps = 0; steps < most; steps++)
        {
            world.Enabled(next);
            if (next.Count == 0)
                return;
            world.Apply(next[random.Next(next.Count)]);
        }
    }

    private static string PathOf(string file) => Repository.PathOf(Path.Combine("scenarios", file));
}
