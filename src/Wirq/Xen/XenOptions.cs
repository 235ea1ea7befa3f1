using Wirq.Routing;

namespace Wirq.Xen;

/// <summary>What makes a machine an HVM domain of a Xen hypervisor: its event channels, those of the domains that it talks
/// to, and how its vCPUs hear of events.</summary>
public sealed record XenOptions
{
    /// <summary>The event channels of all domains.</summary>
    public required EventChannelOptions Channels { get; init; }
    /// <summary>The id of the domain whose machine this is; an HVM domain with at most as many vCPUs as there are local
    /// APICs.</summary>
    public required ushort Domain { get; init; }
    /// <summary>When the line of its callback is looked at.</summary>
    public CallbackPolicy Policy { get; init; }
    /// <summary>Whether it has the PCI lines of Xen (<see cref="XenPciLines"/>), by which a callback can come as
    /// INTx.</summary>
    public bool HasPciLines { get; init; }

    /// <summary>The PIRQs of all domains; null for none.</summary>
    public PirqOptions? Pirqs { get; init; }

    /// <summary>The options of the domain whose machine this is.</summary>
    internal XenDomainOptions Own => Channels.Domains.First(domain => domain.Id == Domain);

    /// <summary>How many sources it needs: two of the callback, and those of the PCI lines.</summary>
    internal int Sources => 2 + (HasPciLines ? XenPciLines.Sources : 0);

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionException">One is outside its range.</exception>
    internal void Validate(OptionCheck check, FabricOptions machine)
    {
        check.Present(Channels);
        Channels.Validate(check.Of(nameof(Channels)));
        check.Defined(Policy);
        Pirqs?.Validate(check.Of(nameof(Pirqs)), Channels);
        XenDomainOptions? own = Channels.Domains.FirstOrDefault(domain => domain.Id == Domain);
        check.That(own is { IsHvm: true } && own.Vcpus <= machine.LocalApics.Count, $"{Domain}",
            $"the id of an HVM domain of at most {machine.LocalApics.Count} vCPUs, as there are local APICs", nameof(Domain));
        check.That(machine.Routing?.Kernel is null, "a machine with a kernel", "local APICs in the machine: without them its vCPUs hear of no event", nameof(Domain));
        check.That(Pirqs is null || own!.Pirqs <= 256 || machine.Format == MsiFormat.KvmHighAddress, $"{own!.Pirqs} PIRQs and format {machine.Format}",
            $"at most 256 PIRQs, or {MsiFormat.KvmHighAddress}: a message names a larger PIRQ in the upper half of its address", nameof(Pirqs));
        if (HasPciLines)
            check.That(machine.GsiCount >= XenPciLines.GsiCount, $"{machine.GsiCount} GSIs", $"{XenPciLines.GsiCount} or more", nameof(HasPciLines));
        check.That(machine.Sources >= Sources + (machine is { IntrAtPinZero: true, Pic: not null } ? 1 : 0), $"{machine.Sources} sources", $"more: {Sources} are the callback's and the PCI lines'", nameof(HasPciLines));
    }
}
