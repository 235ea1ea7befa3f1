using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>Polls many eventfds on one thread, and reports which have become readable.</summary>
/// <remarks>
/// <para>All members may be called from any thread, the handlers included. Handlers run on the loop's thread, one at a
/// time, under no lock. If an eventfd is unwatched while its event is already fetched, it may be reported once
/// more.</para>
/// <para>The loop does not read the eventfds that it reports. In level-triggered mode it reports an eventfd again until
/// it is read. Closing an eventfd removes it from the poll automatically, but its number may be reused for another one:
/// unwatch before closing.</para>
/// </remarks>
public sealed class EpollLoop : IEventPort, IDisposable
{
    private const int BatchSize = 64;

    private readonly Action<int> _readable;
    private readonly EpollOptions _options;
    private readonly FileDescriptor _epoll;
    private readonly FileDescriptor _timer;
    private readonly EventFdHandle _wakeUp;
    private readonly Thread _thread;
    private readonly EpollEvent[] _batch = new EpollEvent[BatchSize];
    private ExceptionDispatchInfo? _failure;
    private volatile bool _ending, _closesItself;
    private int _disposed;

    /// <summary>Starts a loop.</summary>
    /// <param name="readable">Called with the token of an eventfd that is readable.</param>
    /// <param name="options">How it works.</param>
    /// <exception cref="KernelException">The process, or the host, has no descriptor or no thread left.</exception>
    public EpollLoop(Action<int> readable, EpollOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(readable);
        HostPlatform.Require();
        _readable = readable;
        _options = options ?? new();
        try
        {
            _epoll = FileDescriptor.From(Libc.EpollCreate(EpollFlags.CloseOnExec), "epoll_create1");
            _wakeUp = EventFdHandle.Create();
            _timer = FileDescriptor.From(
                Libc.TimerFdCreate(TimerFdFlags.Monotonic, TimerFdFlags.CloseOnExec | TimerFdFlags.NonBlocking),
                "timerfd_create");
            using (_timer.Borrow(out int timer))
                Add(timer, new EpollKey(EpollKey.Use.Timer), EpollFlags.Readable);
            Add(_wakeUp.EventFd.Number, new EpollKey(EpollKey.Use.WakeUp), EpollFlags.Readable);
            _thread = new Thread(Run) { IsBackground = true, Name = _options.ThreadName };
            HostThread.Start(_thread.Start, "the loop that polls eventfds");
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>The clock of deadlines, in nanoseconds (CLOCK_MONOTONIC; <see cref="Stopwatch.GetTimestamp"/> reads it
    /// on Linux). Its zero is some moment before the process started.</summary>
    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>The exception that ended the loop early; null if there was none.</summary>
    public Exception? Failure => Volatile.Read(ref _failure)?.SourceException;

    /// <inheritdoc/>
    /// <remarks>An eventfd that is already watched gets the new token, and is reported if it is readable.</remarks>
    /// <exception cref="InvalidOperationException">The loop has ended with a <see cref="Failure"/>.</exception>
    /// <exception cref="ObjectDisposedException">The loop is disposed.</exception>
    public void Watch(EventFd trigger, int token)
    {
        ThrowIfEnded();
        Add(trigger.Number, new EpollKey(EpollKey.Use.Watched, token),
            _options.EdgeTriggered ? EpollFlags.Readable | EpollFlags.EdgeTriggered : EpollFlags.Readable);
    }

    /// <inheritdoc/>
    /// <remarks>If the eventfd is not watched, the call has no effect.</remarks>
    /// <exception cref="ObjectDisposedException">The loop is disposed.</exception>
    public void Unwatch(EventFd trigger)
    {
        EpollEvent none = default;
        if (Libc.EpollControl(_epoll, EpollFlags.Delete, trigger.Number, ref none) < 0
            && Marshal.GetLastPInvokeError() != Errno.NoEntry)
            throw HostError.Last("epoll_ctl");
    }

    /// <inheritdoc/>
    public bool Read(EventFd trigger) => EventCounter.TryTake(trigger.Number, out _);

    /// <inheritdoc/>
    public bool IsReadable(EventFd trigger) => EventCounter.IsReadable(trigger.Number);

    /// <inheritdoc/>
    public void Write(EventFd fd) => EventCounter.Add(fd.Number);

    /// <summary>Sets the time of the next call of <see cref="EpollOptions.DeadlineReached"/>. It replaces any earlier
    /// deadline. If several threads call it, the last call counts, so the callers must keep their deadlines in
    /// order.</summary>
    /// <param name="time">Nanoseconds of the clock <see cref="Now"/>. A time that has passed is reached at once.
    /// <see cref="long.MaxValue"/> for none.</param>
    /// <exception cref="InvalidOperationException">There is no such handler, or the loop has ended with a
    /// <see cref="Failure"/>.</exception>
    /// <exception cref="ObjectDisposedException">The loop is disposed.</exception>
    public void SetDeadline(long time)
    {
        ThrowIfEnded();
        if (_options.DeadlineReached is null)
            throw new InvalidOperationException($"{nameof(EpollOptions.DeadlineReached)} is not set");
        // Zero would disarm the timer (timerfd_settime(2)).
        var setting = new TimerSetting { First = time == long.MaxValue ? default : TimeSpec.Of(Math.Max(time, 1)) };
        if (Libc.TimerFdSetTime(_timer, TimerFdFlags.Absolute, setting, 0) < 0)
            throw HostError.Last("timerfd_settime");
    }

    /// <summary>Ends the loop. After it returns, no handler runs. If a handler calls it, that handler is the last one.
    /// It waits for a handler that is running, so it must not be called under a lock that a handler takes.</summary>
    /// <remarks>If there is no <see cref="EpollOptions.HandlerFailed"/>, it throws, once, the exception that a handler
    /// threw.</remarks>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _ending = true;
            _closesItself = Thread.CurrentThread == _thread;
            _wakeUp.Write();
        }
        if (Thread.CurrentThread == _thread)
            return;
        _thread.Join();
        Close();
        Interlocked.Exchange(ref _failure, null)?.Throw();
    }

    private void Run()
    {
        try
        {
            while (!_ending)
                Turn();
        }
        // No caller above this frame can catch it, so Dispose throws it.
        catch (Exception failure)
        {
            Volatile.Write(ref _failure, ExceptionDispatchInfo.Capture(failure));
        }
        if (_closesItself)
            Close();
    }

    private void Turn()
    {
        int count = Libc.EpollWait(_epoll, ref MemoryMarshal.GetArrayDataReference(_batch), BatchSize, -1);
        if (count < 0 && Marshal.GetLastPInvokeError() != Errno.Interrupted)
            throw HostError.Last("epoll_wait");
        for (int i = 0; i < count && !_ending; i++)
            Tell(_batch[i].Key);
    }

    private void Tell(EpollKey key)
    {
        try
        {
            switch (key.Kind)
            {
                case EpollKey.Use.Watched:
                    _readable(key.Token);
                    break;
                case EpollKey.Use.Timer:
                    TellDeadline();
                    break;
            }
        }
        catch (Exception failure) when (_options.HandlerFailed is not null)
        {
            _options.HandlerFailed(failure);
        }
    }

    private void TellDeadline()
    {
        bool reached;
        using (_timer.Borrow(out int timer))
            reached = EventCounter.TryTake(timer, out _);
        // If the deadline was moved after its event was fetched, there is nothing to read, and the deadline is not
        // reached.
        if (reached)
            _options.DeadlineReached?.Invoke(Now);
    }

    private void Add(int descriptor, EpollKey key, uint events)
    {
        var wanted = new EpollEvent { Events = events, Key = key };
        if (Libc.EpollControl(_epoll, EpollFlags.Add, descriptor, ref wanted) == 0)
            return;
        if (Marshal.GetLastPInvokeError() != Errno.Exists
            || Libc.EpollControl(_epoll, EpollFlags.Modify, descriptor, ref wanted) < 0)
            throw HostError.Last("epoll_ctl");
    }

    private void ThrowIfEnded()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        if (Volatile.Read(ref _failure) is { } failure)
            throw new InvalidOperationException("a handler has failed, and the loop ended", failure.SourceException);
    }

    private void Close()
    {
        _epoll?.Dispose();
        _timer?.Dispose();
        _wakeUp?.Dispose();
    }
}
