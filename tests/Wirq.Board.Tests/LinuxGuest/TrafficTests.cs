using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>Random traffic of the disk by four processes, while configuration space is accessed at random and MSI-X is masked and
/// unmasked, harms nothing: each byte is where it was written, nobody waits for ever, and the laws hold.</summary>
public sealed partial class TrafficTests(ITestOutputHelper output)
{
    private const int Seed = 18, Requests = 2000;

    [Theory]
    [InlineData("user", "")]
    [InlineData("user", " pci=nomsi")]
    [InlineData("split", "")]
    [InlineData("kernel", "")]
    public async Task Random_requests_and_accesses_harm_nothing(string chips, string how)
    {
        using TemporaryDisk disk = new();
        using JsonDocument run = await LinuxBoot.Run(output, "vmlinux", ["--irqchip", chips, "--disk", disk.Path, "--entropy",
            "--append", LinuxBoot.Arguments(chips, $" wirq=traffic wirq.seed={Seed}{how}")]);
        LinuxBoot.AssertOrderly(run.RootElement);
        string console = run.RootElement.GetProperty("console").GetString()!;
        Match said = Traffic().Match(console);
        Assert.True(said.Success, "the guest has not said what it did");
        long Said(string what) => long.Parse(said.Groups[what].Value, CultureInfo.InvariantCulture);
        Assert.Equal((Seed, Requests, 0, 0, 0), (Said("seed"), Said("requests"), Said("wrong"), Said("differ"), Said("changed")));
        Assert.InRange(Said("accesses"), 1000, long.MaxValue);
        Assert.InRange(Said("masks"), 10, long.MaxValue);
        Assert.Equal(64, Said("random"));
        Assert.DoesNotContain("WIRQ-TRAFFIC cannot", console);
        Assert.Empty(ProcInterrupts.MoreThanTriggered(console, LinuxBoot.CountsAt(run.RootElement, 0)));
        if (chips == "user")
            Assert.Empty(ProcInterrupts.Differences(console, run.RootElement.GetProperty("taken")));
    }

    [GeneratedRegex(@"^WIRQ-TRAFFIC seed (?<seed>\d+) requests (?<requests>\d+) wrong (?<wrong>\d+) differ (?<differ>\d+) accesses (?<accesses>\d+) "
        + @"masks (?<masks>\d+) changed (?<changed>\d+) random (?<random>\d+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Traffic();
}
