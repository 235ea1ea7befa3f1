using System.Diagnostics;

namespace Wirq.Cli.Tests.Native;

/// <summary>A build that a test starts knows nothing of the one that started the tests.</summary>
internal static class OwnBuild
{
    internal static void Prepare(ProcessStartInfo start)
    {
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
    }
}
