using Wirq.Host;

namespace Wirq.Lab.Kernels;

/// <summary>Puts a simulated kernel under a machine that is being built.</summary>
public static class SimulatedHostBuilder
{
    /// <summary>A simulated kernel owns the local APICs, and a thread polls its eventfds; both go with the machine that is
    /// built.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="prepare">Given the kernel, before anything else has it: enables local APICs.</param>
    /// <param name="options">How the kernel is built; where left out, a split irqchip for one CPU that reserves as many GSIs as
    /// the machine needs.</param>
    /// <param name="eventFds">How many eventfds there can be, 1 to <see cref="SimulatedEventFds.MaxCapacity"/>.</param>
    /// <exception cref="InvalidOperationException">There is a kernel already, or there are eventfds.</exception>
    /// <remarks>An exception of <see cref="FabricHost.EventArrived"/> ends the poll, and is thrown when the machine is
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

    /// <summary>Tells what is readable until it is disposed.</summary>
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
                // Nothing above this frame would ever hear of it: it is kept for Dispose.
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
            // A handler may dispose of its machine.
            if (Thread.CurrentThread != _thread)
                _thread.Join();
            if (Interlocked.Exchange(ref _failure, null) is { } failure)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }
}
