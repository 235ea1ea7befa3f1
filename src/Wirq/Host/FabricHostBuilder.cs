using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>Builds a <see cref="FabricHost"/> with what it stands on: a kernel, eventfds, CPUs, memory, observers.</summary>
/// <remarks>
/// <para>Nothing is made before <see cref="Build"/>, which checks the options first, then makes the kernel, then eventfds,
/// then the machine. Where one of them fails, what was made before is disposed of.</para>
/// <para><c>UseKvm</c> of Wirq.Linux and <c>UseSimulatedKernel</c> of Wirq.Lab put a whole host under it in one
/// call.</para>
/// <para>A builder builds once, and belongs to one thread.</para>
/// </remarks>
public sealed class FabricHostBuilder
{
    private readonly FabricOptions _options;
    private readonly List<Func<Fabric, IEventObserver>> _observers = [];
    private Func<HostParts, IKernelPort>? _kernel;
    private Func<HostParts, IEventPort>? _eventFds;
    private Func<HostParts, EventFd>? _create;
    private bool _edgeTriggered, _isBuilt;
    private ICpuPort? _cpus;
    private IAckPort? _acks;
    private IGuestMemory? _memory;

    /// <summary>Begins a machine.</summary>
    /// <param name="options">How it is built. Where there is a kernel, <see cref="RoutingOptions.Kernel"/> is what that
    /// kernel can do, unless it stands here: then it may ask for less. Where <see cref="FabricOptions.Routing"/> is null
    /// besides, virqs get their routes with their first interrupt (<see cref="RoutingOptions.BatchDelay"/> 0), so that
    /// nobody has to call <see cref="FabricHost.Advance"/> for them.</param>
    public FabricHostBuilder(FabricOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
    }

    /// <summary>A kernel owns the local APICs. It stays its owner's.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <exception cref="InvalidOperationException">There is a kernel already.</exception>
    public FabricHostBuilder UseKernel(IKernelPort kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return UseKernel(_ => kernel);
    }

    /// <summary>A kernel owns the local APICs, and is made when the machine is built.</summary>
    /// <param name="make">Makes it. What is to go with the machine, it gives to <see cref="HostParts.Own"/>.</param>
    /// <exception cref="InvalidOperationException">There is a kernel already.</exception>
    public FabricHostBuilder UseKernel(Func<HostParts, IKernelPort> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return Once(ref _kernel, make, "a kernel");
    }

    /// <summary>Somebody polls, reads and writes eventfds. It stays its owner's, who brings <see
    /// cref="FabricHost.EventArrived"/> what the poll tells.</summary>
    /// <param name="eventFds">Who does.</param>
    /// <param name="edgeTriggered">Whether the poll tells of an eventfd once for each write, not for as long as it is
    /// readable. Only then can an eventfd stay in the poll while a kernel serves it (<see
    /// cref="KernelLimits.ConsumesFirst"/>).</param>
    /// <exception cref="InvalidOperationException">There are eventfds already.</exception>
    public FabricHostBuilder UseEventFds(IEventPort eventFds, bool edgeTriggered)
    {
        ArgumentNullException.ThrowIfNull(eventFds);
        return UseEventFds(_ => eventFds, edgeTriggered);
    }

    /// <summary>Somebody polls, reads and writes eventfds, and is made when the machine is built.</summary>
    /// <param name="make">Makes it; the kernel is there. It tells <see cref="HostParts.EventArrived"/> what has become
    /// readable.</param>
    /// <param name="edgeTriggered">Whether the poll tells of an eventfd once for each write.</param>
    /// <param name="create">Makes an eventfd for <see cref="HostMachine.CreateEventFd"/>; null where that cannot be.</param>
    /// <exception cref="InvalidOperationException">There are eventfds already.</exception>
    public FabricHostBuilder UseEventFds(Func<HostParts, IEventPort> make, bool edgeTriggered = false, Func<HostParts, EventFd>? create = null)
    {
        ArgumentNullException.ThrowIfNull(make);
        Once(ref _eventFds, make, "eventfds");
        (_edgeTriggered, _create) = (edgeTriggered, create);
        return this;
    }

    /// <summary>Somebody runs the CPUs, and hears what wakes them.</summary>
    /// <exception cref="InvalidOperationException">There are CPUs already.</exception>
    public FabricHostBuilder UseCpus(ICpuPort cpus)
    {
        ArgumentNullException.ThrowIfNull(cpus);
        return Once(ref _cpus, cpus, "CPUs");
    }

    /// <summary>Somebody hears acknowledges of sources that the host did not make: <see cref="FabricPorts.Acks"/>.</summary>
    /// <exception cref="InvalidOperationException">There is somebody already.</exception>
    public FabricHostBuilder UseAcks(IAckPort acks)
    {
        ArgumentNullException.ThrowIfNull(acks);
        return Once(ref _acks, acks, "somebody who hears acknowledges");
    }

    /// <summary>The guest's memory: tables of remapping units, and what they write.</summary>
    /// <exception cref="InvalidOperationException">There is memory already.</exception>
    public FabricHostBuilder UseMemory(IGuestMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return Once(ref _memory, memory, "memory");
    }

    /// <summary>One more observes the machine; observations are made then. Each hears all that it observes, in the order of
    /// these calls.</summary>
    public FabricHostBuilder Observe(IEventObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return Observe(_ => observer);
    }

    /// <summary>One more observes the machine, and is made when that is there: a <see cref="Laws.LawSet"/> reserves its state in <see
    /// cref="Fabric.Arena"/>.</summary>
    public FabricHostBuilder Observe(Func<Fabric, IEventObserver> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        _observers.Add(make);
        return this;
    }

    /// <summary>Builds it.</summary>
    /// <exception cref="OptionException">A field of the options is out of its range, or asks for what the kernel or the
    /// poll cannot do.</exception>
    /// <exception cref="InvalidOperationException">It was built before, or who makes a port made none.</exception>
    /// <exception cref="KernelException">The host refused something.</exception>
    public HostMachine Build()
    {
        if (_isBuilt)
            throw new InvalidOperationException("this builder has built its machine; a builder builds once");
        _options.Validate();
        if (_kernel is null && _options.Routing?.Kernel is not null)
            throw new OptionException("Routing.Kernel", "set", $"null, or a kernel by {nameof(UseKernel)}");
        _isBuilt = true;
        var parts = new HostParts(_options);
        try
        {
            IKernelPort? kernel = Make(_kernel, parts, nameof(UseKernel));
            if (kernel is not null)
                parts.Made(kernel);
            IEventPort? eventFds = Make(_eventFds, parts, nameof(UseEventFds));
            var fabric = new Fabric(kernel is null ? _options : _options with { Routing = RoutingBy(kernel.Limits) });
            if (_memory is not null)
                fabric.Memory = _memory;
            var host = new FabricHost(fabric, new FabricPorts
            {
                Kernel = kernel,
                EventFds = eventFds,
                Cpus = _cpus,
                Acks = _acks,
                Observer = ObserverOf(fabric),
            });
            parts.Built(host);
            return new HostMachine(host, parts, kernel, eventFds, _create);
        }
        catch
        {
            // What made this fail is what the caller has to hear of.
            parts.DisposeAll();
            throw;
        }
    }

    private RoutingOptions RoutingBy(KernelLimits limits)
    {
        if (_options.Routing is not { } routing)
            return new RoutingOptions { Kernel = Able(limits), BatchDelay = 0 };
        if (routing.Kernel is not { } asked)
            return routing with { Kernel = Able(limits) };
        OptionCheck check = OptionCheck.Whole.Of(nameof(FabricOptions.Routing)).Of(nameof(RoutingOptions.Kernel));
        check.Range(asked.Routes, 0, limits.Routes, nameof(asked.Routes));
        check.Range(asked.ReservedGsis, 0, limits.ReservedGsis, nameof(asked.ReservedGsis));
        check.That(asked.OwnsIoApic == limits.OwnsIoApic, $"{asked.OwnsIoApic}", $"{limits.OwnsIoApic}, as of the kernel", nameof(asked.OwnsIoApic));
        check.That(!asked.HasIrqfd || limits.HasIrqfd, "True", "False, as of the kernel", nameof(asked.HasIrqfd));
        check.That(!asked.ConsumesFirst || Able(limits).ConsumesFirst, "True",
            limits.ConsumesFirst ? "False, for the poll is level-triggered" : "False, as of the kernel", nameof(asked.ConsumesFirst));
        return routing;
    }

    /// <summary>A level-triggered poll would tell without end of a count that a kernel left in an eventfd.</summary>
    private KernelLimits Able(KernelLimits limits) => limits with { ConsumesFirst = limits.ConsumesFirst && _edgeTriggered };

    private IEventObserver? ObserverOf(Fabric fabric)
    {
        IEventObserver[] observers = [.. _observers.Select(make => Made(make(fabric), nameof(Observe)))];
        fabric.Events.Observing |= observers.Length > 0;
        return observers.Length > 1 ? new ObserverSet(observers) : observers.SingleOrDefault();
    }

    private static T? Make<T>(Func<HostParts, T>? make, HostParts parts, string by) where T : class =>
        make is null ? null : Made(make(parts), by);

    private static T Made<T>(T? made, string by) where T : class =>
        made ?? throw new InvalidOperationException($"what was given to {by} made null");

    /// <summary>Takes what there is one of.</summary>
    private FabricHostBuilder Once<T>(ref T? had, T given, string what) where T : class
    {
        if (had is not null)
            throw new InvalidOperationException($"the machine has {what} already");
        had = given;
        return this;
    }
}
