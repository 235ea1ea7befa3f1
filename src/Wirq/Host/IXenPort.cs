using Wirq.Xen;

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

    /// <summary>A passed-through device drives a pin of a PCI device of a domain. In a machine, that pin is a sampled
    /// source: its fall is only the guest's EOI, which acknowledges it (<see cref="Passthrough.GuestEoi(ushort,
    /// int)"/>).</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="device">The device on its root bus, 0 to 31.</param>
    /// <param name="pin">The pin.</param>
    /// <param name="asserted">The level.</param>
    void DriveIntx(ushort domain, int device, PciInterruptPin pin, bool asserted) { }

    /// <summary>A passed-through device drives a GSI of the hardware domain.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="gsi">The GSI.</param>
    /// <param name="asserted">The level.</param>
    void DriveGsi(ushort domain, int gsi, bool asserted) { }

    /// <summary>A passed-through device sends its message to another domain.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="message">The message as the local APICs get it.</param>
    void Send(ushort domain, InterruptMessage message) { }
}
