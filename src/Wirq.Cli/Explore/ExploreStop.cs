using System.Runtime.InteropServices;

namespace Wirq.Cli.Explore;

/// <summary>Ends a search when a signal asks for it: the first one as a bound does, with all outputs whole, a second one at
/// once.</summary>
internal sealed class ExploreStop : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    // The exit code, once a signal came.
    private volatile int _status;

    internal ExploreStop() => _registrations = [.. new[] { PosixSignal.SIGHUP, PosixSignal.SIGINT, PosixSignal.SIGTERM }
        .Select(signal => PosixSignalRegistration.Create(signal, Came))];

    internal bool IsRequested => _status != 0;

    /// <summary>The exit code: that of the signal, if one came.</summary>
    internal int StatusOr(int status) => _status != 0 ? _status : status;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }

    private void Came(PosixSignalContext context)
    {
        context.Cancel = _status == 0;
        _status = CommandLine.StatusOf(context.Signal);
    }
}
