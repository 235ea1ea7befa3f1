using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Wirq.Board.Machine;

namespace Wirq.Cli.Boot;

/// <summary>What ends a run from outside: its time, and the signals that ask for its end. From <see cref="Listen"/> on until
/// it is disposed the signals do nothing else: the second of them, or one that comes while the machine is taken down, does
/// not keep the recording from its end; and whoever waits for something else after the guest's end hears of them too.</summary>
/// <param name="timeout">How long a guest may run; null for ever.</param>
/// <param name="clock">What time it is; by default the system's.</param>
[SupportedOSPlatform("linux")]
internal sealed class StopRequest(TimeSpan? timeout, TimeProvider? clock = null) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private PosixSignalRegistration[] _registrations = [];
    private Board.Machine.Board? _board;
    // When the guest began to run, when it was to stop, and when it was first waited for a reader before it began.
    private long? _start, _hurries, _waits;
    private volatile GuestEnd? _stopped;

    /// <summary>Who asked for the end; null while nobody has.</summary>
    internal GuestEnd? Stopped => _stopped;

    /// <summary>Whether there is no time any more.</summary>
    internal bool IsDue
    {
        get
        {
            lock (_lock)
                return _stopped is not null || timeout is { } time && _start is { } start && _clock.GetElapsedTime(start) >= time;
        }
    }

    /// <summary>Whether it is a moment after the guest was to stop: who is to read a recording, and has not by then, is waited
    /// for no more. Asked by whoever waits.</summary>
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
                // A guest that waits for a reader before it runs does not come to its time: it has that for the reader too. How
                // long the machine takes to be built is not the reader's affair.
                long begun = _start ?? (_waits ??= _clock.GetTimestamp());
                return _clock.GetElapsedTime(begun) >= time + s_patience;
            }
        }
    }

    /// <summary>Begins to listen. A signal that whoever started the process ignores, as nohup does, stays so.</summary>
    internal void Listen()
    {
        _registrations = [.. new[] { PosixSignal.SIGHUP, PosixSignal.SIGINT, PosixSignal.SIGTERM }
            .Select(signal => PosixSignalRegistration.Create(signal, Came))];
    }

    /// <summary>Lets a board run until it ends, or is to.</summary>
    internal (GuestEnd End, TimeSpan Elapsed) Run(Board.Machine.Board board)
    {
        lock (_lock)
            _board = board;
        // One that has come already stops it before it starts.
        if (_stopped is { } stopped)
            board.End(stopped);
        long start = Begin();
        GuestEnd? end = board.Run(timeout ?? Timeout.InfiniteTimeSpan);
        if (end is null)
            Hurry();
        return (end ?? new GuestEnd(GuestEndKind.Timeout), _clock.GetElapsedTime(start));
    }

    /// <summary>The guest begins to run.</summary>
    /// <returns>When that was.</returns>
    internal long Begin()
    {
        long start = _clock.GetTimestamp();
        lock (_lock)
            _start = start;
        return start;
    }

    /// <summary>The guest is to stop.</summary>
    internal void Hurry()
    {
        lock (_lock)
            _hurries ??= _clock.GetTimestamp();
    }

    /// <summary>Gives the signals back.</summary>
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
            _stopped ??= new GuestEnd(GuestEndKind.Stopped, StatusOf(context.Signal), $"by {context.Signal}");
            board = _board;
        }
        board?.End(_stopped);
    }

    private static int StatusOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => CommandLine.HungUp,
        PosixSignal.SIGINT => CommandLine.Interrupted,
        _ => CommandLine.Terminated,
    };
}
