using Wirq.Remapping;
using Wirq.Routing;
using Wirq.Xen;

namespace Wirq.Host;

/// <summary>Builds a <see cref="FabricHost"/> and the parts that it needs: a kernel, eventfds, CPUs, memory,
/// observers.</summary>
/// <remarks>
/// <para>Nothing is created before <see cref="Build"/>. That method checks the options, then creates the kernel, then
/// the eventfds, then the machine. If one of them fails, the parts that were already created are disposed of.</para>
/// <para><c>UseKvm</c> of Wirq.Linux and <c>UseSimulatedKernel</c> of Wirq.Lab add a whole host in one call.</para>
/// <para>A builder builds once. It must be used from one thread.</para>
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
    private IXenPort? _xen;
    private IXenPages? _xenPages;

    /// <summary>Begins a machine.</summary>
    /// <param name="options">How it is built. If there is a kernel and <see cref="RoutingOptions.Kernel"/> is null, the
    /// limits of that kernel are used. If it is set, it may ask for less than the kernel can do, not for more. If
    /// <see cref="FabricOptions.Routing"/> is null too, virqs get their routes with their first interrupt
    /// (<see cref="RoutingOptions.BatchDelay"/> 0), so <see cref="FabricHost.Advance"/> need not be called for
    /// them.</param>
    public FabricHostBuilder(FabricOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
    }

    /// <summary>Sets the kernel that owns the local APICs. The caller still owns the port and disposes of it.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <exception cref="InvalidOperationException">There is a kernel already.</exception>
    public FabricHostBuilder UseKernel(IKernelPort kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return UseKernel(_ => kernel);
    }

    /// <summary>Sets the kernel that owns the local APICs. It is created by <see cref="Build"/>.</summary>
    /// <param name="make">Creates it. It passes everything that must be disposed of with the machine to
    /// <see cref="HostParts.Own"/>.</param>
    /// <exception cref="InvalidOperationException">There is a kernel already.</exception>
    public FabricHostBuilder UseKernel(Func<HostParts, IKernelPort> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return Once(ref _kernel, make, "a kernel");
    }

    /// <summary>Sets the port that polls, reads and writes eventfds. The caller still owns the port and disposes of it.
    /// The caller also calls <see cref="FabricHost.EventArrived"/> for each eventfd that the poll reports.</summary>
    /// <param name="eventFds">The port.</param>
    /// <param name="edgeTriggered">Whether the poll reports an eventfd once for each write, and not for as long as it
    /// is readable. Only then can an eventfd stay in the poll while a kernel serves it
    /// (<see cref="KernelLimits.ConsumesFirst"/>).</param>
    /// <exception cref="InvalidOperationException">There are eventfds already.</exception>
    public FabricHostBuilder UseEventFds(IEventPort eventFds, bool edgeTriggered)
    {
        ArgumentNullException.ThrowIfNull(eventFds);
        return UseEventFds(_ => eventFds, edgeTriggered);
    }

    /// <summary>Sets the port that polls, reads and writes eventfds. It is created by <see cref="Build"/>.</summary>
    /// <param name="make">Creates it, after the kernel. The port calls <see cref="HostParts.EventArrived"/> for each
    /// eventfd that is readable.</param>
    /// <param name="edgeTriggered">Whether the poll reports an eventfd once for each write, and not for as long as it
    /// is readable.</param>
    /// <param name="create">Creates an eventfd for <see cref="HostMachine.CreateEventFd"/>; null if that is not
    /// possible.</param>
    /// <exception cref="InvalidOperationException">There are eventfds already.</exception>
    public FabricHostBuilder UseEventFds(Func<HostParts, IEventPort> make, bool edgeTriggered = false, Func<HostParts, EventFd>? create = null)
    {
        ArgumentNullException.ThrowIfNull(make);
        Once(ref _eventFds, make, "eventfds");
        (_edgeTriggered, _create) = (edgeTriggered, create);
        return this;
    }

    /// <summary>Sets the port that runs the CPUs: it receives their interrupts, NMIs, SMIs, INITs and start-up
    /// IPIs.</summary>
    /// <exception cref="InvalidOperationException">There are CPUs already.</exception>
    public FabricHostBuilder UseCpus(ICpuPort cpus)
    {
        ArgumentNullException.ThrowIfNull(cpus);
        return Once(ref _cpus, cpus, "CPUs");
    }

    /// <summary>Sets the port that receives acknowledges of sources that the host did not create
    /// (<see cref="FabricPorts.Acks"/>).</summary>
    /// <exception cref="InvalidOperationException">There is such a port already.</exception>
    public FabricHostBuilder UseAcks(IAckPort acks)
    {
        ArgumentNullException.ThrowIfNull(acks);
        return Once(ref _acks, acks, "a port for acknowledges");
    }

    /// <summary>Sets the guest's memory: remapping units read their tables from it, and write to it.</summary>
    /// <exception cref="InvalidOperationException">There is memory already.</exception>
    public FabricHostBuilder UseMemory(IGuestMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return Once(ref _memory, memory, "memory");
    }

    /// <summary>Sets what a domain of Xen needs (<see cref="FabricOptions.Xen"/>).</summary>
    /// <param name="pages">The memory that guests share with their hypervisor.</param>
    /// <param name="others">Hears of events of other domains, and of vCPUs that leave SCHEDOP_poll; null for nobody.</param>
    /// <exception cref="InvalidOperationException">They are set already.</exception>
    public FabricHostBuilder UseXen(IXenPages pages, IXenPort? others = null)
    {
        ArgumentNullException.ThrowIfNull(pages);
        Once(ref _xenPages, pages, "pages of Xen's domains");
        _xen = others;
        return this;
    }

    /// <summary>Adds an observer, and turns observations on. Every observer receives all events that it observes, in
    /// the order in which the observers were added.</summary>
    public FabricHostBuilder Observe(IEventObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return Observe(_ => observer);
    }

    /// <summary>Adds an observer that is created after the machine, and turns observations on. One that
    /// feeds a <see cref="Laws.LawSet"/> reserves its state in <see cref="Fabric.Arena"/>.</summary>
    public FabricHostBuilder Observe(Func<Fabric, IEventObserver> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        _observers.Add(make);
        return this;
    }

    /// <summary>Builds the machine.</summary>
    /// <exception cref="OptionException">A field of the options is out of its range, or requires something that the
    /// kernel or the poll cannot do.</exception>
    /// <exception cref="InvalidOperationException">The builder was used before, or a function that creates a port
    /// returned null.</exception>
    /// <exception cref="KernelException">The host refused a call.</exception>
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
            if (_xenPages is not null)
                fabric.XenPages = _xenPages;
            var host = new FabricHost(fabric, new FabricPorts
            {
                Kernel = kernel,
                EventFds = eventFds,
                Cpus = _cpus,
                Acks = _acks,
                Xen = _xen,
                Observer = ObserverOf(fabric),
            });
            parts.Built(host);
            return new HostMachine(host, parts, kernel, eventFds, _create);
        }
        catch
        {
            // The caller must get the first failure, not one of the clean-up.
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
            limits.ConsumesFirst ? "False, because the poll is level-triggered" : "False, as of the kernel", nameof(asked.ConsumesFirst));
        return routing;
    }

    /// <summary>With a level-triggered poll, a kernel must not consume first: the poll would report forever a count
    /// that a kernel left in an eventfd.</summary>
    private KernelLimits Able(KernelLimits limits) => limits with { ConsumesFirst = limits.ConsumesFirst && _edgeTriggered };

    private IEventObserver? ObserverOf(Fabric fabric)
    {
        IEventObserver[] observers = [.. _observers.Select(make => Made(make(fabric), nameof(Observe)))];
        if (observers.Count(one => one is IHostMeter) > 1)
            throw new InvalidOperationException("the machine has metrics already");
        fabric.Events.Observing |= observers.Any(one => one is not IHostMeter);
        return observers.Length > 1 ? new ObserverSet(observers) : observers.SingleOrDefault();
    }

    private static T? Make<T>(Func<HostParts, T>? make, HostParts parts, string by) where T : class =>
        make is null ? null : Made(make(parts), by);

    private static T Made<T>(T? made, string by) where T : class =>
        made ?? throw new InvalidOperationException($"the function that was given to {by} returned null");

    /// <summary>Sets a part of which there can be only one.</summary>
    private FabricHostBuilder Once<T>(ref T? had, T given, string what) where T : class
    {
        if (had is not null)
            throw new InvalidOperationException($"the machine has {what} already");
        had = given;
        return this;
    }
}
