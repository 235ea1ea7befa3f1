namespace Wirq;

/// <summary>The interrupt pin of a PCI function.</summary>
public enum PciInterruptPin
{
    /// <summary>INTA#.</summary>
    A,
    /// <summary>INTB#.</summary>
    B,
    /// <summary>INTC#.</summary>
    C,
    /// <summary>INTD#.</summary>
    D,
}

/// <summary>How PCI interrupt pins become GSIs.</summary>
public static class PciSwizzle
{
    private const int Pins = 4;

    /// <summary>The pin of a device on the other side of its bridge: rotated by the device number, so that INTA# of
    /// adjacent devices uses all four wires (PCI-to-PCI Bridge Architecture 1.2, table 9-1).</summary>
    /// <param name="pin">Pin of the function.</param>
    /// <param name="device">Its device number on the secondary bus, 0 to 31.</param>
    public static PciInterruptPin Through(PciInterruptPin pin, int device) => (PciInterruptPin)(((int)pin + device) % Pins);

    /// <summary>The GSI of a function's pin: swizzled through each bridge and at the host bridge, then looked up in the
    /// four wires of the host bridge.</summary>
    /// <param name="pin">Pin of the function.</param>
    /// <param name="devices">Device numbers from the function up to the root bus: its own, then each bridge's.</param>
    /// <param name="wires">The GSIs of the four wires; a PC with an I/OAPIC has 16 to 19.</param>
    public static int ToGsi(PciInterruptPin pin, ReadOnlySpan<int> devices, ReadOnlySpan<int> wires)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(wires.Length, Pins);
        foreach (int device in devices)
            pin = Through(pin, device);
        return wires[(int)pin];
    }
}
