using System.Globalization;
using System.Text.Json;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>A stock Linux whose own counters show what two historic defects do, and that nothing of it happens without
/// them.</summary>
/// <remarks>What they need, <see cref="LinuxBoot"/> says, and the folder needs the driver of the level device. <c>WIRQ_MOVES</c> is
/// the number of moves, 300 by default, and 10,000 with <c>WIRQ_LONG=1</c>.</remarks>
public sealed class LevelDeviceTests(ITestOutputHelper output)
{
    private const int Events = 200;

    private static int Moves => int.TryParse(Environment.GetEnvironmentVariable("WIRQ_MOVES"), NumberStyles.None, CultureInfo.InvariantCulture, out int moves)
        ? moves : Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 10_000 : 300;

    /// <summary>Linux moves a level pin in its interrupt, while the pin is masked. The second event of each burst is pending then,
    /// so the unmask delivers it: to the CPU that the entry names, or, in the historic order, to the one before.</summary>
    [Theory]
    [InlineData("user", "none")]
    [InlineData("split", "none")]
    [InlineData("split", "service-before-route")]
    public async Task A_level_interrupt_that_moves_while_it_fires_is_handled_where_the_entry_says(string chips, string design)
    {
        using JsonDocument run = await Boot(chips, design, "wired", $"wirq.burst=2 wirq.moves={Moves}", "--cpus", "2");
        JsonElement result = run.RootElement;
        string console = result.GetProperty("console").GetString()!;
        LevelCounts counts = LevelCounts.Of(console);
        Assert.Equal((Moves, 0, counts.Made, 0), (counts.Moved, counts.Phantoms, counts.Served, counts.Queue));
        Assert.InRange(counts.Moves, Moves - 1, long.MaxValue);
        Assert.Equal(counts.Misplaced, result.GetProperty("misrouted").GetInt64());
        Assert.Equal(counts.Made, result.GetProperty("levelDevice").GetProperty("made").GetInt64());
        if (design == "none")
        {
            Assert.Equal(0, counts.Misplaced);
            Assert.Empty(Broken(result));
        }
        else
        {
            Assert.InRange(counts.Misplaced, Moves / 2, long.MaxValue);
            Assert.Equal(["FreshRoute"], Broken(result));
        }
        if (chips == "user")
            Assert.Empty(ProcInterrupts.Differences(console, result.GetProperty("taken")));
    }

    /// <summary>With <c>threadirqs</c> a handler is a thread: Linux masks the pin, ends the interrupt, and unmasks once the thread
    /// has served the device. An acknowledge at the EOI has the device raise its line again, for nothing.</summary>
    [Theory]
    [InlineData("user", "none")]
    [InlineData("user", "ack-at-eoi")]
    [InlineData("split", "none")]
    [InlineData("split", "ack-at-eoi")]
    public async Task A_threaded_handler_sees_phantoms_only_where_the_acknowledge_comes_at_the_eoi(string chips, string design)
    {
        using JsonDocument run = await Boot(chips, design, "sampled", $"threadirqs wirq.events={Events}");
        JsonElement result = run.RootElement;
        LevelCounts counts = LevelCounts.Of(result.GetProperty("console").GetString()!);
        Assert.Equal((Events, Events, 0), (counts.Made, counts.Served, counts.Queue));
        if (design == "none")
        {
            Assert.Equal(0, counts.Phantoms);
            Assert.Empty(Broken(result));
        }
        else
        {
            Assert.InRange(counts.Phantoms, Events / 2, 2 * Events);
            Assert.Equal(["NoPhantom"], Broken(result));
        }
    }

    private static IEnumerable<string> Broken(JsonElement result) => result.GetProperty("laws").EnumerateArray()
        .Where(law => !law.GetProperty("held").GetBoolean()).Select(law => law.GetProperty("name").GetString()!);

    private async Task<JsonDocument> Boot(string chips, string design, string device, string words, params IEnumerable<string> options)
    {
        JsonDocument run = await LinuxBoot.Run(output, "vmlinux",
            ["--irqchip", chips, "--design", design, "--level-device", device, "--append", LinuxBoot.Arguments(chips, $" {words}"), .. options]);
        Assert.Equal("PowerOff", run.RootElement.GetProperty("end").GetString());
        return run;
    }
}
