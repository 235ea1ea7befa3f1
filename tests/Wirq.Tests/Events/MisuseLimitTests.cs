using Wirq.Events;

namespace Wirq.Tests.Events;

/// <summary>A guest can do without end what has no effect. Its reports are limited.</summary>
public sealed class MisuseLimitTests
{
    private const ulong LocalApicVersion = 0xFEE00030; // read only
    private const long Second = 1_000_000_000;

    [Fact]
    public void At_most_sixteen_misuses_are_reported_in_a_second()
    {
        var pc = new Fabric(FabricOptions.Pc());
        pc.Events.Observing = true;
        Assert.Equal(16, Reported(pc));
        pc.Advance(Second - 1);
        Assert.Equal(0, Reported(pc));
        pc.Advance(Second);
        Assert.Equal(16, Reported(pc));
    }

    private static int Reported(Fabric pc)
    {
        pc.Events.Clear();
        for (int i = 0; i < 1000; i++)
            pc.TryWrite(cpu: 0, LocalApicVersion, size: 4, 0);
        return Enumerable.Range(0, pc.Events.Count).Count(at => pc.Events.Peek(at).Kind == EventKind.GuestMisuse);
    }
}
