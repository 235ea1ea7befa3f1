using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Wirq.Linux;

/// <summary>A thread that runs a vCPU and calls a handler for its exits.</summary>
/// <remarks>
/// <para>Members may be called from any thread. The handler is called on the thread itself, under no lock.
/// <see cref="Pause()"/>, <see cref="Join"/> and <see cref="Dispose"/> wait for it, so they must not be called under a
/// lock that the handler takes.</para>
/// <para>The thread can be stopped at any moment. The waiting caller repeats the kick every few milliseconds, because a
/// call that the handler makes can consume a signal. The thread stops between two instructions: it first finishes the
/// instruction that exited, and the handler handles all parts of it (Linux Documentation/virt/kvm/api.rst, 5).</para>
/// <para>It is a background thread, so it does not keep the process alive.</para>
/// </remarks>
public sealed class VcpuThread : IDisposable
{
    private static readonly TimeSpan s_kickAgain = TimeSpan.FromMilliseconds(20);

    private readonly IVcpuHandler _handler;
    private readonly VcpuThreadOptions _options;
    private readonly Thread _thread;
    private readonly object _lock = new();
    private volatile bool _stopWanted, _pauseWanted;
    private bool _kicked;
    private VcpuThreadState _state;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Creates the thread. <see cref="Start"/> starts it.</summary>
    /// <param name="vcpu">The vCPU. It must outlive the thread, so dispose this first.</param>
    /// <param name="handler">Handles its exits.</param>
    /// <param name="options">How it works.</param>
    public VcpuThread(KvmVcpu vcpu, IVcpuHandler handler, VcpuThreadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        ArgumentNullException.ThrowIfNull(handler);
        Vcpu = vcpu;
        _handler = handler;
        _options = options ?? new();
        _options.Validate();
        _thread = new Thread(Live) { IsBackground = true, Name = _options.ThreadName ?? $"wirq vcpu {vcpu.Id}" };
    }

    /// <summary>Its vCPU.</summary>
    public KvmVcpu Vcpu { get; }

    /// <summary>What it does.</summary>
    public VcpuThreadState State
    {
        get
        {
            lock (_lock)
                return _state;
        }
    }

    /// <summary>The failure that ended it early: an exception of the handler, or a refusal of KVM. Null if there was
    /// none.</summary>
    public Exception? Failure => Volatile.Read(ref _failure)?.SourceException;

    /// <summary>Whether the calling thread is this thread.</summary>
    public bool IsCurrent => Thread.CurrentThread == _thread;

    /// <summary>Starts the thread. Earlier requests still count: if paused, it does not enter the guest; if stopped, it
    /// ends.</summary>
    /// <exception cref="InvalidOperationException">It is already started.</exception>
    /// <exception cref="Routing.KernelException">The host has no thread left; this object is unchanged.</exception>
    public void Start()
    {
        lock (_lock)
        {
            if (_state != VcpuThreadState.Created)
                throw new InvalidOperationException($"the thread of vCPU {Vcpu.Id} is started already");
            // The thread takes the lock before it does anything, so it finds the running state. A thread that cannot
            // start never ran.
            HostThread.Start(() => _options.Starter(_thread), $"vCPU {Vcpu.Id}");
            _state = VcpuThreadState.Running;
        }
    }

    /// <summary>Makes the thread leave the guest, or its sleep, and call <see cref="IVcpuHandler.BeforeEntry"/>. Change
    /// what that method reads before the kick. Several kicks may count as one. This does not wait.</summary>
    public void Kick()
    {
        lock (_lock)
        {
            _kicked = true;
            Monitor.PulseAll(_lock);
            // Under the lock, so that the thread has not ended, and its vCPU is not disposed.
            if (_state == VcpuThreadState.Running)
                Vcpu.Kick();
        }
    }

    /// <summary>Pauses the thread and waits. When this returns, it is between two instructions, and other threads may
    /// use the registers of its vCPU.</summary>
    /// <exception cref="TimeoutException">Its handler does not return.</exception>
    /// <inheritdoc cref="Pause(TimeSpan)" path="/exception"/>
    public void Pause()
    {
        if (!Pause(_options.Patience))
            throw new TimeoutException($"vCPU {Vcpu.Id} did not pause within {_options.Patience.TotalSeconds} s: its "
                + "handler does not return");
    }

    /// <summary>Pauses the thread and waits up to a limit.</summary>
    /// <param name="patience">The limit.</param>
    /// <returns>Whether it is paused, has ended, or is not started. If false, it pauses when its handler
    /// returns.</returns>
    /// <exception cref="InvalidOperationException">The handler called this: its thread cannot wait for
    /// itself.</exception>
    public bool Pause(TimeSpan patience)
    {
        ThrowIfCurrent();
        _pauseWanted = true;
        return Await(patience, static state => state is not (VcpuThreadState.Running or VcpuThreadState.Waiting));
    }

    /// <summary>Continues the thread. If it is not paused, the call has no effect.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            _pauseWanted = false;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Requests the end of the thread, without waiting. A pause ends too.</summary>
    public void Stop()
    {
        _stopWanted = true;
        Kick();
    }

    /// <summary>Waits for the end of the thread.</summary>
    /// <param name="patience">The time limit.</param>
    /// <returns>Whether it has ended, or was never started.</returns>
    /// <exception cref="InvalidOperationException">The handler called this: its thread cannot wait for
    /// itself.</exception>
    public bool Join(TimeSpan patience)
    {
        ThrowIfCurrent();
        if (State == VcpuThreadState.Created)
            return true;
        long end = Stopwatch.GetTimestamp() + (long)(patience.TotalSeconds * Stopwatch.Frequency);
        return Await(patience, static state => state == VcpuThreadState.Ended) && _thread.Join(Left(end));
    }

    /// <summary>Stops the thread and waits for its end. If a failure ended it early, this throws that failure,
    /// once.</summary>
    /// <exception cref="TimeoutException">Its handler does not return.</exception>
    /// <exception cref="InvalidOperationException">The handler called this: its thread cannot wait for
    /// itself.</exception>
    public void Dispose()
    {
        ThrowIfCurrent();
        Stop();
        if (!Join(_options.Patience))
            throw new TimeoutException($"the thread of vCPU {Vcpu.Id} does not end within {_options.Patience.TotalSeconds} "
                + "s: its handler does not return");
        Interlocked.Exchange(ref _failure, null)?.Throw();
    }

    private void Live()
    {
        try
        {
            Loop();
        }
        // No caller above this frame can catch it, so Dispose throws it.
        catch (Exception failure)
        {
            Volatile.Write(ref _failure, ExceptionDispatchInfo.Capture(failure));
        }
        try
        {
            _options.Ended?.Invoke(this);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
        }
        SetState(VcpuThreadState.Ended);
    }

    private void Loop()
    {
        while (true)
        {
            if (_stopWanted || _pauseWanted)
            {
                if (!Finish() || !Park())
                    return;
            }
            lock (_lock)
                _kicked = false;
            // A later kick is seen by the wait, or by the entry.
            switch (_handler.BeforeEntry(Vcpu))
            {
                case VcpuNext.Stop:
                    Finish();
                    return;
                case VcpuNext.Wait:
                    WaitForKick();
                    continue;
            }
            if (Vcpu.Run() != KvmExitReason.Interrupted && _handler.Exited(Vcpu, Vcpu.Exit) == VcpuNext.Stop)
            {
                Finish();
                return;
            }
        }
    }

    /// <summary>Finishes the instruction that exited; the handler handles its remaining parts.</summary>
    /// <returns>False if the handler requests the end.</returns>
    private bool Finish() => _handler.Finish(Vcpu);

    /// <summary>Waits while a pause is requested.</summary>
    /// <returns>False if the thread must end.</returns>
    private bool Park()
    {
        lock (_lock)
        {
            while (_pauseWanted && !_stopWanted)
            {
                SetState(VcpuThreadState.Paused);
                Monitor.Wait(_lock);
            }
            SetState(VcpuThreadState.Running);
        }
        return !_stopWanted;
    }

    private void WaitForKick()
    {
        lock (_lock)
        {
            SetState(VcpuThreadState.Waiting);
            while (!_kicked && !_stopWanted && !_pauseWanted)
                Monitor.Wait(_lock);
            SetState(VcpuThreadState.Running);
        }
    }

    private void SetState(VcpuThreadState state)
    {
        lock (_lock)
        {
            _state = state;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Waits for a state, with repeated kicks.</summary>
    private bool Await(TimeSpan patience, Func<VcpuThreadState, bool> wanted)
    {
        long end = Stopwatch.GetTimestamp() + (long)(patience.TotalSeconds * Stopwatch.Frequency);
        lock (_lock)
        {
            while (!wanted(_state))
            {
                TimeSpan left = Left(end);
                if (left == TimeSpan.Zero)
                    return false;
                if (_state != VcpuThreadState.Created)
                    Kick();
                Monitor.Wait(_lock, left < s_kickAgain ? left : s_kickAgain);
            }
        }
        return true;
    }

    private static TimeSpan Left(long end)
    {
        long now = Stopwatch.GetTimestamp();
        return now < end ? Stopwatch.GetElapsedTime(now, end) : TimeSpan.Zero;
    }

    private void ThrowIfCurrent()
    {
        if (IsCurrent)
            throw new InvalidOperationException($"the thread of vCPU {Vcpu.Id} cannot wait for itself");
    }
}
