using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>Linux moves interrupts through the VT-d unit, and programs what the unit must refuse.</summary>
public sealed partial class RemappingTests(ITestOutputHelper output)
{
    /// <summary>Linux 6.1 writes the entry and invalidates it, once for each move (<c>modify_irte</c>, <c>qi_flush_iec</c>). An
    /// invalidation touches the one route of that entry if the device has fired since the one before.</summary>
    [Theory]
    [InlineData("user")]
    [InlineData("split")]
    public async Task Each_move_is_one_invalidation_of_its_entry_and_touches_its_route_alone(string chips)
    {
        using TemporaryDisk disk = new();
        using JsonDocument run = await LinuxBoot.Run(output, "vmlinux", ["--irqchip", chips, "--cpus", "2", "--x2apic", "--iommu", "vtd", "--disk", disk.Path,
            "--entropy", "--append", LinuxBoot.Arguments(chips, " wirq=moves")]);
        LinuxBoot.AssertOrderly(run.RootElement);
        string console = run.RootElement.GetProperty("console").GetString()!;
        Match said = Moves().Match(console);
        Assert.True(said.Success, "the guest has not said what it moved");
        long Said(string what) => long.Parse(said.Groups[what].Value, CultureInfo.InvariantCulture);
        Assert.Equal((0, 0), (Said("late"), Said("wrong")));
        Assert.InRange(Said("moves"), 250, 500);
        Assert.Contains("WIRQ-MANAGED refused", console);

        JsonElement before = LinuxBoot.CountsAt(run.RootElement, 1), after = LinuxBoot.CountsAt(run.RootElement, 2);
        long Since(string what) => after.GetProperty(what).GetInt64() - before.GetProperty(what).GetInt64();
        output.WriteLine($"{said.Value}; invalidations {Since("invalidations")}, touched {Since("touched")}, misses {Since("misses")}, commits {Since("commits")}");
        Assert.Equal((Said("moves"), Said("used")), (Since("invalidations"), Since("touched")));
        (ulong First, ulong Last, long Count) range = Assert.Single(ChangedRanges(before, after));
        Assert.Equal((range.First, Said("moves")), (range.Last, range.Count));
        // A route that was touched is made again at the next interrupt, by one commit; other interrupts do not come to userspace.
        if (chips == "split")
            Assert.Equal((Said("used"), Said("used")), (Since("misses"), Since("commits")));
        else
            Assert.Equal((Said("handled"), 0), (Since("misses"), Since("commits")));
        Assert.Empty(ProcInterrupts.MoreThanTriggered(console, LinuxBoot.CountsAt(run.RootElement, 0)));
        if (chips == "user")
            Assert.Empty(ProcInterrupts.Differences(console, run.RootElement.GetProperty("taken")));
    }

    [Theory]
    [InlineData("user")]
    [InlineData("split")]
    public async Task What_the_unit_refuses_is_a_fault_in_the_kernels_log_with_its_reason_and_index(string chips)
    {
        using TemporaryDisk disk = new();
        using JsonDocument run = await LinuxBoot.Run(output, "vmlinux", ["--irqchip", chips, "--x2apic", "--iommu", "vtd", "--disk", disk.Path,
            "--append", LinuxBoot.Arguments(chips, " iomem=relaxed wirq=faults")]);
        LinuxBoot.AssertOrderly(run.RootElement);
        string console = run.RootElement.GetProperty("console").GetString()!;
        Assert.Contains("WIRQ-FAULTS done", console);
        Fault[] expected = FaultLines.Expected(console);
        Assert.Equal([0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26], expected.Select(fault => fault.Reason).Distinct().Order());

        string log = console[console.IndexOf("WIRQ-EQUAL", StringComparison.Ordinal)..];
        Assert.Equal(expected, FaultLines.Logged(log));
        JsonElement after = LinuxBoot.CountsAt(run.RootElement, 2);
        Assert.Equal(expected.Order(), FaultLines.Counted(after, recorded: true));
        // The fault that its entry suppresses, and the entry that was right.
        Assert.Single(FaultLines.Counted(after, recorded: false));
        Assert.Equal(2, NoFault().Count(console));
        Assert.Contains("0.224 No irq handler for vector", console);

        using JsonDocument why = await LinuxBoot.Why(output, log);
        string[] answers = FaultLines.Answered(why.RootElement);
        Assert.Equal(expected.Length, answers.Length);
        Assert.All(expected, fault => Assert.Single(answers, answer => FaultLines.Says(answer, fault)));
    }

    private static IEnumerable<(ulong First, ulong Last, long Count)> ChangedRanges(JsonElement before, JsonElement after)
    {
        Dictionary<(ulong, ulong), long> old = before.GetProperty("ranges").EnumerateArray().ToDictionary(Key, Count);
        return after.GetProperty("ranges").EnumerateArray().Select(range => (Key(range).First, Key(range).Last, Count: Count(range) - old.GetValueOrDefault(Key(range))))
            .Where(range => range.Count != 0);

        static (ulong First, ulong Last) Key(JsonElement range) => (range.GetProperty("first").GetUInt64(), range.GetProperty("last").GetUInt64());
        static long Count(JsonElement range) => range.GetProperty("count").GetInt64();
    }

    [GeneratedRegex(@"^WIRQ-MOVES moves (?<moves>\d+) used (?<used>\d+) waited (?<waited>\d+) late (?<late>\d+) wrong (?<wrong>\d+) handled (?<handled>\d+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Moves();

    [GeneratedRegex("^WIRQ-NO-FAULT 00:01.0 0x3\r?$", RegexOptions.Multiline)]
    private static partial Regex NoFault();
}
