using System.Diagnostics;
using System.Text.Json;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>A run of <c>wirq boot</c> with a stock Linux.</summary>
/// <remarks><c>WIRQ_LINUX</c> names a folder that <c>bench/linux.sh</c> made. <c>WIRQ_LINUX_COMMAND</c> is the beginning of the
/// command line: a native <c>wirq</c>, maybe after a command that runs it on another machine. Each run takes minutes where
/// the machine is emulated. <c>WIRQ_LINUX_MINUTES</c> is how long one may take, 15 by default.</remarks>
internal static class LinuxRun
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(
        int.TryParse(Environment.GetEnvironmentVariable("WIRQ_LINUX_MINUTES"), out int minutes) ? minutes : 15);

    /// <summary>Runs a guest to its end, or skips the test.</summary>
    /// <returns>The JSON of the command.</returns>
    internal static async Task<JsonDocument> Of(ITestOutputHelper output, string image, IEnumerable<string> options)
    {
        string? folder = Environment.GetEnvironmentVariable("WIRQ_LINUX");
        string[] command = (Environment.GetEnvironmentVariable("WIRQ_LINUX_COMMAND") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.SkipUnless(Directory.Exists(folder), "needs Linux: make a folder with bench/linux.sh and name it in WIRQ_LINUX");
        Assert.SkipUnless(command.Length > 0, "needs a native wirq: name its command in WIRQ_LINUX_COMMAND");
        using var process = Process.Start(new ProcessStartInfo(command[0],
            [.. command[1..], "boot", Path.Combine(folder!, image), "--initrd", Path.Combine(folder!, "initrd"), "--memory", "512", "--json", .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var late = new CancellationTokenSource(s_patience);
        try
        {
            Task<string> words = process.StandardError.ReadToEndAsync(late.Token);
            string json = await process.StandardOutput.ReadToEndAsync(late.Token);
            output.WriteLine(await words);
            Assert.True(json.Contains('{', StringComparison.Ordinal), $"no JSON came: {json}");
            JsonDocument run = JsonDocument.Parse(json[json.IndexOf('{', StringComparison.Ordinal)..(json.LastIndexOf('}') + 1)]);
            output.WriteLine(run.RootElement.GetProperty("console").GetString()!);
            output.WriteLine($"{run.RootElement.GetProperty("seconds")} s, {run.RootElement.GetProperty("events")} events");
            return run;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
