using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Wirq.Board.Machine;

namespace Wirq.Cli.Boot;

/// <summary>Ends a run from outside: by its timeout, and by the signals that request its end. From <see cref="Listen"/>
/// until it is disposed of, the signals do nothing else. A second signal, or one that comes during shutdown, does not
/// prevent the recording from being completed. Code that waits after the guest's end is notified of signals
/// too.</summary>
/// <param name="timeout">The time limit of the guest; null for none.</param>
/// <param name="clock">The clock; by default the system's.</param>
[SupportedOSPlatform("linux")]
internal sealed class StopRequest(TimeSpan? timeout, TimeProvider? clock = null) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private PosixSignalRegistration[] _registrations = [];
    private Board.Machine.Board? _board;
    // The start of the guest, the time at which it was told to stop, and the first wait for a reader before its start.
    private long? _start, _hurries, _waits;
    private volatile GuestEnd? _stopped;

    /// <summary>What requested the end; null before any request.</summary>
    internal GuestEnd? Stopped => _stopped;

    /// <summary>Whether the time limit has passed, or the end was requested.</summary>
    internal bool IsDue
    {
        get
        {
            lock (_lock)
                return _stopped is not null || timeout is { } time && _start is { } start && _clock.GetElapsedTime(start) >= time;
        }
    }

    /// <summary>Whether the grace time after the guest's stop is over: a reader of a recording that has not read by
    /// then is not waited for any longer. Waiting code checks this.</summary>
    internal bool IsImpatient
    {
        get
        {
            lock (_lock)
            {
                if (_hurries is { } since)
                    return _clock.GetElapsedTime(since) >= s_patience;
                if (timeout is not { } time)
                    return false;
                // A guest that waits for a reader before it runs would not reach its timeout: the timeout covers the
                // reader too. The time to build the machine does not count.
                long begun = _start ?? (_waits ??= _clock.GetTimestamp());
                return _clock.GetElapsedTime(begun) >= time + s_patience;
            }
        }
    }

    /// <summary>Starts catching signals. A signal that the parent process ignores, as nohup does, stays
    /// ignored.</summary>
    internal void Listen()
    {
        _registrations = [.. new[] { PosixSignal.SIGHUP, PosixSignal.SIGINT, PosixSignal.SIGTERM }
            .Select(signal => PosixSignalRegistration.Create(signal, Came))];
    }

    /// <summary>Runs a board until it ends, or until its end is requested.</summary>
    internal (GuestEnd End, TimeSpan Elapsed) Run(Board.Machine.Board board)
    {
        lock (_lock)
            _board = board;
        // A request that has already come stops the board before its start.
        if (_stopped is { } stopped)
            board.End(stopped);
        long start = Begin();
        GuestEnd? end = board.Run(timeout ?? Timeout.InfiniteTimeSpan);
        if (end is null)
            Hurry();
        return (end ?? new GuestEnd(GuestEndKind.Timeout), _clock.GetElapsedTime(start));
    }

    /// <summary>The guest starts.</summary>
    /// <returns>The time of the start.</returns>
    internal long Begin()
    {
        long start = _clock.GetTimestamp();
        lock (_lock)
            _start = start;
        return start;
    }

    /// <summary>The guest must stop.</summary>
    internal void Hurry()
    {
        lock (_lock)
            _hurries ??= _clock.GetTimestamp();
    }

    /// <summary>Stops catching signals.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }

    private void Came(PosixSignalContext context)
    {
        context.Cancel = true;
        Hurry();
        Board.Machine.Board? board;
        lock (_lock)
        {
            _stopped ??= new GuestEnd(GuestEndKind.Stopped, CommandLine.StatusOf(context.Signal), $"by {context.Signal}");
            board = _board;
        }
        board?.End(_stopped);
    }
}
