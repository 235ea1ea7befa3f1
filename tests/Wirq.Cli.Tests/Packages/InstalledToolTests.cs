using System.IO.Compression;
using System.Text.Json;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Packages;

/// <summary>The command as a user installs it, in folders that never saw the repository.</summary>
public sealed class InstalledToolTests
{
    private const string Log = "tests/Wirq.Traces.Tests/Replay/logs/ioapic-2cpu.log.gz";

    [Fact]
    public void Installed_from_a_feed_it_is_native()
    {
        using var user = new NuGetFolder(PackedWirq.Require().Feed);
        CommandRun install = user.Run(".", "dotnet", "tool", "install", "Wirq.Tool", "--version", PackedWirq.Version, "--tool-path", user.In("tools"),
            "--configfile", user.In("nuget.config"));
        Assert.True(install.ExitCode == 0, install.Output + install.Errors);
        Assert.Empty(Directory.EnumerateFiles(user.In("tools"), "*.dll", SearchOption.AllDirectories));
        AssertWorks(user, user.In("tools/wirq"));
    }

    /// <summary>What a platform without a package of its own gets.</summary>
    [Fact]
    public void The_package_for_any_platform_does_the_same_on_the_runtime()
    {
        using var user = new NuGetFolder(PackedWirq.Require().Feed);
        ZipFile.ExtractToDirectory(Path.Combine(PackedWirq.Made.Feed, $"Wirq.Tool.any.{PackedWirq.Version}.nupkg"), user.In("any"));
        AssertWorks(user, "dotnet", user.In("any/tools/net10.0/any/Wirq.Cli.dll"));
    }

    private static void AssertWorks(NuGetFolder user, params string[] wirq)
    {
        string folder = user.Empty("work");
        CommandRun Run(params string[] arguments) => user.Run(folder, wirq[0], [.. wirq[1..], .. arguments]);
        CommandRun run = Run("run", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal(Verdicts(CommandRun.Of("run", "--json").Output), Verdicts(run.Output));

        File.Copy(Repository.PathOf(Log), Path.Combine(folder, "mine.log.gz"));
        CommandRun why = Run("why", "mine.log.gz"), here = CommandRun.Of("why", Log);
        Assert.Equal((here.ExitCode, here.Output), (why.ExitCode, why.Output));

        Assert.Equal(0, Run("scenarios", "copy", "copied").ExitCode);
        Assert.Equal(0, Run("run", "copied/routing").ExitCode);
        Assert.Contains(PackedWirq.Version, Run("--version").Output, StringComparison.Ordinal);
    }

    /// <summary>File, name and verdict of each scenario.</summary>
    private static (string?, string?, string?)[] Verdicts(string json)
    {
        using var read = JsonDocument.Parse(json);
        return [.. read.RootElement.GetProperty("scenarios").EnumerateArray().Select(one =>
            (one.GetProperty("file").GetString(), one.GetProperty("name").GetString(), one.GetProperty("verdict").GetString()))];
    }
}
