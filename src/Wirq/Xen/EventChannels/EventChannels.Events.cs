using Wirq.Events;

namespace Wirq.Xen;

/// <content>Events on their way.</content>
public sealed partial class EventChannels
{
    private XenError Send(XenDomain caller, ref PortArgument a) => Send(caller, a.Port);

    /// <summary>A vCPU sends an event: as <see cref="EventChannelOperation.Send"/>.</summary>
    /// <param name="caller">The id of its domain.</param>
    /// <param name="port">The port; may be anything.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public XenError Send(ushort caller, uint port) => Send(The(caller), port);

    private XenError Send(XenDomain caller, uint port)
    {
        if (!caller.IsValid(port))
            return XenError.Invalid;
        ref ChannelState channel = ref caller.Channel(port);
        if (channel.OfXen != 0)
            return XenError.Invalid;
        switch (channel.Kind)
        {
            case PortKind.Interdomain:
                SendTo(Find(channel.Remote)!, channel.Peer);
                return XenError.None;
            case PortKind.Ipi:
                caller.SetPending(port);
                return XenError.None;
            case PortKind.Unbound:
                // Nobody is there yet. Who binds the port gets an event then.
                return XenError.None;
            default:
                return XenError.Invalid;
        }
    }

    private void SendTo(XenDomain domain, uint port)
    {
        if (domain.Channel(port).OfXen == 0)
            domain.SetPending(port);
        else
            Events.Emit(new XenConsumerTold(domain.Id, port).ToEvent());
    }

    /// <summary>The hypervisor sends an event from a port of <see cref="OpenForXen"/>, if somebody is connected.</summary>
    /// <param name="domain">The domain whose port it is.</param>
    /// <param name="port">The port; any other is ignored.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public void SendFromXen(ushort domain, uint port)
    {
        XenDomain its = The(domain);
        if (its.IsValid(port) && its.Channel(port) is { OfXen: not 0, Kind: PortKind.Interdomain } channel)
            SendTo(Find(channel.Remote)!, channel.Peer);
    }

    /// <summary>A virtual interrupt happens: to a vCPU if each has its own, else to the domain. If it has no port, nothing
    /// follows.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="vcpu">The vCPU; not used if the interrupt is the domain's.</param>
    /// <param name="virq">Its number, 0 to <see cref="VirtualInterrupt.Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain, vCPU or interrupt.</exception>
    public void RaiseVirq(ushort domain, int vcpu, int virq)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)virq, (uint)VirtualInterrupt.Count, nameof(virq));
        XenDomain its = WithVcpu(The(domain), vcpu);
        bool ofVcpu = VirtualInterrupt.ScopeOf((uint)virq) == VirqScope.Vcpu;
        uint port = its.Vcpu(ofVcpu ? vcpu : 0).Virqs[virq];
        if (port != 0)
            its.SetPending(port);
    }

    /// <summary>A physical interrupt happens. If it has no port, nothing follows.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="pirq">Its number, below <see cref="XenDomainOptions.Pirqs"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain or PIRQ.</exception>
    public void RaisePirq(ushort domain, int pirq)
    {
        XenDomain its = The(domain);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)pirq, (uint)its.Options.Pirqs, nameof(pirq));
        uint port = its.PortOfPirq((uint)pirq);
        if (port != 0)
            its.SetPending(port);
    }

    private static XenError BindVcpu(XenDomain caller, ref BindVcpuArgument a)
    {
        if (!caller.HasVcpu(a.Vcpu))
            return XenError.NoSuchEntry;
        if (!caller.IsValid(a.Port))
            return XenError.Invalid;
        ref ChannelState channel = ref caller.Channel(a.Port);
        bool moves = channel.Kind switch
        {
            PortKind.Virq => VirtualInterrupt.ScopeOf(channel.Peer) != VirqScope.Vcpu,
            PortKind.Unbound or PortKind.Interdomain or PortKind.Pirq => channel.OfXen == 0,
            _ => false,
        };
        if (!moves)
            return XenError.Invalid;
        // What is set already stays where it is.
        channel.Vcpu = (ushort)a.Vcpu;
        return XenError.None;
    }

    private static XenError Unmask(XenDomain caller, ref PortArgument a)
    {
        if (!caller.IsValid(a.Port))
            return XenError.Invalid;
        // The mask of a free port stays as it was.
        if (caller.Channel(a.Port).InUse)
            caller.Abi.Unmask(caller, a.Port);
        return XenError.None;
    }

    private XenError Status(XenDomain caller, ref StatusArgument a)
    {
        if (Find(caller, a.Domain) is not { } domain)
            return XenError.NoSuchDomain;
        if (!domain.IsValid(a.Port))
            return XenError.Invalid;
        if (!MayActFor(caller, domain))
            return XenError.NotPermitted;
        ref readonly ChannelState channel = ref domain.Channel(a.Port);
        a.Vcpu = channel.Vcpu;
        a.Status = (uint)Math.Max(0, (int)channel.Kind - (int)PortKind.Reserved);
        switch (channel.Kind)
        {
            case PortKind.Unbound:
                a.PeerDomain = channel.Remote;
                break;
            case PortKind.Interdomain:
                (a.PeerDomain, a.PeerPort) = (channel.Remote, channel.Peer);
                break;
            case PortKind.Pirq or PortKind.Virq:
                a.Peer = channel.Peer;
                break;
        }
        return XenError.None;
    }
}
