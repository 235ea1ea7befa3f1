using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Wirq.Board.Machine;

namespace Wirq.Cli.Boot;

/// <summary>What ends a run from outside: its time, and the signals that ask for its end. From <see cref="Listen"/> on until
/// it is disposed the signals do nothing else: the second of them, or one that comes while the machine is taken down, does
/// not keep the recording from its end; and whoever waits for something else after the guest's end hears of them too.</summary>
/// <param name="timeout">How long a guest may run; null for ever.</param>
[SupportedOSPlatform("linux")]
internal sealed class StopRequest(TimeSpan? timeout) : IDisposable
{
    // As a shell tells of these signals.
    private const int HungUp = 129, Interrupted = 130, Terminated = 143;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _impatience = new();
    private PosixSignalRegistration[] _registrations = [];
    private Board.Machine.Board? _board;
    private long _start;
    private volatile GuestEnd? _stopped;
    private bool _hurries;

    /// <summary>Who asked for the end; null while nobody has.</summary>
    internal GuestEnd? Stopped => _stopped;

    /// <summary>Whether there is no time any more.</summary>
    internal bool IsDue => _stopped is not null || timeout is { } time && _start != 0 && Stopwatch.GetElapsedTime(_start) >= time;

    /// <summary>Cancelled a moment after the guest was to stop: who is to read a recording, and has not by then, is waited for no
    /// more.</summary>
    internal CancellationToken Impatience => _impatience.Token;

    /// <summary>Begins to listen. A signal that whoever started the process ignores, as nohup does, stays so.</summary>
    internal void Listen()
    {
        // A guest that waits for a reader from the start does not come to its time.
        if (timeout is { } time)
            _impatience.CancelAfter(time + s_patience);
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
        _start = Stopwatch.GetTimestamp();
        GuestEnd? end = board.Run(timeout ?? Timeout.InfiniteTimeSpan);
        if (end is null)
            Hurry();
        return (end ?? new GuestEnd(GuestEndKind.Timeout), Stopwatch.GetElapsedTime(_start));
    }

    /// <summary>Gives the signals back.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        // The source is left: a signal that came just now may be about to use it.
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

    private void Hurry()
    {
        lock (_lock)
        {
            if (_hurries)
                return;
            _hurries = true;
            _impatience.CancelAfter(s_patience);
        }
    }

    private static int StatusOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => HungUp,
        PosixSignal.SIGINT => Interrupted,
        _ => Terminated,
    };
}
