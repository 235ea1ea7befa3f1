using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Native;

/// <summary>All packages of this checkout and the native command in them, made once for all tests by eng/pack.sh, in the folder of
/// intermediate files: what has not changed is not made again.</summary>
internal sealed class PackedWirq
{
    /// <summary>The version that they are given, so that a commit alone does not make them anew.</summary>
    internal const string Version = "0.0.0-test";

    /// <summary>The commit that they are made from, by their word, for the same reason.</summary>
    internal const string Revision = "0123456789abcdef0123456789abcdef01234567";

    /// <summary>The time that their files bear.</summary>
    internal static DateTime Time { get; } = new(2020, 2, 3, 4, 5, 6);

    private const string Managed = "WIRQ_TEST_MANAGED";
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);
    private static readonly Lazy<PackedWirq> s_made = new(Make);

    private PackedWirq() { }

    /// <summary>Made by whoever asks first; the others wait.</summary>
    internal static PackedWirq Made => s_made.Value;

    /// <summary>The folder of the packages.</summary>
    internal string Feed { get; } = Path.Combine(Folder, "feed");

    /// <summary>The native command; null where there is none.</summary>
    internal string? Command { get; private init; }

    /// <summary>Why it cannot be made on this machine; null where it can.</summary>
    internal string? WhyNot { get; private init; }

    /// <summary>What the build said, where it should have made it and did not.</summary>
    internal string? Fault { get; private init; }

    /// <summary>Skips a test on a machine that cannot make them; fails it where they should have been made.</summary>
    internal static PackedWirq Require()
    {
        if (Made.WhyNot is { } why)
            Assert.Skip($"the command is not native here: {why}");
        Assert.Null(Made.Fault);
        return Made;
    }

    private static string Folder => Repository.PathOf("tests/Wirq.Cli.Tests/obj/native");

    private static PackedWirq Make()
    {
        if (WhyNotHere() is { } why)
            return new PackedWirq { WhyNot = why };
        Directory.CreateDirectory(Folder);
        string log = Path.Combine(Folder, "pack.log");
        // To a file: what the build leaves running would keep a pipe open.
        var start = new ProcessStartInfo("bash",
        [
            "-c", "exec bash eng/pack.sh \"$@\" >\"$0\" 2>&1", log, Path.Combine(Folder, "feed"), $"-p:MinVerVersionOverride={Version}",
            "-p:IncludeSourceRevisionInInformationalVersion=false", $"-p:WirqRevision={Revision}",
        ]);
        if (Run(start, s_patience) is not { } status)
            return new PackedWirq { Fault = $"eng/pack.sh does not end; {log} has what it said" };
        string said = File.ReadAllText(log), command = Path.Combine(Folder, "publish/Wirq.Cli/release_linux-x64/Wirq.Cli");
        if (Unreachable(said) is { } missing)
            return new PackedWirq { WhyNot = $"a package of the compiler is not to be had: {missing}" };
        // Even a warning is a fault: what trimming warns of breaks when it runs.
        return status == 0 && said.Length == 0 && File.Exists(command) ? new PackedWirq { Command = command }
            : new PackedWirq { Fault = $"eng/pack.sh ends with {status} and says: {said}" };
    }

    /// <summary>What the build says of packages that a machine cannot reach, which are none of ours; null for nothing. Any other
    /// fault of a restore, such as two versions that do not fit, is ours.</summary>
    internal static string? Unreachable(string said) => said.Split('\n').FirstOrDefault(line => line.Contains("error NU1301", StringComparison.Ordinal)
        || line.Contains("error NU110", StringComparison.Ordinal) && line.Contains("ILCompiler", StringComparison.Ordinal))?.Trim();

    private static string? WhyNotHere()
    {
        if (Environment.GetEnvironmentVariable(Managed) is { Length: > 0 })
            return $"{Managed} is set";
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return "this test runs on Linux on x86-64 alone";
        if (!File.Exists("/bin/bash"))
            return "there is no bash, which eng/pack.sh needs";
        return Links("clang") || Links("gcc") ? null : "neither clang nor gcc links a program here";
    }

    private static bool Links(string linker)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"echo 'int main(void) {{ return 0; }}' | {linker} -x c - -o /dev/null -lm -lpthread"])
        {
            RedirectStandardError = true,
        };
        return Run(start, TimeSpan.FromMinutes(1)) == 0;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code; null where it does not end.</returns>
    private static int? Run(ProcessStartInfo start, TimeSpan patience)
    {
        start.WorkingDirectory = Repository.Root;
        start.Environment["WIRQ_ARTIFACTS"] = Folder;
        start.Environment["WIRQ_RIDS"] = "linux-x64";
        start.Environment["SOURCE_DATE_EPOCH"] = new DateTimeOffset(Time, TimeSpan.Zero).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        OwnBuild.Prepare(start);
        using var process = Process.Start(start)!;
        if (process.WaitForExit(patience))
            return process.ExitCode;
        process.Kill(entireProcessTree: true);
        return null;
    }
}
