using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Tests.Exploring;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>A host below a machine is another kernel on other CPUs, and the guest's own kernel runs above the chips.</summary>
public sealed class HostKernelTests
{
    /// <summary>In some state a CPU of the guest, the host's queue and a line of the host can all go on.</summary>
    [Fact]
    public void The_host_and_the_guest_go_on_in_any_order()
    {
        Scenario scenario = SmallWorlds.Read(SmallWorlds.HostSharers);
        var together = new HashSet<string>();
        for (int seed = 1; seed <= 40; seed++)
        {
            using World world = SmallWorlds.Make(scenario);
            var random = new Random(seed);
            List<Transition> next = [];
            for (world.Enabled(next); next.Count > 0; world.Enabled(next))
            {
                together.Add(string.Join(' ', next.Select(one => one.Kind).Where(kind => kind is TransitionKind.Host or TransitionKind.HostLine or TransitionKind.Cpu).Distinct()));
                // Actors come rarely, so that much is under way when one does.
                Transition[] others = [.. next.Where(one => one.Kind != TransitionKind.Script)];
                world.Apply(others.Length == 0 || random.Next(12) == 0 ? next[random.Next(next.Count)] : others[random.Next(others.Length)]);
            }
            Assert.Empty(world.Failures);
        }
        Assert.Contains("Host Cpu", together);
        Assert.Contains("HostLine Cpu", together);
    }

    /// <summary>Two CPUs are in flow handlers at once. Each calls its own chip, whoever goes on first.</summary>
    [Fact]
    public void A_flow_handler_waits_while_another_calls_its_chip()
    {
        Scenario scenario = SmallWorlds.Read("""
            name: two flows
            machine:
              cpus: 2
              pic: false
              ioapics: [{pins: 2}]
              guest:
                lines: [{gsi: 0, vector: 0x51, flow: level}, {gsi: 1, vector: 0x52, cpu: 1, flow: level}]
                drivers: {a: {}, b: {line: 1, oneshot: true, thread: true}}
              devices: {a: {gsi: 0}, b: {gsi: 1}}
            handlers: {cpus: {0x51: [{irq: 0}], 0x52: [{irq: 1}]}}
            actors: {a: [{a: raise}], b: [{b: raise}]}
            expect: {in-service: {cpu0: [], cpu1: []}, registers: {rte.0: {masked: false}, rte.1: {masked: false}, guest.masked.1: 0}, holders: {0: [], 1: []}}
            """);
        int together = 0;
        for (int seed = 1; seed <= 40; seed++)
        {
            using World world = SmallWorlds.Make(scenario);
            var random = new Random(seed);
            List<Transition> next = [];
            for (world.Enabled(next); next.Count > 0; world.Enabled(next))
            {
                together += next.Count(one => one.Kind == TransitionKind.Cpu) == 2 ? 1 : 0;
                world.Apply(next[random.Next(next.Count)]);
            }
            Assert.Empty(world.Failures);
            Assert.All(world.Laws.Laws, law => Assert.False(law.IsBroken, law.Describe()));
        }
        Assert.True(together > 0);
    }

    /// <summary>What waits in the queues of the host and of the guest's kernel is part of a world.</summary>
    [Fact]
    public void A_copy_has_what_waits_in_the_queue_of_the_host_and_in_that_of_the_guest()
    {
        Scenario scenario = SmallWorlds.Read(SmallWorlds.Oneshot);
        using World one = SmallWorlds.Make(scenario), other = SmallWorlds.Make(scenario);
        int host = 0, guest = 0;
        List<Transition> next = [];
        for (one.Enabled(next); next.Count > 0; one.Enabled(next))
        {
            if (one.Below!.Events.Count + one.Guest!.Events.Count > 0)
            {
                host += one.Below.Events.Count;
                guest += one.Guest.Events.Count;
                UInt128 identity = one.Identity();
                other.CopyFrom(one);
                Assert.Equal(identity, other.Identity());
                other.Below!.Events.Clear();
                other.Guest!.Events.Clear();
                Assert.NotEqual(identity, other.Identity());
            }
            one.Apply(next[0]);
        }
        Assert.True(host > 0 && guest > 0, $"{host} and {guest} events waited");
    }

    [Fact]
    public void A_hard_handler_and_its_thread_are_steps_apart_and_another_cpu_may_come_in_between()
    {
        Scenario scenario = Scenarios.Sample.Read("""
            name: n
            machine:
              cpus: 2
              guest: {threads: told, lines: [{gsi: 20, vector: 0x51, flow: edge}], drivers: {disk: {thread: true}}}
              devices: {disk: {gsi: 20, kind: edge}}
            handlers: {cpus: {0x51: [{irq: 0}]}}
            steps:
              - disk: pulse
              - expect: {taken: {cpu0: [0x51]}, registers: {guest.in-progress.0: 0}}
              - disk: pulse
              - guest: {thread: disk}
              - expect: {taken: {cpu0: [0x51]}}
            """);
        ScenarioResult result = ScenarioRunner.Run(scenario);
        Assert.Empty(result.Failures);
    }

    /// <summary>Each of these says something wrong of a run that is right, and the place of it is told.</summary>
    [Theory]
    [InlineData("{disk: {set-irqs: {action: unmask}, gives: EINVAL}}", "it gets ok, and should get EINVAL")]
    [InlineData("{disk: {set-irqs: {action: mask, fds: [spare]}}}", "it gets ENOTTY, and should get ok")]
    [InlineData("{host: {enable: 0}}", "it was not disabled")]
    [InlineData("{host: {thread: nic}}", "it was not woken")]
    [InlineData("{host: {request: nic}}", "it gets EBUSY, and should get ok")]
    [InlineData("{host: {free: other}}", "it has none")]
    [InlineData("{expect: {registers: {host.entries.0: 1}}}", "host.entries.0 is 0, and should be 1")]
    [InlineData("{expect: {registers: {vfio.masked.disk: 1}}}", "vfio.masked.disk is 0, and should be 1")]
    public void What_is_not_as_a_step_says_fails_the_scenario(string step, string says)
    {
        Scenario scenario = Scenarios.Sample.Read($"""
            name: n
            machine:
              kernel: user
              host: {"{"}lines: [{"{}, {}"}], eventfds: [spare], drivers: {"{"}nic: {"{"}line: 1{"}"}, other: {"{"}line: 1, device: nic, requests: false{"}}}"}
              devices: {"{"}disk: {"{"}gsi: 20, eventfd: true, vfio: {"{}}"}, nic: {"{"}hostLine: 1{"}}"}
            steps: [{step}]
            """);
        Assert.Contains(says, Assert.Single(ScenarioRunner.Run(scenario).Failures).Text, StringComparison.Ordinal);
    }

    /// <summary>A design hears each effect of the host before and after, can drop it, and can keep a device masked.</summary>
    [Fact]
    public void A_design_can_come_between_the_host_and_its_effects()
    {
        Scenario scenario = ShippedScenarios.Read("host/intx-end-to-end.yaml")[0];
        var design = new Hears();
        using (var world = new World(scenario, design))
        {
            new UsualOrder(world).Run();
            Assert.Empty(world.Failures);
        }
        Assert.Equal(3, design.Before.Count(kind => kind == EventKind.VfioSignalled));
        Assert.Equal(design.Before.Where(kind => new Event(kind).IsEffect), design.Done);
        Assert.Equal(3, design.Accesses);

        using var deaf = new World(scenario, new Hears { Drops = EventKind.VfioSignalled });
        new UsualOrder(deaf).Run();
        Assert.Contains(deaf.Failures, failure => failure.Text.StartsWith("cpu0 took nothing", StringComparison.Ordinal));
    }

    private sealed class Hears : Design
    {
        public override string Name => "hears";

        public override string About => "a test";

        internal List<EventKind> Before { get; } = [];

        internal List<EventKind> Done { get; } = [];

        internal int Accesses { get; private set; }

        internal EventKind Drops { get; init; }

        internal override bool InterceptsHost(World world, in Event next)
        {
            Before.Add(next.Kind);
            return next.Kind == Drops;
        }

        internal override void AfterHost(World world, in Event done) => Done.Add(done.Kind);

        internal override bool Accessed(World world, int device)
        {
            Accesses++;
            return false;
        }
    }

    /// <summary>Devices that interrupt the same host line for ever end the run with a reason, and are not run for ever.</summary>
    [Fact]
    public void A_line_that_always_interrupts_the_host_ends_the_run()
    {
        Scenario scenario = Scenarios.Sample.Read("""
            name: n
            machine:
              host: {lines: [{flow: fasteoi}], drivers: {nic: {}}}
              devices: {nic: {hostLine: 0, stuck: true}}
            steps: [{nic: raise}]
            """);
        Assert.Contains("the host is interrupted again and again", Assert.Single(ScenarioRunner.Run(scenario).Failures).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_that_the_kernel_refuses_at_the_start_is_told()
    {
        Scenario scenario = Scenarios.Sample.Read("""
            name: n
            machine:
              host: {lines: [{}], drivers: {a: {device: nic}, b: {device: nic}}}
              devices: {nic: {hostLine: 0}}
            steps: [{nic: raise}]
            """);
        var refused = Assert.Throws<WorldException>(() => new World(scenario));
        Assert.Contains($"driver b: {LinuxError.Busy}", refused.Message, StringComparison.Ordinal);
    }
}
