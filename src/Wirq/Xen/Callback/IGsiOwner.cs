namespace Wirq.Xen;

/// <summary>What takes the interrupts of a GSI in place of the I/OAPIC: in Xen, the event channel of its PIRQ.</summary>
internal interface IGsiOwner
{
    /// <summary>Whether it has the GSI now.</summary>
    bool Owns(int gsi);

    /// <summary>The GSI rose. The 8259 sees that too, but not that it falls.</summary>
    void Rise(int gsi);
}
