namespace Wirq.Traces.Snapshots.Qemu;

/// <summary>Where the lines of a root bus lead: by the router's registers, in the configuration space of the south
/// bridge.</summary>
internal sealed class PciLines
{
    private const int FirstRouter = 0x60, SecondRouter = 0x68, EachRouter = 4, IrqBits = 0xF, Unrouted = 0x80;

    private readonly int[] _pins, _irqs;

    private PciLines(int[] pins, int[] irqs) => (_pins, _irqs) = (pins, irqs);

    /// <summary>The pin of the I/OAPIC that a line leads to; -1 for none.</summary>
    internal int PinOf(int line) => line < _pins.Length ? _pins[line] : -1;

    /// <summary>The IRQ of the 8259s that a line leads to; -1 for none.</summary>
    internal int IrqOf(int line) => line < _irqs.Length ? _irqs[line] : -1;

    /// <summary>The lines behind a south bridge; null if the function is none that is known.</summary>
    internal static PciLines? Of(string name, byte[] config)
    {
        string type = name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..];
        if (config.Length == 0)
            return null;
        if (type == "ICH9LPC")
        {
            // Lines PIRQA to PIRQH are pins 16 to 23 (ICH9 data sheet, 5.10.1), and have two groups of routers to the 8259s.
            const int first = 16, lines = 8;
            return new([.. Enumerable.Range(first, lines)], [.. Routed(config, FirstRouter), .. Routed(config, SecondRouter)]);
        }
        if (!type.StartsWith("PIIX3", StringComparison.Ordinal))
            return null;
        int[] routed = [.. Routed(config, FirstRouter)];
        return new(routed, routed);
    }

    // PIRQRC: bit 7 leaves it unrouted, bits 3:0 are the IRQ (82371SB data sheet, 2.3.4; ICH9 data sheet, 13.1.17).
    private static IEnumerable<int> Routed(byte[] config, int registers) => Enumerable.Range(registers, EachRouter)
        .Select(at => (config[at] & Unrouted) != 0 ? -1 : config[at] & IrqBits);
}
