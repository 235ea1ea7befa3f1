using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>Where hot virqs pass Wirq by, devices still know what they triggered. One request at a time: as many interrupts are handled
/// as were triggered, so the last one too.</summary>
public sealed partial class TriggerTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("user", "")]
    [InlineData("user", " pci=nomsi")]
    [InlineData("split", "")]
    [InlineData("split", " pci=nomsi")]
    [InlineData("kernel", "")]
    [InlineData("kernel", " pci=nomsi")]
    public async Task Each_interrupt_is_handled_and_the_last_one_too(string chips, string how)
    {
        using TemporaryDisk disk = new();
        using JsonDocument run = await LinuxBoot.Run(output, "vmlinux",
            ["--irqchip", chips, "--disk", disk.Path, "--entropy", "--append", LinuxBoot.Arguments(chips, $" wirq=steps{how}")]);
        LinuxBoot.AssertOrderly(run.RootElement);
        string console = run.RootElement.GetProperty("console").GetString()!;
        JsonElement before = LinuxBoot.CountsAt(run.RootElement, 1), after = LinuxBoot.CountsAt(run.RootElement, 2);
        Match[] steps = [.. Steps().Matches(console).Cast<Match>()];
        Assert.Equal(["disk", "entropy"], steps.Select(step => step.Groups["what"].Value));
        foreach (Match step in steps)
        {
            bool disks = step.Groups["what"].Value == "disk";
            long requests = Number(step, "requests"), triggered = how.Length == 0
                ? Messages(after, disks ? "device 00:02.0" : "device 00:03.0") - Messages(before, disks ? "device 00:02.0" : "device 00:03.0")
                : Lines(after, disks ? 18 : 19) - Lines(before, disks ? 18 : 19);
            output.WriteLine($"{step.Groups["what"].Value}: {requests} requests, {triggered} triggered, {Number(step, "handled")} handled");
            Assert.Equal((200, 200, 200, 0), (requests, triggered, Number(step, "handled"), Number(step, "late")));
        }
        Assert.Empty(ProcInterrupts.MoreThanTriggered(console, LinuxBoot.CountsAt(run.RootElement, 0)));
        // Hot virqs: none of these interrupts came to userspace, once each had its route.
        if (chips != "user" && how.Length == 0)
            Assert.Equal(before.GetProperty("misses").GetInt64(), after.GetProperty("misses").GetInt64());
    }

    private static long Messages(JsonElement counts, string device) => counts.GetProperty("messages").EnumerateArray()
        .Where(message => message.GetProperty("of").GetString() == device).Sum(message => message.GetProperty("count").GetInt64());

    private static long Lines(JsonElement counts, int gsi) => counts.GetProperty("lines").EnumerateArray()
        .Where(line => line.GetProperty("gsi").GetInt32() == gsi).Sum(line => line.GetProperty("count").GetInt64());

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^WIRQ-STEPS (?<what>\w+) requests (?<requests>\d+) handled (?<handled>\d+) late (?<late>\d+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Steps();
}

/// <summary>A megabyte of random bytes, in a file that goes with it.</summary>
internal sealed class TemporaryDisk : IDisposable
{
    private const int Seed = 18, Bytes = 1 << 20;

    internal TemporaryDisk()
    {
        Content = new byte[Bytes];
        new Random(Seed).NextBytes(Content);
        File.WriteAllBytes(Path, Content);
    }

    internal string Path { get; } = System.IO.Path.GetTempFileName();

    internal byte[] Content { get; }

    public void Dispose() => File.Delete(Path);
}
