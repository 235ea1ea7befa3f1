using Wirq.Events;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>Worlds that behave the same from here on have one identity.</summary>
public sealed class WorldIdentityTests
{
    /// <summary>A read takes the whole count of an eventfd, so the number of writes does not matter.</summary>
    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 2)]
    [InlineData(true, 5)]
    public void An_eventfd_of_a_masked_virq_is_written_once_or_more_often(bool parts, int times)
    {
        using World once = Read(Masked), often = Read(Masked);
        // The first step masks it.
        new UsualOrder(once).Step();
        new UsualOrder(often).Step();
        if (parts)
            Send(once);
        for (int i = 0; i < times; i++)
            Send(often);
        Assert.Equal(parts, once.MachineIdentity() == often.MachineIdentity());
        if (!parts)
            return;
        new UsualOrder(once).Run();
        new UsualOrder(often).Run();
        Assert.Equal(once.MachineIdentity(), often.MachineIdentity());
    }

    [Theory]
    [InlineData("events: { guest-misuse: 1 }", true)]
    [InlineData("events: { rest: 1 }", false)]
    public void Misuses_that_are_told_of_no_more_count_where_an_expectation_counts_them(string expected, bool counts)
    {
        string yaml = Masked + $"\n  - expect: {{ {expected} }}\n";
        using World one = Read(yaml), other = Read(yaml);
        for (int i = 0; i < 16; i++)
            other.Fabric.Events.NoteMisuse(0, Misuse.ReadOnly, 0, 0);
        other.Fabric.Events.Clear();
        Assert.Equal(!counts, one.Identity() == other.Identity());
        one.Fabric.Events.NoteMisuse(0, Misuse.ReadOnly, 0, 0);
        other.Fabric.Events.NoteMisuse(0, Misuse.ReadOnly, 0, 0);
        Assert.Equal((1, 0), (one.Fabric.Events.Count, other.Fabric.Events.Count));
        // In the next second all misuse is reported again.
        one.Fabric.Events.Clear();
        one.Fabric.Events.Now = other.Fabric.Events.Now = 2_000_000_000;
        Assert.Equal(one.Identity(), other.Identity());
    }

    private static void Send(World world)
    {
        world.Do(new DeviceStep(world.Scenario.At, "", 0, DeviceAction.Send, -1));
        world.Drain();
    }

    private static World Read(string yaml) => new(ScenarioReader.Read("x.yaml", yaml, Designs.Names)[0]);

    private const string Masked = """
        name: m
        about: m
        machine:
          kernel: split
          batchCount: 1
          devices:
            nvme: { msi: { address: 0xfee00000, data: 0x41 }, requester: "00:03.0", eventfd: true }
        handlers:
          cpu0:
            any: [eoi]
        steps:
          - nvme: mask
          - nvme: unmask
        """;
}
