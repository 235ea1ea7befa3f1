using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Wirq.Board.Machine;

namespace Wirq.Cli.Boot;

/// <summary>What ends a run from outside: its time, and the signals that ask for its end. From <see cref="Run"/> on until it
/// is disposed; so that whoever waits for something else after the guest's end hears of them too.</summary>
/// <param name="timeout">How long a guest may run; null for ever.</param>
[SupportedOSPlatform("linux")]
internal sealed class StopRequest(TimeSpan? timeout) : IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private long _start;
    private volatile GuestEnd? _stopped;

    /// <summary>Who asked for the end; null while nobody has.</summary>
    internal GuestEnd? Stopped => _stopped;

    /// <summary>Whether there is no time any more.</summary>
    internal bool IsDue => _stopped is not null || timeout is { } time && _start != 0 && Stopwatch.GetElapsedTime(_start) >= time;

    /// <summary>Lets a board run until it ends, or is to.</summary>
    internal (GuestEnd End, TimeSpan Elapsed) Run(Board.Machine.Board board)
    {
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            _stopped ??= new GuestEnd(GuestEndKind.Stopped,
                context.Signal == PosixSignal.SIGINT ? BootCommand.Interrupted : BootCommand.Terminated, $"by {context.Signal}");
            board.End(_stopped);
        }
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop));
        _start = Stopwatch.GetTimestamp();
        GuestEnd? end = board.Run(timeout ?? Timeout.InfiniteTimeSpan);
        return (end ?? new GuestEnd(GuestEndKind.Timeout), Stopwatch.GetElapsedTime(_start));
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }
}
