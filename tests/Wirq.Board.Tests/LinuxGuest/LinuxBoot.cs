using System.Diagnostics;
using System.Text.Json;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>Boots Linux by <c>wirq boot --json</c>.</summary>
/// <remarks><c>WIRQ_LINUX</c> names a folder that <c>bench/linux.sh</c> made. <c>WIRQ_LINUX_COMMAND</c> is the beginning of the
/// command line: a native <c>wirq</c>, maybe after a command that runs it on another machine. Each run takes minutes where
/// the machine is emulated. <c>WIRQ_LINUX_MINUTES</c> is how long one may take, 15 by default.</remarks>
internal static class LinuxBoot
{
    // What no interrupt depends on is left out, so that a boot is several times shorter.
    private const string Short = "quiet nokaslr cryptomgr.notests no_timer_check mitigations=off audit=0 apparmor=0";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(
        int.TryParse(Environment.GetEnvironmentVariable("WIRQ_LINUX_MINUTES"), out int minutes) ? minutes : 15);

    /// <summary>The kernel's command line.</summary>
    internal static string Arguments(string chips, string more = "") => $"console=ttyS0 panic=-1 {Words(chips)}{more}";

    /// <summary>Words of the kernel's command line besides its console. Where KVM has the local APICs, Linux is not told to use KVM's
    /// features for them: with these it handles more than was sent (docs/guests.md).</summary>
    internal static string Words(string chips) => $"{Short}{(chips == "user" ? "" : " nopv")}";

    /// <summary>Boots, and returns the JSON of the run.</summary>
    /// <param name="output">Gets what the run printed.</param>
    /// <param name="image">The image's name in the folder.</param>
    /// <param name="options">More options.</param>
    /// <param name="folder">The variable that names the folder.</param>
    internal static async Task<JsonDocument> Run(ITestOutputHelper output, string image, IEnumerable<string> options, string folder = "WIRQ_LINUX")
    {
        string? files = Environment.GetEnvironmentVariable(folder);
        string[] command = Command();
        Assert.SkipUnless(Directory.Exists(files), $"needs Linux: make a folder with bench/linux.sh and name it in {folder}");
        string json = await Print(output, command[0], [.. command[1..], "boot", Path.Combine(files!, image), "--initrd", Path.Combine(files!, "initrd"),
            "--memory", "512", "--json", .. options]);
        Assert.True(json.Contains('{', StringComparison.Ordinal), $"no JSON came: {json}");
        JsonDocument run = JsonDocument.Parse(json[json.IndexOf('{', StringComparison.Ordinal)..(json.LastIndexOf('}') + 1)]);
        output.WriteLine(run.RootElement.GetProperty("console").GetString()!);
        output.WriteLine($"{run.RootElement.GetProperty("seconds")} s, {run.RootElement.GetProperty("events")} events");
        return run;
    }

    /// <summary>Asks <c>wirq why</c> about a text, on this machine.</summary>
    internal static async Task<JsonDocument> Why(ITestOutputHelper output, string text)
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            return JsonDocument.Parse(await Print(output, Command()[^1], ["why", file, "--json"]));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>All laws held, and the guest turned the machine off.</summary>
    internal static void AssertOrderly(JsonElement run)
    {
        Assert.Equal("PowerOff", run.GetProperty("end").GetString());
        Assert.All(run.GetProperty("laws").EnumerateArray(), law => Assert.True(law.GetProperty("held").GetBoolean(), law.ToString()));
    }

    /// <summary>The board's counts at a mark.</summary>
    internal static JsonElement CountsAt(JsonElement run, int mark) => run.GetProperty("counts").EnumerateArray()
        .First(counts => counts.GetProperty("mark") is { ValueKind: JsonValueKind.Number } number && number.GetInt32() == mark);

    private static string[] Command()
    {
        string[] command = (Environment.GetEnvironmentVariable("WIRQ_LINUX_COMMAND") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.SkipUnless(command.Length > 0, "needs a native wirq: name its command in WIRQ_LINUX_COMMAND");
        return command;
    }

    private static async Task<string> Print(ITestOutputHelper output, string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var late = new CancellationTokenSource(s_patience);
        try
        {
            Task<string> words = process.StandardError.ReadToEndAsync(late.Token);
            string text = await process.StandardOutput.ReadToEndAsync(late.Token);
            output.WriteLine(await words);
            return text;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
