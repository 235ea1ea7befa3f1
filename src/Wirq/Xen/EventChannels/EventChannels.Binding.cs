namespace Wirq.Xen;

/// <content>What opens and closes ports. The order of checks is Xen's, since it decides which answer a guest gets.</content>
public sealed partial class EventChannels
{
    private XenError AllocUnbound(XenDomain caller, ref AllocUnboundArgument a)
    {
        if (Find(caller, a.Domain) is not { } domain)
            return XenError.NoSuchDomain;
        uint port = domain.FindFree();
        if (port == 0)
            return XenError.NoSpace;
        if (!MayActFor(caller, domain))
            return XenError.NotPermitted;
        // The caller, not the domain that gets the port.
        ushort remote = a.RemoteDomain == XenDomainOptions.SelfId ? caller.Id : a.RemoteDomain;
        domain.Open(port, PortKind.Unbound).Remote = remote;
        a.Port = port;
        return XenError.None;
    }

    /// <summary>Opens a port whose events the hypervisor itself gets, as for a device model. Its guest cannot close,
    /// send or move it.</summary>
    /// <param name="domain">The domain whose port it is.</param>
    /// <param name="vcpu">The vCPU for which it is.</param>
    /// <param name="remote">The domain that may connect.</param>
    /// <param name="port">The port; 0 if the answer is an error.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain or vCPU.</exception>
    public XenError OpenForXen(ushort domain, int vcpu, ushort remote, out uint port)
    {
        XenDomain its = WithVcpu(The(domain), vcpu);
        port = its.FindFree();
        if (port == 0)
            return XenError.NoSpace;
        ref ChannelState channel = ref its.Open(port, PortKind.Unbound, ofXen: true);
        (channel.Remote, channel.Vcpu) = (remote, (ushort)vcpu);
        return XenError.None;
    }

    /// <summary>Closes a port that <see cref="OpenForXen"/> opened, or any other.</summary>
    /// <param name="domain">The domain whose port it is.</param>
    /// <param name="port">The port.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public XenError CloseForXen(ushort domain, uint port) => Close(The(domain), port, byGuest: false);

    private XenError BindInterdomain(XenDomain caller, ref BindInterdomainArgument a)
    {
        if (Find(caller, a.RemoteDomain) is not { } remote)
            return XenError.NoSuchDomain;
        uint port = caller.FindFree();
        if (port == 0)
            return XenError.NoSpace;
        if (!remote.IsValid(a.RemotePort))
            return XenError.Invalid;
        ref ChannelState other = ref remote.Channel(a.RemotePort);
        if (other.Kind != PortKind.Unbound || other.Remote != caller.Id)
            return XenError.Invalid;
        ref ChannelState own = ref caller.Open(port, PortKind.Interdomain);
        (own.Remote, own.Peer) = (remote.Id, a.RemotePort);
        (other.Kind, other.Remote, other.Peer) = (PortKind.Interdomain, caller.Id, port);
        // The other end may have sent before.
        caller.SetPending(port);
        a.LocalPort = port;
        return XenError.None;
    }

    private XenError BindVirq(XenDomain caller, ref BindVirqArgument a)
    {
        if (a.Virq >= VirtualInterrupt.Count)
            return XenError.Invalid;
        VirqScope scope = VirtualInterrupt.ScopeOf(a.Virq);
        if (scope != VirqScope.Vcpu && a.Vcpu != 0)
            return XenError.Invalid;
        if (scope == VirqScope.Global && _handlers[(int)a.Virq].Domain != caller.Index)
            return XenError.Busy;
        if (!caller.HasVcpu(a.Vcpu))
            return XenError.NoSuchEntry;
        ref uint bound = ref caller.Vcpu((int)a.Vcpu).Virqs[(int)a.Virq];
        if (bound != 0)
            return XenError.Exists;
        uint port = caller.FindFree();
        if (port == 0)
            return XenError.NoSpace;
        ref ChannelState channel = ref caller.Open(port, PortKind.Virq);
        (channel.Peer, channel.Vcpu) = (a.Virq, (ushort)a.Vcpu);
        a.Port = bound = port;
        return XenError.None;
    }

    private static XenError BindIpi(XenDomain caller, ref BindIpiArgument a)
    {
        if (!caller.HasVcpu(a.Vcpu))
            return XenError.NoSuchEntry;
        uint port = caller.FindFree();
        if (port == 0)
            return XenError.NoSpace;
        caller.Open(port, PortKind.Ipi).Vcpu = (ushort)a.Vcpu;
        a.Port = port;
        return XenError.None;
    }

    private XenError BindPirq(XenDomain caller, ref BindPirqArgument a)
    {
        if (!caller.HasPirq(a.Pirq))
            return XenError.Invalid;
        // An HVM domain may bind a PIRQ that is not mapped: it is emulated.
        if (!caller.Options.IsHvm && !caller.Options.IsPrivileged)
            return XenError.NotPermitted;
        ref uint bound = ref caller.PortOfPirq(a.Pirq);
        if (bound != 0)
            return XenError.Exists;
        uint port = caller.FindFree();
        if (port == 0)
            return XenError.NoSpace;
        caller.Open(port, PortKind.Pirq).Peer = a.Pirq;
        a.Port = bound = port;
        PirqPorts?.PortChanged(caller, a.Pirq);
        return XenError.None;
    }

    private XenError Close(XenDomain caller, ref PortArgument a) => Close(caller, a.Port, byGuest: true);

    private XenError Close(XenDomain domain, uint port, bool byGuest)
    {
        if (!domain.IsValid(port))
            return XenError.Invalid;
        ref ChannelState channel = ref domain.Channel(port);
        if (!channel.InUse || (byGuest && channel.OfXen != 0))
            return XenError.Invalid;
        switch (channel.Kind)
        {
            case PortKind.Interdomain when Find(channel.Remote) is { } remote:
                ref ChannelState other = ref remote.Channel(channel.Peer);
                (other.Kind, other.Remote, other.Peer) = (PortKind.Unbound, domain.Id, 0);
                break;
            case PortKind.Virq:
                domain.Vcpu(VirtualInterrupt.HolderOf(channel)).Virqs[(int)channel.Peer] = 0;
                break;
            case PortKind.Pirq:
                domain.PortOfPirq(channel.Peer) = 0;
                PirqPorts?.PortChanged(domain, channel.Peer);
                break;
        }
        domain.Release(port);
        return XenError.None;
    }

    private XenError Reset(XenDomain caller, ref ResetArgument a) => Reset(caller, a.Domain, goesOn: false);

    private XenError ContinueReset(XenDomain caller, ref ResetArgument a) => Reset(caller, a.Domain, goesOn: true);

    private XenError Reset(XenDomain caller, ushort id, bool goesOn)
    {
        if (Find(caller, id) is not { } domain)
            return XenError.NoSuchDomain;
        if (!MayActFor(caller, domain))
            return XenError.NotPermitted;
        if (domain != caller && domain.State.Paused == 0)
            return XenError.Invalid;
        ref DomainState state = ref domain.State;
        // Only one at a time; and only one that runs goes on.
        if (goesOn != (state.ResetNext != 0))
            return XenError.Busy;
        uint port = goesOn ? state.ResetNext : 1;
        for (int done = 0; domain.IsValid(port); port++)
        {
            if (done++ == Options.ResetBatch)
            {
                state.ResetNext = port;
                return XenError.Restart;
            }
            Close(domain, port, byGuest: true);
        }
        state.ResetNext = 0;
        if (state.InUse != 0)
            return XenError.TryAgain;
        if (state.IsFifo != 0)
            LeaveFifo(domain);
        return XenError.None;
    }

    /// <summary>The domain begins a new life: its guest's ports are closed, the 2-level ABI is in force, and no vcpu_info is
    /// registered elsewhere. Guest words stay as they are.</summary>
    internal void StartAnew(ushort id)
    {
        XenDomain domain = The(id);
        for (uint port = 1; domain.IsValid(port); port++)
            Close(domain, port, byGuest: true);
        domain.State.ResetNext = 0;
        if (domain.State.IsFifo != 0)
            LeaveFifo(domain);
        domain.ForgetVcpus();
    }

    /// <summary>The domain's controller stops all its vCPUs, or lets them run again. Only a domain that is stopped can be
    /// reset by another.</summary>
    /// <param name="domain">Its id.</param>
    /// <param name="paused">Whether it is stopped.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such domain.</exception>
    public void SetPaused(ushort domain, bool paused) => The(domain).State.Paused = paused ? (byte)1 : (byte)0;
}
