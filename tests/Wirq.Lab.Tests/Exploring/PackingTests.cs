using Wirq.Lab.Scenarios;
using Wirq.Lab.Tests.Worlds;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Exploring;

/// <summary>A packed world is unpacked as it was: same identity, same transitions, same future.</summary>
public sealed class PackingTests(ITestOutputHelper output)
{
    private const int Walk = 120;

    public static TheoryData<string> Files => [.. ShippedScenarios.Files("controllers", "routing", "remapping", "xen", "host").Where((_, index) => index % 4 == 0)
        .Append("routing/virq-walk.yaml").Append("remapping/invalidation-in-range.yaml").Distinct()];

    [Theory, MemberData(nameof(Files))]
    public void In_any_order_an_unpacked_world_goes_on_as_the_packed_one(string file)
    {
        var random = new Random(file.Length * 31);
        output.WriteLine($"seed {file.Length * 31}");
        Scenario scenario = ShippedScenarios.Read(file)[0];
        using World world = SmallWorlds.Make(scenario), root = world.Fork(), other = world.Fork(), otherRoot = world.Fork();
        world.PreparePacking();
        // The two roots share the pages of one.
        otherRoot.CopyFrom(root);
        var pool = new PackPool();
        List<Transition> next = [], others = [];
        byte[] packed = [];
        for (int step = 0; step < Walk; step++)
        {
            if (packed.Length < world.PackedMost)
                packed = new byte[world.PackedMost];
            int length = world.Pack(root, pool, packed);
            other.Unpack(otherRoot, pool, packed.AsSpan(0, length));
            Assert.Equal(world.Identity(), other.Identity());
            world.Enabled(next);
            other.Enabled(others);
            Assert.Equal(next, others);
            if (next.Count == 0)
                break;
            Transition chosen = next[random.Next(next.Count)];
            try
            {
                world.Apply(chosen);
                other.Apply(chosen);
            }
            catch (WorldException)
            {
                break;
            }
            Assert.True(world.Identity() == other.Identity(), $"the worlds part at {chosen}");
        }
    }
}
