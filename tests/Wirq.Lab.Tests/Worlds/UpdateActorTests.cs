using Wirq.Lab.Exploring;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Routing;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>A live update as an actor: each part is a transition, and the others come in between where the contract lets them.</summary>
public sealed class UpdateActorTests
{
    private const int Device = 1, Called = 2, Driver = 3, Guest = 4, Vmm = 5, Clock = 6;

    private static Scenario Read(string update) => Assert.Single(ScenarioReader.Read("s.yaml", """
        name: n
        machine: {kernel: split, pic: false, ioapics: [{pins: 1}], routeBudget: 1, batchCount: 1, devices: {nvme: {msi: {address: 0xfee00000, data: 0x41}, eventfd: true}, ahci: {msi: {address: 0xfee00000, data: 0x42}}}}
        handlers: {cpu0: {any: [eoi]}}
        steps: [{nvme: send}]
        time: races
        actors:
          device: [{nvme: send}]
          called: [{ahci: send}]
          driver: [{nvme: mask}]
          guest: [{cpu0: {write: {rte.0.low: 0x51}}}]
          vmm: [update: WHICH]
          clock: [{time: 1ms}, {time: 1ms}]
        """.Replace("WHICH", update, StringComparison.Ordinal), Designs.Names));

    /// <summary>A world whose actors may begin; its virq is hot.</summary>
    private static World Begun(string update = "done")
    {
        var world = new World(Read(update));
        for (int step = 0; step < 2; step++)
        {
            world.Drain();
            world.Apply(new Transition(TransitionKind.Script, 0));
        }
        world.Drain();
        while (world.CanStep(0))
        {
            world.Apply(new Transition(TransitionKind.Cpu, 0));
            world.Drain();
        }
        world.Apply(Next(Clock));
        Assert.Equal(VirqState.Hot, world.Fabric.RouteCache!.StateOf(world.VirqsOf(0)[0].Handle));
        return world;
    }

    private static Transition Next(int script) => new(TransitionKind.Script, script);

    private static List<Transition> Enabled(World world)
    {
        var next = new List<Transition>();
        world.Enabled(next);
        return next;
    }

    [Theory]
    [InlineData("done")]
    [InlineData("failed")]
    public void Who_may_come_before_each_part(string update)
    {
        using World world = Begun(update);
        var may = new List<string>();
        while (world.NextStep(Vmm) is UpdateStep step)
        {
            List<Transition> next = Enabled(world);
            Assert.Contains(Next(Vmm), next);
            Assert.Contains(Next(Device), next);
            may.Add($"{step.Part}: {string.Join(' ', next.Where(one => one != Next(Vmm) && one != Next(Device)).Select(one => one.Kind == TransitionKind.Time ? "time" : one.Index switch
            {
                Called => "called", Driver => "driver", Guest => "guest", _ => one.ToString(),
            }))}");
            world.Apply(Next(Vmm));
            world.Drain();
        }
        Assert.Equal(["Stop: called driver guest time", "Suspend: called driver time", "Save: called driver time", "Restore: ", "Resume: called driver time", "Start: called driver time"], may);
        Assert.Contains(Next(Guest), Enabled(world));
        Assert.Empty(world.Failures);
    }

    [Fact]
    public void The_CPUs_stop_when_their_accesses_have_returned()
    {
        using World world = Begun();
        // The low half: it is selected, and then written.
        world.Apply(Next(Guest));
        world.Apply(Next(Guest));
        Assert.DoesNotContain(Next(Vmm), Enabled(world));
        world.Drain();
        Assert.Contains(Next(Vmm), Enabled(world));
    }

    [Fact]
    public void A_suspension_completes_and_a_snapshot_is_made_of_an_empty_queue()
    {
        using World world = Begun();
        world.Apply(Next(Vmm));
        // What a call began is completed by whoever carries it out, and the machine is not at rest until then.
        world.Apply(Next(Called));
        Assert.Contains(Next(Vmm), Enabled(world));
        world.Apply(Next(Vmm));
        Assert.True(world.Fabric.RouteCache!.IsSuspended);
        int waited = 0;
        for (; !Enabled(world).Contains(Next(Vmm)); waited++)
            world.Apply(Enabled(world).First(one => one.Kind is TransitionKind.Effect or TransitionKind.Answer or TransitionKind.Rest));
        Assert.NotEqual(0, waited);
        Assert.True(world.Fabric.Events.IsEmpty);
        Assert.False(world.Host!.Kernel!.IsBound(world.VirqsOf(0)[0].Trigger));
    }

    [Fact]
    public void The_poll_of_the_old_host_is_gone_with_it()
    {
        using World world = Begun();
        // Userspace reads the eventfd.
        world.Fabric.RouteCache!.SetMessage(world.VirqsOf(0)[0].Handle, new Msi(0xfee00000, 0x43));
        world.Drain();
        world.Apply(Next(Device));
        world.Apply(Assert.Single(Enabled(world), one => one.Kind == TransitionKind.Fetch));
        foreach (UpdatePart part in (UpdatePart[])[UpdatePart.Stop, UpdatePart.Suspend, UpdatePart.Save])
        {
            Assert.Equal(part, Assert.IsType<UpdateStep>(world.NextStep(Vmm)).Part);
            world.Apply(Next(Vmm));
            while (!Enabled(world).Contains(Next(Vmm)))
                world.Apply(Enabled(world).First(one => one.Kind is TransitionKind.Effect or TransitionKind.Answer or TransitionKind.Rest));
        }
        // The old host could still act on it, and does nothing: it is suspended.
        Assert.Contains(Enabled(world), one => one.Kind == TransitionKind.Readable);
        world.Apply(Next(Vmm));
        Assert.DoesNotContain(Enabled(world), one => one.Kind == TransitionKind.Readable);
    }

    /// <summary>A world that is copied in a search keeps no label of what was unplugged in another branch: a snapshot has the labels of
    /// its own.</summary>
    [Fact]
    public void A_device_is_unplugged_while_the_machine_is_updated()
    {
        Scenario scenario = Assert.Single(ScenarioReader.Read("s.yaml", """
            name: n
            machine: {kernel: user, pic: false, ioapics: [{pins: 1}], devices: {nvme: {msi: {address: 0xfee00000, data: 0x41}, eventfd: true}, disk: {gsi: 0}}}
            handlers: {cpu0: {any: [eoi]}}
            actors: {nvme: [{nvme: remove}], disk: [{disk: remove}], vmm: [{update: done}]}
            laws: [NothingLostAcrossUpdate]
            """, Designs.Names));
        ExploreResult result = WorldExplorer.Explore(scenario);
        Assert.Null(result.Story?.Violation.Text);
        Assert.NotEqual(ExploreVerdict.Violated, result.Verdict);
    }
}
