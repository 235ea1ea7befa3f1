using System.Diagnostics;
using Wirq.Cli.Tests.Native;

namespace Wirq.Cli.Tests.Packages;

/// <summary>An empty folder of a user who has the packages of this checkout and knows nothing else of it. What dotnet keeps of a
/// user lies in it too, so nothing of the machine is changed.</summary>
internal sealed class NuGetFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-user-");

    /// <param name="sources">The folders that packages come from.</param>
    internal NuGetFolder(params string[] sources)
    {
        string config = string.Concat(sources.Select((source, i) => $"""<add key="source{i}" value="{source}" />"""));
        File.WriteAllText(In("nuget.config"), $"<configuration><packageSources><clear />{config}</packageSources></configuration>");
        // A folder above may have settings for builds.
        File.WriteAllText(In("Directory.Build.props"), "<Project />");
        File.WriteAllText(In("Directory.Build.targets"), "<Project />");
        File.WriteAllText(In("Directory.Packages.props"), "<Project />");
    }

    internal string In(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Makes a folder in it, which is empty.</summary>
    internal string Empty(string name) => Directory.CreateDirectory(In(name)).FullName;

    /// <summary>Runs a program in it.</summary>
    internal CommandRun Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = In(folder),
        };
        OwnBuild.Prepare(start);
        start.Environment["NUGET_PACKAGES"] = In("packages");
        start.Environment["DOTNET_CLI_HOME"] = In("home");
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(3)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} does not end");
        }
        return new CommandRun(process.ExitCode, output.Result, errors.Result);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
