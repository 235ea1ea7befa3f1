using Wirq.Events;
using Wirq.State;

namespace Wirq.Xen;

/// <summary>The part of a machine that makes it an HVM domain: <see cref="FabricOptions.Xen"/>.</summary>
/// <remarks>Its state is the machine's, and its effects are in the machine's queue. Guest words are not: they are in <see
/// cref="Fabric.XenPages"/>.</remarks>
public sealed class XenMachine : IPirqGuests
{
    private readonly Fabric _fabric;

    internal XenMachine(XenOptions options, Fabric fabric)
    {
        _fabric = fabric;
        Domain = options.Domain;
        Channels = new EventChannels(options.Channels, new MachinePages(fabric), fabric.Arena, fabric.Events);
        Lines = options.HasPciLines ? new XenPciLines(fabric, fabric.Arena) : null;
        Callback = new XenCallback(fabric, Channels, Domain, Lines, options.Policy, fabric.Arena) { Profile = options.Pirqs?.Profile ?? XenProfile.Xen };
        if (options.Pirqs is null)
            return;
        Pirqs = new Pirqs(options.Pirqs, Channels, this, fabric.Arena);
        Pirqs.Connect(fabric, Domain);
    }

    /// <summary>The id of the domain whose machine this is.</summary>
    public ushort Domain { get; }
    /// <summary>The event channels of all domains.</summary>
    public EventChannels Channels { get; }
    /// <summary>How the vCPUs of the domain hear of events.</summary>
    public XenCallback Callback { get; }
    /// <summary>The PCI lines; null for none.</summary>
    public XenPciLines? Lines { get; }
    /// <summary>The PIRQs of all domains; null for none.</summary>
    public Pirqs? Pirqs { get; }

    // Of other domains nothing is known here: they may not map PIRQs for themselves.
    CallbackVia IPirqGuests.CallbackOf(ushort domain) => domain == Domain ? Callback.Via : default;
    bool IPirqGuests.IsAsserted(ushort domain, int gsi) => domain == Domain && gsi < _fabric.Gsis.Count && _fabric.Lines.IsAsserted(gsi);
    int IPirqGuests.RouteOf(ushort domain, int link) => domain == Domain && Lines is not null ? Lines.RouteOf(link) : 0;

    /// <summary>Moves the state as fields of a snapshot. The lines of the machine are moved already.</summary>
    internal void Move(Fields f)
    {
        f.Group("channels", () => Channels.Move(f));
        if (Pirqs is not null)
            f.Group("pirqs", () => Pirqs.Move(f));
        if (Lines is not null)
            f.Group("pciLines", () => Lines.Move(f));
        f.Group("callback", () => Callback.Move(f));
    }

    /// <summary>The machine is reset: its domain begins a new life.</summary>
    internal void Reset()
    {
        Callback.Reset();
        Pirqs?.StartAnew(Domain);
        Channels.StartAnew(Domain);
    }

    /// <summary>A passed-through device sends its guest's message.</summary>
    /// <returns>Whether it is to this machine.</returns>
    internal bool TakeMessage(in Event effect)
    {
        if (effect.Unit != Domain)
            return false;
        _fabric.SendOfXen(effect.Message);
        return true;
    }

    /// <summary>A vCPU hears of an upcall.</summary>
    /// <returns>Whether it is one of this machine.</returns>
    internal bool TakeUpcall(in XenUpcall upcall)
    {
        if (upcall.Domain != Domain)
            return false;
        Callback.Upcall(upcall.Vcpu);
        return true;
    }

    /// <summary>The pages that the machine has at the moment.</summary>
    private sealed class MachinePages(Fabric fabric) : IXenPages
    {
        public Span<byte> SharedInfo(ushort domain) => fabric.XenPages.SharedInfo(domain);
        public Span<byte> Page(ushort domain, ulong frame) => fabric.XenPages.Page(domain, frame);
    }
}
