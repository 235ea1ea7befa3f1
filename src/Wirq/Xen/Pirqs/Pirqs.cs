using Wirq.Events;
using Wirq.State;

namespace Wirq.Xen;

/// <summary>The PIRQs of all domains of a Xen hypervisor: what they are mapped to, who has access to which interrupt of the
/// machine, and how the machine's pins are set up.</summary>
/// <remarks>
/// Pure and synchronous, as <see cref="EventChannels"/>, whose queue it uses. Its owner passes the hypercalls
/// <c>physdev_op</c> of the domains. All state lies in an arena.
/// <para>A PIRQ is a number of the domain's own. It stands for an interrupt of the machine (a GSI, or one of a device's
/// messages), for a GSI of the domain's emulated machine, or for messages of its emulated devices. It reaches the guest by
/// the event channel that the guest bound to it; one of the machine may also reach it by an emulated line or message, by
/// <see cref="Passthrough"/>.</para>
/// </remarks>
public sealed partial class Pirqs : IPirqPorts
{
    private readonly IPirqGuests _guests;
    private readonly PirqDomain[] _domains;
    private readonly Block<MachineIrq> _irqs;
    private readonly Block<DeviceState> _devices;
    private readonly PirqTranslator?[] _translators;

    /// <summary>Makes domains without PIRQs, and a machine whose pins are not set up.</summary>
    /// <param name="options">How.</param>
    /// <param name="channels">The event channels of all domains.</param>
    /// <param name="guests">The machines of the HVM domains.</param>
    /// <param name="arena">Where the state goes.</param>
    /// <exception cref="OptionException">The options are invalid. Nothing was built.</exception>
    public Pirqs(PirqOptions options, EventChannels channels, IPirqGuests guests, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(channels);
        ArgumentNullException.ThrowIfNull(guests);
        ArgumentNullException.ThrowIfNull(arena);
        options.Validate(OptionCheck.Whole, channels.Options);
        (Options, Channels, _guests) = (options, channels, guests);
        _domains = [.. channels.Options.Domains.Select(domain => new PirqDomain(channels.The(domain.Id),
            options.Domains.FirstOrDefault(own => own.Id == domain.Id) ?? new PirqDomainOptions { Id = domain.Id }, options, arena))];
        _irqs = arena.Reserve<MachineIrq>(options.Irqs);
        _devices = arena.Reserve<DeviceState>(Math.Max(1, options.Devices.Count));
        _translators = new PirqTranslator?[_domains.Length];
        ushort owner = options.DeviceOwner;
        foreach (ref DeviceState device in _devices.Span)
            device.Domain = owner;
        channels.PirqPorts = this;
    }

    /// <summary>How it was built.</summary>
    public PirqOptions Options { get; }
    /// <summary>The event channels.</summary>
    public EventChannels Channels { get; }

    private EventBuffer Events => Channels.Events;

    internal PirqDomain? Find(uint id) => Channels.Find(id) is { } domain ? _domains[domain.Index] : null;

    internal PirqDomain? Find(PirqDomain caller, ushort id) => id == XenDomainOptions.SelfId ? caller : Find(id);

    /// <summary>A domain that the owner names.</summary>
    internal PirqDomain The(ushort domain) => _domains[Channels.The(domain).Index];

    internal ref MachineIrq Machine(int irq) => ref _irqs[irq];

    /// <summary>Whether a domain may act for another: itself, the one whose device model it is, or as a privileged
    /// one.</summary>
    internal static bool MayServe(PirqDomain caller, PirqDomain other) =>
        caller == other || caller.IsPrivileged || caller.Options.Serves == other.Id;

    /// <summary>The PIRQ of an interrupt of the machine in a domain.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="irq">The interrupt, a GSI or one of messages.</param>
    /// <returns>The PIRQ; 0 for none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain or interrupt.</exception>
    public int PirqOf(ushort domain, int irq)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)irq, (uint)Options.Irqs, nameof(irq));
        return The(domain).Irq(irq).Pirq;
    }

    /// <summary>Whether a domain has access to an interrupt of the machine; false if there is none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public bool HasAccess(ushort domain, int irq) => The(domain).HasAccess(irq);

    /// <summary>Whether a pin of the machine was set up, and how.</summary>
    /// <param name="gsi">Its GSI, 0 to <see cref="PirqOptions.Gsis"/> - 1.</param>
    /// <param name="level">Whether it is level-triggered.</param>
    /// <param name="activeLow">Whether it is active low.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such GSI.</exception>
    public bool IsSetUp(int gsi, out bool level, out bool activeLow)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)gsi, (uint)Options.Gsis, nameof(gsi));
        ref MachineIrq irq = ref _irqs[gsi];
        (level, activeLow) = (irq.Level != 0, irq.ActiveLow != 0);
        return irq.Configured != 0;
    }

    // --- devices

    /// <summary>The place of a device; -1 if there is none.</summary>
    internal int DeviceAt(uint address)
    {
        for (int i = 0; i < Options.Devices.Count; i++)
        {
            if (Options.Devices[i].Address == address && _devices[i].Removed == 0)
                return i;
        }
        return -1;
    }

    internal ref DeviceState Device(int place) => ref _devices[place];

    /// <summary>Tells what is not as at the start: who has access to an interrupt (or domain 0 no access), and which pins were
    /// set up.</summary>
    internal void Describe(Action<ushort, int> access, Action<int> setUp)
    {
        for (int irq = 1; irq < Options.Irqs; irq++)
        {
            if (_irqs[irq].Configured != 0)
                setUp(irq);
            foreach (PirqDomain domain in _domains)
            {
                if (domain.HasAccess(irq) != (domain.Id == 0))
                    access(domain.Id, irq);
            }
        }
    }

    // --- what others hear

    internal void Tell(EventKind kind, PirqDomain domain, int irq, int pirq, PirqDomain caller, XenError answer, bool emulated = false)
    {
        if (Events.Observing)
            Events.Observe(new XenPirqCall(domain.Id, irq, pirq, caller.Id, answer, emulated).ToEvent(kind));
    }

    /// <summary>A domain gets or loses access.</summary>
    internal void SetAccess(PirqDomain domain, int irq, bool granted, ushort caller, bool byMapping)
    {
        domain.Irq(irq).Access = granted ? (byte)1 : (byte)0;
        if (Events.Observing)
            Events.Observe(new XenAccessChanged(domain.Id, irq, granted, caller, XenError.None, byMapping).ToEvent());
    }
}

/// <summary>Hears that a PIRQ got an event channel, or lost it.</summary>
internal interface IPirqPorts
{
    /// <summary>The port of a PIRQ changed.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="pirq">The PIRQ.</param>
    void PortChanged(XenDomain domain, uint pirq);
}
