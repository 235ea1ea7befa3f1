using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Packages;

/// <summary>The libraries as a user adds them to a program of his own: the programs of the pages compile without a warning and do
/// what the pages say.</summary>
public sealed class InstalledLibraryTests
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
          </PropertyGroup>
        </Project>
        """;

    [Fact]
    public void The_program_of_the_readme_runs_on_the_package_Wirq()
    {
        CommandRun run = Run("README.md", "Wirq");
        Assert.Equal(("held by nic; CPU 0 takes 0x51\n", 0), (run.Output, run.ExitCode));
    }

    [Fact]
    public void The_program_of_the_page_for_VMMs_runs_on_the_packages_that_it_names()
    {
        if (File.Exists("/dev/kvm"))
            KvmPresence.Require();
        CommandRun run = Run("docs/start/vmm.md", "Wirq", "Wirq.Linux", "Wirq.Lab");
        Assert.Equal(("served 1 time\n", 0), (run.Output, run.ExitCode));
    }

    private static CommandRun Run(string page, params string[] packages)
    {
        // What the packages need of others, this machine has: the tests were built with them.
        using var user = new NuGetFolder(PackedWirq.Require().Feed, OthersOfThisMachine());
        string folder = user.Empty("app");
        File.WriteAllText(Path.Combine(folder, "app.csproj"), Project);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), ShownBlocks.Of(page)[0]);
        foreach (string package in packages)
            AssertRuns(user.Run(folder, "dotnet", "add", "package", package, "--version", PackedWirq.Version));
        AssertRuns(user.Run(folder, "dotnet", "build", "-v", "q", "-o", "out"));
        return user.Run(folder, "dotnet", "out/app.dll");
    }

    private static void AssertRuns(CommandRun run) => Assert.True(run.ExitCode == 0, run.Output + run.Errors);

    private static string OthersOfThisMachine()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string folder = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(home, ".nuget/packages");
        if (!Directory.Exists(Path.Combine(folder, "system.io.hashing")))
            Assert.Skip($"needs the packages that Wirq depends on, as files; there are none in {folder}");
        return folder;
    }
}
