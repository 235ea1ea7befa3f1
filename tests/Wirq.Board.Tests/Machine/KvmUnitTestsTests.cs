using System.Text.RegularExpressions;
using Wirq.Board.Machine;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Machine;

/// <summary>Images of kvm-unit-tests, which check the chips themselves; from the folder in
/// <c>WIRQ_KVM_UNIT_TESTS</c>.</summary>
public sealed partial class KvmUnitTestsTests
{
    private const string Variable = "WIRQ_KVM_UNIT_TESTS", Long = "WIRQ_LONG";

    private static readonly (string Image, int Cpus, bool X2Apic, int Reports)[] s_runs =
    [
        ("smptest", 1, false, 1), ("smptest", 2, false, 1), ("smptest", 2, true, 1), ("smptest", 3, true, 1), ("idt_test", 1, false, 4),
        ("ioapic", 4, true, 30), ("ioapic", 2, true, 29), ("ioapic", 1, false, 19), ("eventinj", 1, false, 13),
    ];

    public static TheoryData<string, int, bool, int, DeliveryConfiguration> Runs
    {
        get
        {
            var runs = new TheoryData<string, int, bool, int, DeliveryConfiguration>();
            foreach ((string image, int cpus, bool x2Apic, int reports) in s_runs)
            {
                foreach (DeliveryConfiguration configuration in Enum.GetValues<DeliveryConfiguration>())
                    runs.Add(image, cpus, x2Apic, reports, configuration);
            }
            return runs;
        }
    }

    [Theory, MemberData(nameof(Runs))]
    public void They_find_nothing_in_the_chips(string image, int cpus, bool x2Apic, int reports, DeliveryConfiguration configuration) =>
        Run(image, cpus, x2Apic, reports, configuration, TimeSpan.FromMinutes(1));

    [Theory]
    [InlineData(DeliveryConfiguration.User)]
    [InlineData(DeliveryConfiguration.Split)]
    [InlineData(DeliveryConfiguration.Kernel)]
    public void Nor_does_apic_which_takes_minutes(DeliveryConfiguration configuration)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Long) is not (null or ""), $"takes minutes: set {Long}=1");
        Run("apic", cpus: 2, x2Apic: true, reports: 56, configuration, TimeSpan.FromMinutes(15));
    }

    private static void Run(string image, int cpus, bool x2Apic, int reports, DeliveryConfiguration configuration, TimeSpan patience)
    {
        string? folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipUnless(folder is not (null or ""), $"needs images of kvm-unit-tests: set {Variable} to their folder");
        string path = Path.Combine(folder, image + ".flat");
        Assert.SkipUnless(File.Exists(path), $"{Variable} names {folder}, which has no {image}.flat");
        KvmHost.Require().Dispose();
        // In user, Wirq's chips do without what the host's local APIC does wrong.
        HostConfiguration host = PatientProbes.Report.Configurations.Single(each => each.Configuration == configuration);
        Assert.SkipUnless(configuration == DeliveryConfiguration.User || host.Verdict == ConfigurationVerdict.Sound,
            $"this host's {configuration} is {host.Verdict}, by {string.Join(", ", host.Because)}");
        Assert.SkipWhen(configuration == DeliveryConfiguration.Kernel && image == "ioapic" && cpus > 1 && Environment.ProcessorCount == 1,
            "needs two CPUs of the host: a machine that QEMU emulates stops with one");
        PcRun run = PcRun.Of(File.ReadAllBytes(path), configuration, cpus, x2Apic, patience);
        string[] failed = [.. FailLine().Matches(run.Console).Select(match => match.Groups[1].Value)];
        Assert.True(run.End.Kind == GuestEndKind.Exit, $"{run.End}, after: {run.Console[Math.Max(0, run.Console.Length - 400)..]}");
        Assert.Empty(run.BrokenLaws);
        Assert.Equal(Expected(image), failed);
        Assert.Contains($"SUMMARY: {reports} tests", run.Console, StringComparison.Ordinal);
    }

    /// <summary>The failures that this host's KVM causes in every configuration: pending NMIs are taken too late, or
    /// merge.</summary>
    private static string[] Expected(string image) => (image, PcRun.IsFaithful("nmi-after-iret")) switch
    {
        ("eventinj", false) => ["NMI"],
        ("apic", false) => ["multiple nmi"],
        _ => [],
    };

    [GeneratedRegex("^FAIL: (.*?)\r?$", RegexOptions.Multiline)]
    private static partial Regex FailLine();
}
