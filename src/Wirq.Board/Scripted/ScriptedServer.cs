using Wirq.Lab.Scenarios;
using Wirq.Linux.VfioUser;

namespace Wirq.Board.Scripted;

/// <summary>Serves a scripted device until its scenario is over.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly VfioUserServer _server;
    private readonly DeviceScript _script;
    private volatile bool _stopping;

    /// <param name="path">The socket's file.</param>
    /// <param name="scenario">What happens.</param>
    /// <param name="clock">The clock; by default the system's.</param>
    /// <exception cref="VfioUserException">Nothing can listen there.</exception>
    internal ScriptedServer(string path, DeviceScenario scenario, TimeProvider? clock = null)
    {
        (_clock, Scenario, Registers) = (clock ?? TimeProvider.System, scenario, new ScriptedRegisters(scenario.ServedByRead));
        Function = new PciFunction(scenario.Device, Registers);
        Registers.Function = Function;
        _script = new DeviceScript(scenario, Function, Registers);
        try
        {
            _server = new VfioUserServer(path, Function);
        }
        catch
        {
            Function.Dispose();
            throw;
        }
    }

    internal DeviceScenario Scenario { get; }

    internal PciFunction Function { get; }

    internal ScriptedRegisters Registers { get; }

    /// <summary>What was not as expected.</summary>
    internal IReadOnlyList<ScriptFailure> Failures => _script.Failures;

    /// <summary>The step at which it was stopped; null if all were done, or a wait was in vain.</summary>
    internal FilePosition? Waits => _script.Waits;

    /// <summary>Ends the run. May be called from any thread.</summary>
    internal void Stop()
    {
        _stopping = true;
        try
        {
            _server.Wake();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Serves. The steps begin when the first client has begun. It ends when all are done and the client has gone, when a
    /// wait was in vain, or when it is stopped.</summary>
    internal void Run()
    {
        bool begun = false;
        long start = _clock.GetTimestamp();
        long Now() => (long)_clock.GetElapsedTime(start).TotalNanoseconds;
        Registers.Clock = Now;
        while (true)
        {
            bool over = begun && _script.IsOver;
            if (_script.HasGivenUp || over && !_server.IsConnected || _stopping)
                break;
            long now = Now();
            // Between two steps of the script, the client is heard.
            bool did = begun && _script.Advance(now, _server.IsConnected);
            _server.Step(did ? TimeSpan.Zero : begun && _script.Due is { } due ? TimeSpan.FromMicroseconds(Math.Max(0, due - now) / 1e3) : Timeout.InfiniteTimeSpan);
            begun |= _server.IsNegotiated;
        }
        if (_script is { IsOver: true, HasGivenUp: false })
            _script.Finish();
    }

    /// <summary>Lets the client go, and removes the socket's file.</summary>
    public void Dispose()
    {
        _server.Dispose();
        Function.Dispose();
    }
}
