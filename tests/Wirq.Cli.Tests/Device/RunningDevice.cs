using System.Diagnostics;
using System.Globalization;
using Wirq.Cli.Device;
using Wirq.Cli.Tests.Boot;
using Wirq.Cli.Tests.Native;

namespace Wirq.Cli.Tests.Device;

/// <summary><c>wirq device</c> in a process of its own.</summary>
internal sealed class RunningDevice : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly bool _owns;

    /// <param name="scenario">The scenario's file, or its text.</param>
    /// <param name="options">Further options.</param>
    /// <param name="socket">The socket's file; null for one of its own.</param>
    internal RunningDevice(string scenario, string[]? options = null, string? socket = null)
    {
        Require();
        _owns = socket is null;
        Socket = socket ?? Path.Combine(Path.GetTempPath(), $"wirq-{Guid.NewGuid():n}.sock");
        Scenario = scenario.Contains('\n', StringComparison.Ordinal) ? Socket + ".yaml" : scenario;
        if (Scenario != scenario)
            File.WriteAllText(Scenario, scenario);
        _process = SignalDefaults.Start([.. WirqProgram.Words, "device", "--socket", Socket, Scenario, .. options ?? []]);
        _output = _process.StandardOutput.ReadToEndAsync();
        Ready = _process.StandardError.ReadLine() ?? "";
    }

    internal string Socket { get; }

    internal string Scenario { get; }

    /// <summary>Its first line on standard error, which says that it listens.</summary>
    internal string Ready { get; }

    internal static void Require() => Assert.SkipUnless(DevicePlatform.WhyNot is null, "needs Linux on x86-64: eventfds are passed over a Unix socket");

    internal void Kill(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    internal CommandRun End()
    {
        Assert.True(_process.WaitForExit(s_patience), "it does not end");
        return new CommandRun(_process.ExitCode, _output.GetAwaiter().GetResult(), _process.StandardError.ReadToEnd());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        if (Scenario == Socket + ".yaml")
            File.Delete(Scenario);
        if (_owns)
            File.Delete(Socket);
    }
}
