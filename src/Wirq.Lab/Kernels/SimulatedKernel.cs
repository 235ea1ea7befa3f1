using Wirq.Events;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Kernels;

/// <summary>A kernel that owns chips of a machine, with the semantics of KVM: which calls its ioctls accept and refuse,
/// which reader consumes an eventfd and when, and which EOIs exit to userspace. It runs no guest; <see cref="Take"/>
/// and <see cref="Eoi"/> are the actions of a guest.</summary>
/// <remarks>
/// <para>docs/kernels.md lists every semantic, with its test.</para>
/// <para>Deterministic and single-threaded (<see cref="LockedKernel"/> is for several threads). Work that Linux does in
/// a work queue waits here for <see cref="Settle"/> or <see cref="RunPendingWork()"/>. All state is in the
/// <see cref="StateArena"/>s of this object and of <see cref="EventFds"/>, except the figures.</para>
/// <para>Known differences. The EOIs that exit are computed when routes change; KVM computes them when the CPU next
/// enters its guest. A message route always injects within the write; KVM defers to the work queue if its destination
/// map has no answer. Not modelled: the coalesced-EOI tracking of the real-time clock's pin, KVM_IRQ_LINE_STATUS, Xen
/// and Hyper-V routes, posted interrupts, the PIT, MSI device ids (x86 has none).</para>
/// <para>Sources: measurements on Linux 6.18; virt/kvm/eventfd.c, virt/kvm/irqchip.c, arch/x86/kvm/irq_comm.c,
/// ioapic.c, lapic.c, x86.c.</para>
/// </remarks>
public sealed partial class SimulatedKernel : IKernelPort, IEventPort
{
    private const int PicPins = 16, IoApicPins = 24;
    private readonly (int Start, int Count) _region;
    private readonly StateArena _arena;
    private readonly EventBuffer _events = new() { WakeUps = false };
    private readonly LocalApics? _apics;
    private readonly IoApic? _ioApic;
    private readonly PicPair? _pic;
    private readonly Block<RouteState> _routes;
    private readonly Block<IrqfdState> _irqfds;
    private readonly Block<PinState> _pins;
    private readonly Block<ResamplerState> _resamplers;
    private readonly Block<CpuState> _cpus;
    private readonly RouteState[] _table;

    /// <summary>Creates a machine in its reset state.</summary>
    /// <param name="options">How it is built.</param>
    /// <param name="eventFds">The eventfds of its host; several machines may share them.</param>
    /// <param name="arena">The arena for its state.</param>
    /// <exception cref="ArgumentException">The options are invalid.</exception>
    public SimulatedKernel(SimulatedKernelOptions options, SimulatedEventFds eventFds, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(eventFds);
        ArgumentNullException.ThrowIfNull(arena);
        options.Validate();
        Options = options;
        EventFds = eventFds;
        _arena = arena;
        int start = arena.Count;
        bool full = options.Kind == KernelKind.Full;
        if (options.Kind != KernelKind.None)
            _apics = new LocalApics(ApicsOf(options), arena);
        if (full)
        {
            AckPolicy ack = options.Behaviour.ResamplesAtUnmask ? AckPolicy.EoiAndUnmask : AckPolicy.Eoi;
            _ioApic = new IoApic(new IoApicOptions
            {
                Pins = IoApicPins, Version = 0x11, WideEntries = false, Profile = Profile.Kvm, Ack = ack,
            }, arena);
            _pic = new PicPair(new PicOptions { Profile = Profile.Kvm, Ack = AckPolicy.Eoi }, arena);
        }
        _routes = arena.Reserve<RouteState>(options.Routes);
        _irqfds = arena.Reserve<IrqfdState>(eventFds.Capacity);
        _pins = arena.Reserve<PinState>(full ? PicPins + IoApicPins : 1);
        _resamplers = arena.Reserve<ResamplerState>(full ? options.Routes : 1);
        _cpus = arena.Reserve<CpuState>(options.Cpus);
        _region = (start, arena.Count - start);
        _table = new RouteState[options.Routes];
        Limits = new KernelLimits
        {
            Routes = options.Routes,
            ReservedGsis = options.Kind == KernelKind.Split ? options.ReservedGsis : 0,
            HasIrqfd = options.Kind != KernelKind.None,
            OwnsIoApic = full,
            ConsumesFirst = options.Behaviour.ConsumesFirst,
        };
        Figures = new KernelFigures(options.Routes);
        eventFds.Join(this);
        if (full)
            CommitDefaultRoutes();
    }

    /// <summary>How it was built.</summary>
    public SimulatedKernelOptions Options { get; }
    /// <summary>The eventfds of its host.</summary>
    public SimulatedEventFds EventFds { get; }
    /// <inheritdoc/>
    public KernelLimits Limits { get; }
    /// <summary>Its counters since its creation.</summary>
    internal KernelFigures Figures { get; }

    /// <summary>Receives <see cref="EventKind.VirqServed"/> for eventfds of a virq (see
    /// <see cref="SimulatedEventFds.Create"/>), the observations of the chips, and signals to CPUs besides vectors;
    /// null for none.</summary>
    public EventBuffer? Observer { get; set; }

    /// <summary>Virtual time in nanoseconds; see <see cref="Advance"/>.</summary>
    public long Now => _events.Now;

    /// <summary>Takes over the state of a machine that was built in the same way. The state of the eventfds is copied
    /// separately.</summary>
    /// <exception cref="ArgumentException">The layouts differ.</exception>
    public void CopyFrom(SimulatedKernel other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _arena.CopyFrom(other._arena, other._region.Start, _region.Start, _region.Count);
        Copied(other);
    }

    /// <summary>The arena was copied from that of another machine: copies the rest.</summary>
    internal void Copied(SimulatedKernel other) => _events.CopyFrom(other._events);

    /// <summary>The arena was restored. Between two calls nothing waits in its own queue.</summary>
    internal void Restored(long now)
    {
        _events.Clear();
        _events.Now = now;
    }

    private static LocalApicOptions ApicsOf(SimulatedKernelOptions options) => new()
    {
        Count = options.Cpus,
        Ids = options.ApicIds,
        Profile = Profile.Kvm,
        // KVM advertises directed EOI if its own I/OAPIC, which has no EOI register, is absent (lapic.c,
        // kvm_apic_set_version).
        SuppressEoiBroadcast = options.Kind == KernelKind.Split
            && (options.X2ApicApi & SimulatedX2ApicApi.DisableSuppressEoi) == 0,
        WideIds = (options.X2ApicApi & SimulatedX2ApicApi.Use32BitIds) != 0,
        ByteBroadcastQuirk = (options.X2ApicApi & SimulatedX2ApicApi.DisableBroadcastQuirk) == 0,
    };

    private static CpuSignals SignalOf(EventKind kind) => kind switch
    {
        EventKind.CpuNmi => CpuSignals.Nmi,
        EventKind.CpuSmi => CpuSignals.Smi,
        EventKind.CpuInit => CpuSignals.Init,
        _ => CpuSignals.StartUp,
    };

    private bool Has(KernelDefects defect) => (Options.Defects & defect) != 0;

    private bool Told => Observer is { Observing: true };

    /// <summary>From here on, the chips are observed if there is an observer.</summary>
    private void Begin() => _events.Observing = Told;

    /// <summary>Carries out the effects of the chips.</summary>
    private void Drain()
    {
        bool rescan = false;
        while (_events.TryTake(out Event next))
        {
            switch (next.Kind)
            {
                case EventKind.EoiBroadcast:
                    // Userspace hears of no other EOI than those that exit. But the laws follow the kernel's own I/OAPIC.
                    if (_ioApic is not null && Told)
                        Observer!.Observe(next);
                    BroadcastEoi(next.Cpu, next.Vector);
                    break;
                case EventKind.Deliver:
                    SendOfPin(next.Pin, next.Msi);
                    break;
                case EventKind.RouteChanged:
                    rescan = true;
                    break;
                case EventKind.CpuNmi or EventKind.CpuSmi or EventKind.CpuInit or EventKind.CpuStartUp:
                    _cpus[next.Cpu].Signals |= SignalOf(next.Kind);
                    Observer?.Observe(next);
                    break;
                default:
                    // No kernel tells the levels of its pins, and what its resamplers drive is no source of the fabric.
                    if (!next.IsEffect && next.Kind is not (EventKind.PinChanged or EventKind.PicPinChanged))
                        Observer?.Observe(next);
                    break;
            }
        }
        if (rescan)
            Scan();
    }
}
