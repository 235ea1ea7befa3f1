using System.Diagnostics;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Boot;

/// <summary>Starts processes with the signal actions of a terminal. The parent of the tests may ignore some signals
/// (nohup ignores SIGHUP, a shell makes its background commands ignore SIGINT), and a process inherits that.</summary>
internal static class SignalDefaults
{
    private static readonly string[] s_env = ["env", "--default-signal=HUP,INT,QUIT,TERM"];
    private static readonly Lazy<bool> s_can = new(CanReset);

    /// <summary>Starts a command, its output and errors redirected.</summary>
    /// <param name="command">Its words.</param>
    /// <param name="hasInput">Whether its input is a pipe from the test, and not that of the tests.</param>
    internal static Process Start(IEnumerable<string> command, bool hasInput = false)
    {
        string[] all = [.. s_can.Value ? s_env : [], .. command];
        return Process.Start(new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardInput = hasInput,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        })!;
    }

    private static bool CanReset()
    {
        using Process probe = Process.Start(new ProcessStartInfo(s_env[0], [.. s_env[1..], "true"]) { RedirectStandardError = true })!;
        probe.StandardError.ReadToEnd();
        probe.WaitForExit();
        return probe.ExitCode == 0;
    }
}
