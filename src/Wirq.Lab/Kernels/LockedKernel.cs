using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Kernels;

/// <summary>A simulated kernel with a lock, for litmus tests with real threads: devices write, the guest takes and ends
/// interrupts, and userspace waits for notifications, each on its own thread.</summary>
/// <remarks>Every call holds the lock until it returns. So calls are atomic and have an order, as with a kernel's own
/// locks. It does not hold the lock while it waits.</remarks>
public sealed class LockedKernel(SimulatedKernel kernel) : IKernelPort, IEventPort
{
    // A Monitor, because it can also wake threads that wait.
    private readonly object _lock = new();
    private volatile bool _stopped;

    /// <summary>Creates a machine that is the only one on its host.</summary>
    /// <param name="options">How it is built.</param>
    /// <param name="eventFds">The highest number of eventfds of the host.</param>
    public static LockedKernel Create(SimulatedKernelOptions options, int eventFds = 64)
    {
        var arena = new StateArena();
        return new LockedKernel(new SimulatedKernel(options, new SimulatedEventFds(eventFds, arena), arena));
    }

    /// <inheritdoc/>
    public KernelLimits Limits => kernel.Limits;

    /// <summary>Makes an eventfd.</summary>
    public EventFd CreateEventFd() => Do(k => k.EventFds.Create());

    /// <summary>Calls the kernel or its eventfds under the lock. Then it runs the work queue and wakes the threads that
    /// wait for notifications.</summary>
    public T Do<T>(Func<SimulatedKernel, T> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        lock (_lock)
        {
            T result = call(kernel);
            kernel.Settle();
            Monitor.PulseAll(_lock);
            return result;
        }
    }

    /// <summary>As <see cref="Do{T}"/>, without a result.</summary>
    public void Do(Action<SimulatedKernel> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        Do(k =>
        {
            call(k);
            return true;
        });
    }

    /// <summary>Waits for a readable eventfd that is polled (epoll_wait of one event).</summary>
    /// <param name="milliseconds">The time limit; <see cref="Timeout.Infinite"/> for none.</param>
    /// <param name="token">The token of its watch.</param>
    /// <returns>False if the time has passed, or <see cref="Stop"/> was called.</returns>
    public bool WaitReadable(int milliseconds, out int token)
    {
        long deadline = Environment.TickCount64 + milliseconds;
        lock (_lock)
        {
            while (true)
            {
                if (!_stopped && kernel.EventFds.TryTakeReadable(out token))
                    return true;
                int left = milliseconds < 0 ? milliseconds : (int)Math.Max(0, deadline - Environment.TickCount64);
                if (!_stopped && left != 0 && Monitor.Wait(_lock, left))
                    continue;
                token = 0;
                return false;
            }
        }
    }

    /// <summary>Reports readable eventfds, one at a time, on its own thread, until <see cref="Stop"/>.</summary>
    /// <param name="readable">Called with the token, under no lock.</param>
    public Thread Poll(Action<int> readable)
    {
        ArgumentNullException.ThrowIfNull(readable);
        var thread = new Thread(() =>
        {
            while (!_stopped)
            {
                if (WaitReadable(Timeout.Infinite, out int token))
                    readable(token);
            }
        })
        { IsBackground = true, Name = "simulated poll" };
        thread.Start();
        return thread;
    }

    /// <summary>Wakes all waiting threads, permanently.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>A device writes an eventfd; see <see cref="SimulatedEventFds.WriteByDevice"/>.</summary>
    public void WriteByDevice(EventFd fd) => Do(k => k.EventFds.WriteByDevice(fd));

    /// <inheritdoc/>
    public void Commit(ReadOnlySpan<KernelRoute> routes)
    {
        lock (_lock)
        {
            kernel.Commit(routes);
            kernel.Settle();
            Monitor.PulseAll(_lock);
        }
    }

    /// <inheritdoc/>
    public void Bind(int gsi, EventFd trigger, EventFd resample) => Do(k => k.Bind(gsi, trigger, resample));

    /// <inheritdoc/>
    public void Unbind(int gsi, EventFd trigger) => Do(k => k.Unbind(gsi, trigger));

    /// <inheritdoc/>
    public bool Signal(InterruptMessage message) => Do(k => k.Signal(message));

    /// <inheritdoc/>
    public void SetLine(int gsi, bool asserted) => Do(k => k.SetIrqLine(gsi, asserted));

    /// <inheritdoc/>
    public void RaiseExtInt(int cpu, byte vector) => Do(k => k.RaiseExtInt(cpu, vector));

    /// <inheritdoc/>
    public void Watch(EventFd trigger, int token) => Do(k => k.Watch(trigger, token));

    /// <inheritdoc/>
    public void Unwatch(EventFd trigger) => Do(k => k.Unwatch(trigger));

    /// <inheritdoc/>
    public bool Read(EventFd trigger) => Do(k => k.Read(trigger));

    /// <inheritdoc/>
    public bool IsReadable(EventFd trigger) => Do(k => k.IsReadable(trigger));

    /// <inheritdoc/>
    public void Write(EventFd fd) => Do(k => k.Write(fd));
}
