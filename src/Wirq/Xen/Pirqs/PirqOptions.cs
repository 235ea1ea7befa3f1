namespace Wirq.Xen;

/// <summary>One domain, as its PIRQs see it. A domain of the event channels without such options has none of this.</summary>
public sealed record PirqDomainOptions
{
    /// <summary>Its id.</summary>
    public required ushort Id { get; init; }
    /// <summary>Whether an HVM domain may route its emulated interrupts to event channels
    /// (<c>XENFEAT_hvm_pirqs</c>). A PVH domain has no such thing, dom0 included.</summary>
    public bool RoutesPirqs { get; init; }
    /// <summary>Whether it is the hardware domain: it owns all devices at first, and has access to all GSIs.</summary>
    public bool IsHardware { get; init; }
    /// <summary>Whether devices can be passed to it.</summary>
    public bool HasIommu { get; init; } = true;
    /// <summary>The domain whose device model it is; null for none.</summary>
    public ushort? Serves { get; init; }
    /// <summary>How many GSIs it sees, 16 to <see cref="PirqOptions.MaxGsis"/>.</summary>
    public int Gsis { get; init; } = 48;
}

/// <summary>A PCI device of the machine.</summary>
/// <param name="Address">Segment (bits 31:16), bus (15:8), device (7:3), function (2:0).</param>
public readonly record struct XenPciDevice(uint Address);

/// <summary>How PIRQs are built.</summary>
public sealed record PirqOptions
{
    /// <summary>The most GSIs of the machine or of a guest.</summary>
    public const int MaxGsis = 256;
    /// <summary>The most interrupts of devices that send messages.</summary>
    public const int MaxMessageIrqs = 4096;
    /// <summary>The most bindings of one domain.</summary>
    public const int MaxBindings = 1024;
    /// <summary>The most devices.</summary>
    public const int MaxDevices = 256;

    /// <summary>Whose hypervisor it is.</summary>
    public XenProfile Profile { get; init; }
    /// <summary>Which version of Xen.</summary>
    public XenVersion Version { get; init; }
    /// <summary>How many GSIs the machine has, 16 to <see cref="MaxGsis"/>: those of its I/OAPICs.</summary>
    public int Gsis { get; init; } = 24;
    /// <summary>How many interrupts of devices that send messages fit, 1 to <see cref="MaxMessageIrqs"/>.</summary>
    public int MessageIrqs { get; init; } = 64;
    /// <summary>How many bindings of passed-through interrupts a domain can have, 1 to <see cref="MaxBindings"/>.</summary>
    public int Bindings { get; init; } = 64;
    /// <summary>The domains about which there is more to say than that they exist.</summary>
    public IReadOnlyList<PirqDomainOptions> Domains { get; init; } = [];
    /// <summary>The PCI devices of the machine; at first all are the hardware domain's.</summary>
    public IReadOnlyList<XenPciDevice> Devices { get; init; } = [];

    /// <summary>The hardware domain; null for none.</summary>
    internal PirqDomainOptions? Hardware => Domains.FirstOrDefault(domain => domain.IsHardware);

    /// <summary>The domain that has a device which nobody else has.</summary>
    internal ushort DeviceOwner => Hardware?.Id ?? 0;

    /// <summary>How many interrupts there are: GSIs, then those of messages.</summary>
    internal int Irqs => Gsis + MessageIrqs;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionException">One is outside its range.</exception>
    public void Validate() => Validate(OptionCheck.Whole);

    internal void Validate(OptionCheck check)
    {
        check.Defined(Profile);
        check.Defined(Version);
        check.Range(Gsis, 16, MaxGsis);
        check.Range(MessageIrqs, 1, MaxMessageIrqs);
        check.Range(Bindings, 1, MaxBindings);
        check.Present(Domains);
        check.Present(Devices);
        check.Range(Devices.Count, 0, MaxDevices);
        check.That(Devices.Distinct().Count() == Devices.Count, $"{Devices.Count} devices", "devices of different addresses", nameof(Devices));
        for (int i = 0; i < Domains.Count; i++)
        {
            check.Present(Domains[i], $"{nameof(Domains)}[{i}]");
            OptionCheck own = check.Of($"{nameof(Domains)}[{i}]");
            ushort id = Domains[i].Id;
            own.That(Domains.Take(i).All(other => other.Id != id), $"{id}", "an id that no other one has", nameof(PirqDomainOptions.Id));
            own.Range(Domains[i].Gsis, 16, MaxGsis, nameof(PirqDomainOptions.Gsis));
        }
        check.That(Domains.Count(domain => domain.IsHardware) <= 1, "several hardware domains", "at most one", nameof(Domains));
    }

    /// <summary>As the other, and that each domain is one of the event channels.</summary>
    internal void Validate(OptionCheck check, EventChannelOptions channels)
    {
        Validate(check);
        for (int i = 0; i < Domains.Count; i++)
        {
            (OptionCheck own, PirqDomainOptions domain) = (check.Of($"{nameof(Domains)}[{i}]"), Domains[i]);
            own.That(channels.Domains.Any(other => other.Id == domain.Id), $"{domain.Id}", "the id of a domain of the event channels", nameof(PirqDomainOptions.Id));
            own.That(domain.Serves is not { } served || channels.Domains.Any(other => other.Id == served), $"{domain.Serves}",
                "the id of a domain of the event channels", nameof(PirqDomainOptions.Serves));
        }
    }
}
