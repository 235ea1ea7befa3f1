namespace Wirq.Board.Firmware;

/// <summary>How the interrupt pins of the board's PCI functions are wired. Functions and all tables take it from here.</summary>
internal static class PcWires
{
    /// <summary>The slots of bus 0.</summary>
    internal const int Slots = 32;
    /// <summary>The interrupt pins of a function.</summary>
    internal const int Pins = 4;

    /// <summary>The ISA interrupt of ACPI's events.</summary>
    internal const int SciIrq = 9;

    private static readonly int[] s_wires = [16, 17, 18, 19];

    /// <summary>The GSIs of the four wires from PCI.</summary>
    internal static IReadOnlyList<int> Wires => s_wires;

    /// <summary>The GSI of a function on bus 0.</summary>
    /// <param name="slot">Its device number, 0 to 31.</param>
    /// <param name="pin">Its interrupt pin.</param>
    internal static int GsiOf(int slot, PciInterruptPin pin) => PciSwizzle.ToGsi(pin, [slot], s_wires);
}
