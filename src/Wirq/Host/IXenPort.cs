namespace Wirq.Host;

/// <summary>Hears what the event channels of a machine tell others than its own vCPUs.</summary>
public interface IXenPort
{
    /// <summary>The hypervisor set <c>evtchn_upcall_pending</c> of a vCPU of another domain, which was clear.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="vcpu">The vCPU.</param>
    void Upcall(ushort domain, int vcpu);

    /// <summary>A vCPU of any domain leaves SCHEDOP_poll. It may find nothing.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="vcpu">The vCPU.</param>
    void PollerWoken(ushort domain, int vcpu);

    /// <summary>A guest sent an event to a port whose events the hypervisor itself gets.</summary>
    /// <param name="domain">The id of the domain whose port it is.</param>
    /// <param name="port">The port.</param>
    void ConsumerTold(ushort domain, uint port);
}
