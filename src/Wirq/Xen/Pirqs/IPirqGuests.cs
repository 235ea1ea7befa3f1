namespace Wirq.Xen;

/// <summary>What PIRQs ask of the machines of HVM domains.</summary>
public interface IPirqGuests
{
    /// <summary>How the callback of a domain comes.</summary>
    CallbackVia CallbackOf(ushort domain);

    /// <summary>Whether an emulated line of a domain is asserted.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="gsi">The GSI.</param>
    bool IsAsserted(ushort domain, int gsi);

    /// <summary>The ISA IRQ to which a PCI link device of a domain leads; 0 for none.</summary>
    /// <param name="domain">The domain's id.</param>
    /// <param name="link">The link, 0 to 3.</param>
    int RouteOf(ushort domain, int link);
}
