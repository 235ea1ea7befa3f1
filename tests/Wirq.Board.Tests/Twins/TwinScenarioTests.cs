using Wirq.Board.Mailbox;
using Wirq.Events;
using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;
using Wirq.Routing;
using Wirq.Tests.Shared;

namespace Wirq.Board.Tests.Twins;

/// <summary>Scenarios with a split kernel on this host's KVM: the verdicts and the events of the simulation, and failures where the
/// host does something else.</summary>
public class TwinScenarioTests
{
    private const string LevelPin = "routing/virq-level-in-split-mode.yaml";

    private static readonly string[] s_few =
    [
        LevelPin, "routing/virq-extint.yaml", "routing/virq-destination-300.yaml", "routing/virq-pending-under-mask.yaml", "routing/virq-split-acks.yaml",
        "routing/virq-shared-resample.yaml", "routing/virq-another-process.yaml", "routing/update-of-lines.yaml", "remapping/faults.yaml", "remapping/destination-4095.yaml",
        "remapping/invalidation-in-range.yaml", "host/msix.yaml", "host/intx-8259.yaml", "worlds/virq-update.yaml",
        "routing/full-shared-resample.yaml", "routing/full-level-line.yaml", "routing/full-8259.yaml", "routing/full-messages.yaml",
    ];

    public static TheoryData<string> Files => [.. IsLong ? AllFiles() : s_few];

    private static bool IsLong => Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";

    private static IEnumerable<string> AllFiles() => Directory.EnumerateFiles(Repository.PathOf("scenarios"), "*.yaml", SearchOption.AllDirectories)
        .Where(file => File.ReadAllText(file).Contains("kernel:", StringComparison.Ordinal))
        .Select(file => Path.GetRelativePath(Repository.PathOf("scenarios"), file)).Order(StringComparer.Ordinal);

    [Theory, MemberData(nameof(Files))]
    public void A_scenario_with_a_split_kernel_has_the_verdict_and_the_events_of_the_simulation(string file)
    {
        RequireSound();
        HostOffer offer = HostOffer.Of(PatientProbes.Report);
        using var kvm = new KvmScenarios(PatientProbes.Report);
        foreach (Scenario scenario in Read(file).Where(each => each.Machine.OwnsLocalApics && offer.Judge(each) is null))
        {
            var simulated = new List<Event>();
            var real = new List<Event>();
            ScenarioResult expected = ScenarioRunner.Run(offer.OnHost(scenario), recorder: simulated.Add);
            ScenarioResult result = kvm.Run(scenario, recorder: real.Add);
            Assert.True(result.Verdict == Verdict.Held, $"{scenario.Name}: {result.Verdict} {string.Join("; ", result.Failures)}");
            Assert.Equal(expected.Historic, result.Historic);
            Assert.Equal(simulated.Select(happened => happened.ToString()), real.Select(happened => happened.ToString()));
            Assert.Equal(simulated, real);
        }
    }

    [Theory]
    [InlineData(nameof(ChangesRouteBeforeEoi), "routing/virq-old-route-until-eoi.yaml", "the EOI of 0x")]
    [InlineData(nameof(UnbindsWithoutDrain), "routing/virq-walk.yaml", "to read")]
    [InlineData(nameof(GivesExtIntWhileOneWaits), "routing/virq-extint.yaml", "KVM_INTERRUPT failed with EEXIST")]
    public void A_host_with_a_defect_fails_a_scenario_and_without_it_does_not(string defect, string file, string because)
    {
        RequireSound();
        HostOffer offer = HostOffer.Of(PatientProbes.Report);
        using var sound = new KvmScenarios(PatientProbes.Report) { Wrap = port => new PassingPort(port) };
        using var broken = new KvmScenarios(PatientProbes.Report) { Wrap = port => Break(defect, port) };
        Scenario[] scenarios = [.. Read(file).Select(each => each with { Machine = each.Machine with { Linux = null } })
            .Where(each => each.Machine.Kernel == KernelModel.Split && offer.Judge(each) is null)];
        Assert.All(scenarios, scenario => Assert.Equal(Verdict.Held, sound.Run(scenario).Verdict));
        string[] failures = [.. scenarios.Select(scenario => broken.Run(scenario)).Where(result => result.Verdict == Verdict.Failed)
            .SelectMany(result => result.Failures).Select(failure => failure.Text)];
        Assert.Contains(failures, text => text.Contains(because, StringComparison.Ordinal));
    }

    /// <summary>The control of the comparison itself: a KVM that ends interrupts as it injects them is found out.</summary>
    [Fact]
    public void A_KVM_that_ends_interrupts_by_itself_fails_a_scenario_that_is_run_all_the_same()
    {
        KvmHost.Require().Dispose();
        ProbeResult probe = PatientProbes.Report.Probes.Single(each => each.Probe.Name == "isr-until-eoi");
        Assert.SkipUnless(probe.Outcome is ProbeOutcome.Faithful or ProbeOutcome.Deviates, $"isr-until-eoi: {probe.Finding}");
        using var kvm = new KvmScenarios(PatientProbes.Report) { RunsAnyway = true };
        ScenarioResult result = kvm.Run(Read(LevelPin).First(scenario => scenario.Machine.Kernel == KernelModel.Split));
        if (probe.Outcome == ProbeOutcome.Faithful)
            Assert.Equal(Verdict.Held, result.Verdict);
        else
            Assert.Contains("KVM differs from the simulated kernel: ", Assert.Single(result.Failures).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_timer_of_a_local_APIC_in_the_kernel_has_no_virtual_time()
    {
        RequireSound();
        using var kvm = new KvmScenarios(PatientProbes.Report);
        ScenarioResult result = kvm.Run(ScenarioReader.Read("x.yaml", """
            name: x
            machine: { kernel: split }
            handlers: { cpu0: { 0x31: [eoi] } }
            steps:
              - cpu0: { write: { apic.lvt.timer: { vector: 0x31 }, apic.timer.initial: 1000 } }
              - time: 1ms
            """, Designs.Names).Single());
        Assert.Equal(Verdict.HostLacks, result.Verdict);
        Assert.StartsWith("virtual time", Assert.Single(result.Lacks), StringComparison.Ordinal);
    }

    [Fact]
    public void An_NMI_and_an_IPI_reach_the_guests_of_a_split_kernel_and_what_was_expected_wrongly_fails()
    {
        RequireSound();
        using var kvm = new KvmScenarios(PatientProbes.Report);
        const string text = """
            name: x
            machine: { kernel: split, cpus: 2, mode: [xapic, x2apic] }
            handlers: { cpu1: { 0x41: [eoi] } }
            steps:
              - cpu0: { ipi: { vector: 0x41, to: 1 } }
              - expect: { taken: { cpu1: [0x41] } }
              - cpu0: { ipi: { mode: nmi, to: 1 } }
              - expect: { signals: { cpu1: [nmi] } }
              - cpu0: { write: { apic.tpr: 0x50 } }
              - cpu0: { ipi: { vector: 0x41, to: 0 } }
              - expect: { pending: { cpu0: [0x41] } }
            """;
        foreach (Scenario scenario in ScenarioReader.Read("x.yaml", text, Designs.Names))
        {
            ScenarioResult result = kvm.Run(scenario);
            Assert.True(result.Verdict == Verdict.Held, string.Join("; ", result.Failures));
        }
        foreach (Scenario scenario in ScenarioReader.Read("x.yaml", text.Replace("[0x41] } }", "[0x42] } }", StringComparison.Ordinal), Designs.Names))
            Assert.Equal(Verdict.Failed, kvm.Run(scenario).Verdict);
    }

    private static IKernelPort Break(string defect, IKernelPort port) => defect switch
    {
        nameof(ChangesRouteBeforeEoi) => new ChangesRouteBeforeEoi(port),
        nameof(UnbindsWithoutDrain) => new UnbindsWithoutDrain(port),
        _ => new GivesExtIntWhileOneWaits(port),
    };

    private static void RequireSound()
    {
        KvmHost.Require().Dispose();
        HostConfiguration split = PatientProbes.Report.Configurations.Single(each => each.Configuration == DeliveryConfiguration.Split);
        Assert.SkipUnless(split.Verdict == ConfigurationVerdict.Sound, $"the split irqchip of this host is not sound: {string.Join(", ", split.Because)}");
    }

    private static IReadOnlyList<Scenario> Read(string file)
    {
        string path = Repository.PathOf(Path.Combine("scenarios", file));
        return ScenarioReader.Read(path, File.ReadAllText(path), Designs.Names);
    }
}
