using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>A state in which nothing can happen, though something should.</summary>
internal static class Deadlock
{
    /// <summary>Judges a state in which nothing can happen.</summary>
    /// <returns>Null if that is right.</returns>
    internal static Violation? In(World world)
    {
        if (!world.IsAtEnd)
            return new Violation(ViolationKind.Deadlock, "deadlock", "nothing can happen, and the scenario is not at its end");
        for (int gsi = 0; gsi < world.Fabric.Gsis.Count; gsi++)
        {
            if (!world.Fabric.Lines.IsAsserted(gsi))
                continue;
            foreach (RoadExplanation road in new DeliveryJudge(world.Fabric).OfLine(gsi).Roads)
            {
                if (IsOwed(world, road))
                {
                    string holders = Phrase.All(world.Fabric.Lines.HoldersOf(gsi), 4);
                    return new Violation(ViolationKind.Deadlock, "deadlock",
                        $"nothing can happen, and GSI {gsi}, which {holders} hold{(world.Fabric.Lines.HoldersOf(gsi).Count == 1 ? "s" : "")}, is owed an interrupt: {road.Road}: {road.Why}");
                }
            }
        }
        return null;
    }

    // Remote IRR without its vector at any CPU waits for an EOI that cannot come. With local APICs in a kernel, where the vector is
    // is not known here.
    private static bool IsOwed(World world, RoadExplanation road) => road is { Gate: Gate.RemoteIrr, Cpu: < 0 } && world.Fabric.LocalApics is not null;
}
