using Wirq.Host;

namespace Wirq.Lab.Kernels;

/// <summary>Adds a simulated kernel to a machine that is being built.</summary>
public static class SimulatedHostBuilder
{
    /// <summary>Uses a simulated kernel that owns the local APICs, and a thread that polls its eventfds. Both are
    /// disposed of with the machine.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="prepare">Called with the kernel before any other code uses it. It enables local APICs.</param>
    /// <param name="options">How the kernel is built. If omitted: a split irqchip for one CPU that reserves as many
    /// GSIs as the machine needs.</param>
    /// <param name="eventFds">The highest number of eventfds, 1 to <see cref="SimulatedEventFds.MaxCapacity"/>.</param>
    /// <exception cref="InvalidOperationException">There is a kernel already, or there are eventfds.</exception>
    /// <remarks>An exception of <see cref="FabricHost.EventArrived"/> ends the poll. It is thrown when the machine is
    /// disposed.</remarks>
    public static FabricHostBuilder UseSimulatedKernel(this FabricHostBuilder builder, Action<LockedKernel>? prepare = null,
        SimulatedKernelOptions? options = null, int eventFds = 64)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThan(eventFds, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(eventFds, SimulatedEventFds.MaxCapacity);
        options?.Validate();
        LockedKernel? kernel = null;
        return builder
            .UseKernel(parts =>
            {
                kernel = LockedKernel.Create(options ?? new() { ReservedGsis = parts.ReservedGsis }, eventFds);
                prepare?.Invoke(kernel);
                return kernel;
            })
            .UseEventFds(parts =>
            {
                parts.Own(new PollThread(kernel!, parts.EventArrived));
                return kernel!;
            }, create: _ => kernel!.CreateEventFd());
    }

    /// <summary>Reports readable eventfds until it is disposed.</summary>
    private sealed class PollThread : IDisposable
    {
        private readonly LockedKernel _kernel;
        private readonly Thread _thread;
        private Exception? _failure;

        internal PollThread(LockedKernel kernel, Action<int> readable)
        {
            _kernel = kernel;
            _thread = kernel.Poll(token =>
            {
                try
                {
                    readable(token);
                }
                // No caller above this frame can catch it, so Dispose throws it.
                catch (Exception failure)
                {
                    _failure = failure;
                    kernel.Stop();
                }
            });
        }

        public void Dispose()
        {
            _kernel.Stop();
            // A handler may dispose of its machine, so this may be the poll thread itself.
            if (Thread.CurrentThread != _thread)
                _thread.Join();
            if (Interlocked.Exchange(ref _failure, null) is { } failure)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }
}
