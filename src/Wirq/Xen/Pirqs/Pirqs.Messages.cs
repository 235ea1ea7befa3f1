using Wirq.Events;
using Wirq.Remapping;

namespace Wirq.Xen;

/// <content>PIRQs of the messages and lines of emulated devices.</content>
public sealed partial class Pirqs
{
    /// <summary>The machine of a domain gets its PIRQs: a line whose GSI is mapped goes to its event channel instead of to the
    /// I/OAPIC, and a message that names a PIRQ too, if the machine has a <see cref="PirqTranslatorOptions"/>.</summary>
    internal void Connect(Fabric fabric, ushort id)
    {
        PirqDomain domain = The(id);
        if (domain.RoutesPirqs)
            fabric.GsiOwner = new PirqGsiOwner(this, domain);
        fabric.Ports = Channels.The(id);
        foreach (IRemapper unit in fabric.Remappers)
        {
            if (unit is not PirqTranslator translator)
                continue;
            translator.Connect(this, domain, fabric);
            _translators[Channels.The(id).Index] = translator;
        }
    }

    /// <summary>A domain begins a new life: what it mapped of its own machine is gone. What the machine's tools mapped for it
    /// stays.</summary>
    internal void StartAnew(ushort id)
    {
        PirqDomain domain = The(id);
        for (int pirq = 0; pirq < domain.Count; pirq++)
        {
            if (domain[pirq].Emulation != PirqEmulation.None)
                UnmapEmulated(domain, pirq, domain);
            if (domain[pirq].Use == PirqUse.Reserved)
                domain[pirq].Use = PirqUse.None;
        }
    }

    void IPirqPorts.PortChanged(XenDomain domain, uint pirq) => _translators[domain.Index]?.End((int)pirq);

    private void EndTranslation(PirqDomain domain, int pirq) => _translators[Channels.The(domain.Id).Index]?.End(pirq);

    /// <summary>Whether a PIRQ takes messages of emulated devices. One that is nobody's does from the first message
    /// on.</summary>
    internal bool TakesMessages(PirqDomain domain, int pirq, ushort requester, bool delivering)
    {
        ref PirqState state = ref domain[pirq];
        if (state.Emulation == PirqEmulation.Message)
            return true;
        if (state.Emulation != PirqEmulation.None || state.Use is PirqUse.Mapped or PirqUse.Leaving || !delivering)
            return false;
        (state.Emulation, state.Requester) = (PirqEmulation.Message, requester);
        Tell(EventKind.XenPirqMapped, domain, XenPirqCall.Messages, pirq, domain, XenError.None, emulated: true);
        return true;
    }

    /// <summary>An emulated device is taken out of the machine of a domain: its PIRQs are nobody's. Their ports stay, and get
    /// no more events.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="requester">Bus, device and function of its messages.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public void RemoveEmulated(ushort domain, ushort requester)
    {
        PirqDomain its = The(domain);
        for (int pirq = 0; pirq < its.Count; pirq++)
        {
            if (its[pirq].Emulation == PirqEmulation.Message && its[pirq].Requester == requester)
                UnmapEmulated(its, pirq, its);
        }
    }

    /// <summary>Whether a domain mapped a PIRQ to a GSI of its own machine.</summary>
    internal bool HasGsi(ushort domain, int gsi) => The(domain).PirqOfGsi(gsi) != 0;

    /// <summary>Whether a GSI of a domain goes to a PIRQ.</summary>
    internal bool Owns(PirqDomain domain, int gsi) => domain.PirqOfGsi(gsi) != 0
        && (Options.Profile.RoutesCallbackGsi || gsi != CallbackGsi(_guests.CallbackOf(domain.Id)));

    /// <summary>The GSI of a callback; -1 if it has none.</summary>
    private static int CallbackGsi(CallbackVia via) => via.Kind switch
    {
        CallbackKind.Gsi => via.Gsi,
        CallbackKind.PciIntx => XenPciLines.GsiOf(via.Device, via.Pin),
        _ => -1,
    };
}

/// <summary>Takes the GSIs of a machine that are PIRQs.</summary>
internal sealed class PirqGsiOwner(Pirqs pirqs, PirqDomain domain) : IGsiOwner
{
    public bool Owns(int gsi) => pirqs.Owns(domain, gsi);

    public void Rise(int gsi) => domain.Raise(domain.PirqOfGsi(gsi));
}
