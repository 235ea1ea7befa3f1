namespace Wirq.Traces.Snapshots.Qemu;

/// <summary>Where the lines of a root bus lead: by the router's registers, in the configuration space of the south
/// bridge.</summary>
internal sealed class PciLines
{
    private readonly int[] _pins;

    private PciLines(int[] pins) => _pins = pins;

    /// <summary>The pin of the I/OAPIC that a line leads to; -1 for none.</summary>
    internal int PinOf(int line) => line < _pins.Length ? _pins[line] : -1;

    /// <summary>The lines behind a south bridge; null if the function is none that is known.</summary>
    internal static PciLines? Of(string name, byte[] config)
    {
        string type = name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..];
        if (type == "ICH9LPC")
        {
            // Lines PIRQA to PIRQH are pins 16 to 23 (ICH9 data sheet, 5.10.1).
            const int first = 16, lines = 8;
            return new([.. Enumerable.Range(first, lines)]);
        }
        if (!type.StartsWith("PIIX3", StringComparison.Ordinal) || config.Length == 0)
            return null;
        // PIRQRC, one for each of four lines: bit 7 leaves it unrouted, bits 3:0 are the IRQ (82371SB data sheet, 2.3.4).
        const int registers = 0x60, pirqs = 4, irqBits = 0xF;
        return new([.. Enumerable.Range(registers, pirqs).Select(at => (config[at] & 0x80) != 0 ? -1 : config[at] & irqBits)]);
    }
}
