using Wirq.Board.Mailbox;
using Wirq.Events;
using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;
using Wirq.Tests.Shared;

namespace Wirq.Board.Tests.Mailbox;

/// <summary>Scenarios with real guests on this host's KVM: the verdicts of the simulation, by the same
/// events.</summary>
public class KvmScenarioTests
{
    private static readonly string[] s_few =
    [
        "controllers/apic-base-moves.yaml", "controllers/apic-x2apic-mode-changes.yaml", "controllers/apic-timer-tsc-deadline.yaml",
        "controllers/apic-illegal-vector-no-recursion.yaml", "controllers/ioapic-entry-bit-by-bit.yaml",
        "controllers/ioapic-two-chips.yaml", "controllers/pic-cascade.yaml", "controllers/pic-initialised-state.yaml",
        "controllers/pic-spurious-irq7.yaml", "remapping/destination-70000.yaml", "remapping/faults.yaml",
        "remapping/invalidation-wait.yaml", "routing/migration-race.yaml", "routing/message-to-memory.yaml",
        "routing/oneshot-8259.yaml", "routing/virq-extint.yaml", "routing/xen-callback-shares-a-line.yaml",
    ];

    public static TheoryData<string> Files => [.. IsLong ? AllFiles() : s_few];

    private static bool IsLong => Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";

    private static string[] AllFiles() => [.. Directory.EnumerateFiles(Repository.PathOf("scenarios"), "*.yaml", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Repository.PathOf("scenarios"), file)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Files))]
    public void A_scenario_on_KVM_has_the_verdict_and_the_events_of_the_simulation(string file)
    {
        KvmHost.Require().Dispose();
        using var kvm = new KvmScenarios(PatientProbes.Report);
        foreach (Scenario scenario in Read(file))
        {
            if (scenario.Machine.OwnsLocalApics)
                continue;
            var simulated = new List<Event>();
            var real = new List<Event>();
            Assert.Equal(Verdict.Held, ScenarioRunner.Run(scenario, recorder: simulated.Add).Verdict);
            ScenarioResult result = kvm.Run(scenario, recorder: real.Add);
            Assert.True(result.Verdict == Verdict.Held, $"{scenario.Name}: {result.Verdict} {string.Join("; ", result.Failures)}");
            Assert.Equal(simulated.Select(happened => happened.ToString()), real.Select(happened => happened.ToString()));
            Assert.Equal(simulated, real);
        }
    }

    [Theory]
    [InlineData("controllers/ioapic-level-is-redelivered-at-eoi.yaml")]
    [InlineData("controllers/ioapic-edges-merge-only-in-the-local-apic.yaml")]
    [InlineData("controllers/ioapic-shared-vector-eoi.yaml")]
    [InlineData("controllers/apic-logical-flat-many.yaml")]
    [InlineData("controllers/pic-spurious-irq15.yaml")]
    [InlineData("controllers/apic-timer-one-shot.yaml")]
    public void A_guest_in_real_mode_sees_the_same(string file)
    {
        using var host = new MailboxHost(KvmHost.Require(), PatientProbes.Report.Workarounds);
        foreach (Scenario scenario in Read(file))
        {
            var simulated = new List<Event>();
            var real = new List<Event>();
            ScenarioRunner.Run(scenario, recorder: simulated.Add);
            ScenarioResult result = ScenarioRunner.Run(scenario, recorder: real.Add, options: new WorldOptions
            {
                Cpus = (fabric, machine) => host.CreateCpus(fabric, machine, MailboxMode.Real),
            });
            Assert.True(result.Verdict == Verdict.Held, $"{scenario.Name}: {result.Verdict} {string.Join("; ", result.Failures)}");
            Assert.Equal(simulated, real);
        }
    }

    [Fact]
    public void A_broken_chip_fails_on_KVM_as_it_does_simulated()
    {
        KvmHost.Require().Dispose();
        using var kvm = new KvmScenarios(PatientProbes.Report);
        string[] designs = ["service-before-route", "eoi-first-match", "special-mask-ignored", "wide-select", "ack-at-eoi"];
        var caught = new HashSet<string>();
        foreach (Scenario scenario in AllFiles().Where(file => designs.Any(File.ReadAllText(PathOf(file)).Contains)).SelectMany(Read))
        {
            if (scenario.Machine.OwnsLocalApics || scenario.Historic.All(spec => caught.Contains(spec.Design)))
                continue;
            HistoricResult[] simulated = [.. ScenarioRunner.Run(scenario).Historic], real = [.. kvm.Run(scenario).Historic];
            Assert.Equal(simulated, real);
            Assert.All(real, one => Assert.True(one.Caught, one.ToString()));
            caught.UnionWith(real.Select(one => one.Design));
        }
        Assert.Superset(new HashSet<string>(designs), caught);
    }

    [Fact]
    public void Without_KVM_a_scenario_lacks_it_with_the_reason()
    {
        KvmHost.RequireLinux();
        using var kvm = new KvmScenarios(HostReport.Read(device: "/dev/no-such-kvm"));
        ScenarioResult result = kvm.Run(Read(s_few[0])[0]);
        Assert.Equal(Verdict.HostLacks, result.Verdict);
        Assert.Matches("^KVM: open /dev/no-such-kvm failed with ENOENT: ", Assert.Single(result.Lacks));
    }

    [Fact]
    public void What_turns_out_to_be_lacking_on_the_way_is_no_failure()
    {
        KvmHost.Require().Dispose();
        using var kvm = new KvmScenarios(PatientProbes.Report);
        ScenarioResult result = kvm.Run(ScenarioReader.Read("x.yaml",
            "name: x\nsteps: [{ cpu0: { read: { memory.0x7ffffffffffff000: ~ } } }]\n", Designs.Names).Single());
        Assert.Equal(Verdict.HostLacks, result.Verdict);
        Assert.Matches("^physical addresses of more than [0-9]+ bits$", Assert.Single(result.Lacks));
    }

    [Fact]
    public void A_wrong_expectation_fails_on_KVM()
    {
        KvmHost.Require().Dispose();
        using var kvm = new KvmScenarios(PatientProbes.Report);
        Scenario wrong = ScenarioReader.Read("x.yaml", """
            name: x
            unhandled: ignore
            machine: { devices: { disk: { gsi: 11, kind: edge } } }
            steps:
              - cpu0: { write: { rte.11: { vector: 0x31 } } }
              - disk: pulse
            expect: { taken: { cpu0: [0x32] } }
            """, Designs.Names).Single();
        ScenarioResult result = kvm.Run(wrong);
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("cpu0 took 0x31", Assert.Single(result.Failures).Text, StringComparison.Ordinal);
    }

    private static string PathOf(string file) => Repository.PathOf(Path.Combine("scenarios", file));

    private static IReadOnlyList<Scenario> Read(string file)
    {
        string path = PathOf(file);
        return ScenarioReader.Read(path, File.ReadAllText(path), Designs.Names);
    }
}
