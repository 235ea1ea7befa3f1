using System.IO.Hashing;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Benchmarks;

/// <summary>The time to copy a whole world, and to compute its identity: two CPUs, a split kernel, devices with
/// eventfds, actors, all laws; and the same with a remapping unit and 2 MiB of guest memory. For comparison, each is
/// followed by the time for its bytes alone.</summary>
internal static class WorldNumbers
{
    private const string Steps = """
        handlers:
          cpus: { 0x61: [{ serve: called }, eoi], 0x41: [eoi] }
        steps:
          - cpu0: { write: { rte.21: { vector: 0x61, level: true } } }
          - called: raise
          - nvme: { send: all }
          - cpu1: cli
          - called: raise
          - nvme: { send: all }
          - time: 1us

        """;

    private const string Machine = """
        name: bench
        machine:
          cpus: 2
          kernel: split
        """;

    private const string Devices = """
          devices:
            called: { gsi: 21, kind: sampled }
            asked: { gsi: 21, eventfd: true, resample: true }
        """;

    internal static void Measure(TextWriter output)
    {
        World small = Halfway($"{Machine}\n  routeBudget: 64\n{Devices}\n    nvme: {{ msi: {{ address: 0xfee00000, data: 0x41 }}, eventfd: true, vectors: 4 }}\n{Steps}");
        Measure(output, "world-64-routes", small, touches: false);
        World plain = Halfway($"{Machine}\n{Devices}\n    nvme: {{ msi: {{ address: 0xfee00000, data: 0x41 }}, eventfd: true, vectors: 4 }}\n{Steps}");
        World remapped = Halfway($"{Machine}\n  vtd: {{}}\n{Devices}\n    nvme: {{ msi: {{ handle: 0 }}, requester: \"00:03.0\", eventfd: true, vectors: 4 }}\n"
            + Steps.Replace("steps:\n", "steps:\n  - cpu0: { irte: { 0-3: { vector: 0x41, source: \"00:03.0\" } } }\n", StringComparison.Ordinal));
        Measure(output, "world", plain, touches: false);
        Measure(output, "world-remapping", remapped, touches: true);
    }

    private static void Measure(TextWriter output, string name, World world, bool touches)
    {
        World fork = world.Fork();
        byte[] from = GC.AllocateArray<byte>(world.Arena.Length, pinned: true), to = GC.AllocateArray<byte>(world.Arena.Length, pinned: true);
        new Random(1).NextBytes(from);
        Quick.Print(output, $"{name}-bytes", world.Arena.Length, "B", "0");
        Quick.Measure(output, $"{name}-bare-copy", "ns", () => from.AsSpan().CopyTo(to));
        Quick.Measure(output, $"{name}-fork", "ns", () => fork.CopyFrom(world));
        Quick.Measure(output, $"{name}-bare-hash", "ns", () => XxHash128.HashToUInt128(from));
        Quick.Measure(output, $"{name}-identity", "ns", () => world.Identity());
        if (!touches)
        {
            Quick.Measure(output, $"{name}-fork-and-identity", "ns", () =>
            {
                fork.CopyFrom(world);
                fork.Identity();
            });
            return;
        }
        byte value = 0;
        Quick.Measure(output, $"{name}-fork-page-touched-and-identity", "ns", () =>
        {
            fork.CopyFrom(world);
            fork.Fabric.Memory.TryWrite(RemappingTable, [++value]);
            fork.Identity();
        });
    }

    private const ulong RemappingTable = 0x100000;

    private static World Halfway(string text)
    {
        var world = new World(ScenarioReader.Read("bench.yaml", text, Designs.Names)[0], options: new WorldOptions { KeepsTimeline = false });
        var order = new UsualOrder(world);
        for (int i = 0; i < 5; i++)
            order.Step();
        return world;
    }
}
