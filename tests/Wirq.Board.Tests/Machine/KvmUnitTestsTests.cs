using System.Text.RegularExpressions;
using Wirq.Board.Machine;
using Wirq.Linux.Probes;

namespace Wirq.Board.Tests.Machine;

/// <summary>Images of kvm-unit-tests, which check the chips themselves; from the folder in
/// <c>WIRQ_KVM_UNIT_TESTS</c>.</summary>
public sealed partial class KvmUnitTestsTests
{
    private const string Variable = "WIRQ_KVM_UNIT_TESTS", Long = "WIRQ_LONG";

    [Theory]
    [InlineData("smptest", 1, false, 1)]
    [InlineData("smptest", 2, false, 1)]
    [InlineData("smptest", 2, true, 1)]
    [InlineData("idt_test", 1, false, 4)]
    [InlineData("ioapic", 4, true, 30)]
    [InlineData("ioapic", 2, true, 29)]
    [InlineData("ioapic", 1, false, 19)]
    [InlineData("eventinj", 1, false, 13)]
    public void They_find_nothing_in_Wirqs_chips(string image, int cpus, bool x2Apic, int reports) =>
        Run(image, cpus, x2Apic, reports, TimeSpan.FromMinutes(1));

    [Fact]
    public void Nor_does_apic_which_takes_minutes()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Long) is not (null or ""), $"takes minutes: set {Long}=1");
        Run("apic", cpus: 2, x2Apic: true, reports: 56, TimeSpan.FromMinutes(15));
    }

    private static void Run(string image, int cpus, bool x2Apic, int reports, TimeSpan patience)
    {
        string? folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipUnless(folder is not (null or ""), $"needs images of kvm-unit-tests: set {Variable} to their folder");
        string path = Path.Combine(folder, image + ".flat");
        Assert.SkipUnless(File.Exists(path), $"{Variable} names {folder}, which has no {image}.flat");
        PcRun run = PcRun.Of(File.ReadAllBytes(path), DeliveryConfiguration.User, cpus, x2Apic, patience);
        string[] failed = [.. FailLine().Matches(run.Console).Select(match => match.Groups[1].Value)];
        Assert.Equal(GuestEndKind.Exit, run.End.Kind);
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
