using System.Text.Json;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Packages;

/// <summary>The command as a user installs it, in folders that never saw the repository.</summary>
public sealed class InstalledToolTests
{
    private const string Log = "tests/Wirq.Traces.Tests/Replay/logs/ioapic-2cpu.log.gz";

    /// <param name="architecture">For one that no native package is for, the package for any is taken: it runs on the runtime that is
    /// here.</param>
    [Theory]
    [InlineData("x64")]
    [InlineData("arm64")]
    public void Installed_from_a_feed_it_runs_what_ships_and_says_why(string architecture)
    {
        using var user = new NuGetFolder(PackedWirq.Require().Feed);
        CommandRun install = user.Run(".", "dotnet", "tool", "install", "Wirq.Tool", "--version", PackedWirq.Version, "--tool-path", user.In("tools"),
            "--configfile", user.In("nuget.config"), "--arch", architecture);
        Assert.True(install.ExitCode == 0, install.Output + install.Errors);
        bool native = Directory.EnumerateFiles(user.In("tools"), "Wirq.Cli", SearchOption.AllDirectories).Any();
        Assert.Equal(architecture == "x64", native);
        string wirq = user.In("tools/wirq"), folder = user.Empty("work");

        CommandRun run = user.Run(folder, wirq, "run", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal(Verdicts(CommandRun.Of("run", "--json").Output), Verdicts(run.Output));

        File.Copy(Repository.PathOf(Log), Path.Combine(folder, "mine.log.gz"));
        CommandRun why = user.Run(folder, wirq, "why", "mine.log.gz"), here = CommandRun.Of("why", Log);
        Assert.Equal((here.ExitCode, here.Output), (why.ExitCode, why.Output));

        Assert.Equal(0, user.Run(folder, wirq, "scenarios", "copy", "copied").ExitCode);
        Assert.Equal(0, user.Run(folder, wirq, "run", "copied/routing").ExitCode);
        Assert.Contains(PackedWirq.Version, user.Run(folder, wirq, "--version").Output, StringComparison.Ordinal);
    }

    /// <summary>File, name and verdict of each scenario.</summary>
    private static (string?, string?, string?)[] Verdicts(string json)
    {
        using var read = JsonDocument.Parse(json);
        return [.. read.RootElement.GetProperty("scenarios").EnumerateArray().Select(one =>
            (one.GetProperty("file").GetString(), one.GetProperty("name").GetString(), one.GetProperty("verdict").GetString()))];
    }
}
