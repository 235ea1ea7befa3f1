using System.Diagnostics;
using Wirq.Linux.Probes;

namespace Wirq.Linux.Tests.Probes;

/// <summary>The probes of the host, and the conclusions from them.</summary>
public class HostProbeTests
{
    private static readonly HostCapability[] s_everything =
        [.. Enum.GetValues<KvmCapability>().Select(each => new HostCapability(each, HostCapability.NameOf(each), 1, CapabilityKind.Flag))];

    public static TheoryData<string> Names => [.. HostProbe.All.Select(each => each.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_probe_answers_and_leaves_nothing(string name)
    {
        using KvmSystem system = KvmHost.Require();
        int descriptors = KvmHost.OpenDescriptors();
        ProbeResult result = HostProbe.All.Single(each => each.Name == name).Run(system);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {result.Outcome}, {result.Finding}, {result.Elapsed.TotalMilliseconds:0} ms");
        Assert.NotEqual(ProbeOutcome.Failed, result.Outcome);
        Assert.Equal(descriptors, KvmHost.OpenDescriptors());
    }

    [Fact]
    public void A_probe_whose_time_has_passed_says_so()
    {
        using KvmSystem system = KvmHost.Require();
        var watch = Stopwatch.StartNew();
        ProbeResult result = new VmcallProbe().Run(system, TimeSpan.FromTicks(1));
        Assert.Equal(ProbeOutcome.Failed, result.Outcome);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 20_000);
    }

    [Fact]
    public void Names_are_unique_and_every_work_around_hangs_on_a_probe()
    {
        KvmHost.RequireLinux();
        Assert.Equal(HostProbe.All.Count, HostProbe.All.Select(each => each.Name).Distinct().Count());
        Assert.All(HostWorkaround.All, each => Assert.Contains(HostProbe.All, probe => probe.Name == each.Probe));
    }

    [Fact]
    public void Where_every_probe_is_faithful_every_configuration_is_sound_and_nothing_is_worked_around()
    {
        KvmHost.RequireLinux();
        ProbeResult[] probes = Results();
        Assert.All(HostConfiguration.Of(s_everything, probes), each => Assert.Equal(ConfigurationVerdict.Sound, each.Verdict));
        Assert.Empty(HostWorkaround.For(probes));
    }

    [Fact]
    public void An_unfaithful_EOI_exit_is_against_split_alone_and_is_named()
    {
        KvmHost.RequireLinux();
        var found = HostConfiguration.Of(s_everything, Results("eoi-exit")).ToDictionary(each => each.Configuration);
        Assert.Equal(ConfigurationVerdict.Sound, found[DeliveryConfiguration.User].Verdict);
        Assert.Equal(ConfigurationVerdict.Deviates, found[DeliveryConfiguration.Split].Verdict);
        Assert.Equal(["eoi-exit"], found[DeliveryConfiguration.Split].Because);
        Assert.Equal(ConfigurationVerdict.Sound, found[DeliveryConfiguration.Kernel].Verdict);
    }

    [Theory]
    [InlineData("guest-runs", DeliveryConfiguration.User)]
    [InlineData("isr-until-eoi", DeliveryConfiguration.Split)]
    public void A_probe_that_was_not_carried_out_says_nothing_against_a_configuration(string probe, DeliveryConfiguration configuration)
    {
        KvmHost.RequireLinux();
        ProbeResult[] probes = [.. Results().Select(each => each.Probe.Name == probe ? each with { Outcome = ProbeOutcome.Failed } : each)];
        HostConfiguration found = HostConfiguration.Of(s_everything, probes).Single(each => each.Configuration == configuration);
        Assert.Equal((ConfigurationVerdict.NotKnown, probe), (found.Verdict, Assert.Single(found.Because)));
        // Another that deviates is known all the same.
        if (configuration == DeliveryConfiguration.Split)
        {
            probes = [.. Results("eoi-exit").Select(each => each.Probe.Name == probe ? each with { Outcome = ProbeOutcome.Failed } : each)];
            found = HostConfiguration.Of(s_everything, probes).Single(each => each.Configuration == configuration);
            Assert.Equal(ConfigurationVerdict.Deviates, found.Verdict);
        }
    }

    [Fact]
    public void A_probe_that_the_host_refuses_is_asked_once()
    {
        using KvmSystem system = KvmHost.Require();
        var probe = new FailingProbe(3) { IsRefused = true };
        Assert.Equal((ProbeOutcome.Failed, 1), (probe.Run(system).Outcome, probe.Asked));
    }

    [Theory]
    [InlineData(2, false, ProbeOutcome.Faithful, 3)]
    [InlineData(3, false, ProbeOutcome.Failed, 3)]
    // With an explicit time bound, a probe runs only once.
    [InlineData(1, true, ProbeOutcome.Failed, 1)]
    public void A_probe_that_is_not_carried_out_is_asked_again(int failures, bool bounded, ProbeOutcome outcome, int asked)
    {
        using KvmSystem system = KvmHost.Require();
        var probe = new FailingProbe(failures);
        ProbeResult result = probe.Run(system, bounded ? HostProbe.DefaultBound : null);
        Assert.Equal((outcome, asked), (result.Outcome, probe.Asked));
    }

    private sealed class FailingProbe(int failures) : HostProbe("failing", "does it answer?", "nothing hangs on it")
    {
        internal int Asked { get; private set; }
        internal bool IsRefused { get; init; }

        private protected override (ProbeOutcome Outcome, string Finding) Ask(KvmSystem system, ProbeDeadline deadline) =>
            ++Asked > failures ? Faithful("yes")
                : throw (IsRefused ? new NotSupportedException("no such thing") : new ProbeException("the guest does not begin"));
    }

    [Fact]
    public void A_capability_that_is_missing_is_named()
    {
        KvmHost.RequireLinux();
        HostCapability[] less = [.. s_everything.Select(each =>
            each.Capability == KvmCapability.SplitIrqChip ? each with { Value = 0 } : each)];
        HostConfiguration split = HostConfiguration.Of(less, Results()).Single(each => each.Configuration == DeliveryConfiguration.Split);
        Assert.Equal(ConfigurationVerdict.Lacking, split.Verdict);
        Assert.Equal(["KVM_CAP_SPLIT_IRQCHIP"], split.Because);
    }

    [Fact]
    public void A_missed_window_switches_stepping_on_and_nothing_else()
    {
        KvmHost.RequireLinux();
        Assert.Equal("step-to-window", Assert.Single(HostWorkaround.For(Results("interrupt-window"))).Name);
    }

    [Fact]
    public void Without_a_device_the_report_says_why()
    {
        KvmHost.RequireLinux();
        HostReport report = HostReport.Read(device: "/dev/no-such-kvm");
        Assert.Contains("ENOENT", report.Absent, StringComparison.Ordinal);
        Assert.Null(report.Follows);
        Assert.Empty(report.Probes);
    }

    private static ProbeResult[] Results(params string[] deviating) => [.. HostProbe.All.Select(each => new ProbeResult(each,
        deviating.Contains(each.Name) ? ProbeOutcome.Deviates : ProbeOutcome.Faithful, "", TimeSpan.Zero))];
}
