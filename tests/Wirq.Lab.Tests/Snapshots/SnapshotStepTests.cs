using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Snapshots;

/// <summary>The steps <c>save</c>, <c>restore</c> and <c>update</c>: what is whole breaks no law, and what is left out
/// is missed.</summary>
public class SnapshotStepTests
{
    private const string Machine = """
        name: n
        machine:
          ioapics: [{ stormLimit: 2, stormDelay: 1ms }]
          devices:
            disk: { gsi: 11 }
            card: { gsi: 10 }
            noise: { gsi: 12, stuck: true }
            nvme: { msi: { address: 0xfee00000, data: 0x61 } }
        handlers:
          cpu0:
            0x41: [{ serve: disk }, eoi]
            0x51: [{ mask: 10 }, eoi]
            0x61: [eoi]
            0x71: [eoi]
        steps:
          - cpu0: { write: { rte.11: { vector: 0x41, level: true }, rte.10: { vector: 0x51, level: true }, rte.12: { vector: 0x71, level: true } } }

        """;

    // Each: the steps before, what is left out, the steps after, and the law that misses it.
    [Theory]
    [InlineData("[{ cpu0: { mask: 11 } }, { disk: raise }]", "levels", "[{ cpu0: { unmask: 11 } }]", "LevelRedelivered")]
    [InlineData("[{ cpu0: cli }, { disk: raise }, { cpu0: { take: 0x41 } }]", "in-service", "[{ cpu0: eoi }]", "NothingLostAcrossUpdate")]
    [InlineData("[{ card: raise }]", "acks", "[{ cpu0: { serve: card } }, { cpu0: { unmask: 10 } }]", "AckReachesAllSharers")]
    [InlineData("[{ noise: raise }]", "timers", "[{ time: 2ms }]", "expectations")]
    public void What_a_restore_leaves_out_is_missed(string before, string without, string after, string law)
    {
        string whole = $"{Machine}{Steps(before)}  - save: here\n  - restore: here\n{Steps(after)}";
        string part = $"{Machine}{Steps(before)}  - save: here\n  - restore: {{ from: here, without: [{without}] }}\n{Steps(after)}";
        // What the guest sees at the end.
        const string end = "";
        (string? broken, int taken) = Run(whole + end);
        Assert.Null(broken);
        (string? missed, int fewer) = Run(part + end);
        if (law == "expectations")
            Assert.True(fewer < taken, $"{fewer} of {taken}");
        else
            Assert.Equal(law, missed);
    }

    [Fact]
    public void Fork_and_identity_have_the_snapshots()
    {
        Scenario scenario = Read($"{Machine}  - disk: raise\n  - save: a\n  - card: raise\n  - save: b\n  - restore: a\n");
        var world = new World(scenario);
        var order = new UsualOrder(world);
        for (int i = 0; i < 4; i++)
            order.Step();
        using World before = world.Fork();
        Assert.Equal(world.Identity(), before.Identity());
        order.Step();
        using World after = world.Fork();
        Assert.Equal(world.Identity(), after.Identity());
        Assert.NotEqual(before.Identity(), after.Identity());
        new UsualOrder(after).Run();
        order.Run();
        Assert.Equal(world.Identity(), after.Identity());
        world.Dispose();
    }

    [Fact]
    public void What_a_machine_does_between_its_snapshot_and_a_restore_breaks_the_law()
    {
        (string? broken, _) = Run($"{Machine}  - save: a\n  - disk: raise\n  - restore: a\n");
        Assert.Equal("NothingLostAcrossUpdate", broken);
        (broken, _) = Run($"{Machine}  - save: a\n  - disk: raise\n");
        Assert.Null(broken);
    }

    private static string Steps(string list) => string.Concat(list[2..^2].Split(" }, { ").Select(step => $"  - {step.Trim(' ')}\n"));

    private static Scenario Read(string text) => Assert.Single(ScenarioReader.Read("s.yaml", text, []));

    private static (string? Broken, int Taken) Run(string text)
    {
        using var world = new World(Read(text), happened => { });
        int taken = 0;
        using var counted = new World(Read(text), happened => taken += happened.Kind == Wirq.Events.EventKind.VectorTaken ? 1 : 0);
        new UsualOrder(counted).Run();
        return (counted.Laws.Laws.FirstOrDefault(law => law.Break is not null)?.Name, taken);
    }
}
