namespace Wirq;

/// <summary>Where a line leads: to a pin of the 8259 pair, of an I/OAPIC, of both or of none.</summary>
/// <param name="Irq">Pin of the pair, 0 to 15, or -1.</param>
/// <param name="IoApic">Number of the I/OAPIC, or -1.</param>
/// <param name="Pin">Its pin.</param>
public readonly record struct GsiTarget(int Irq, int IoApic, int Pin);

/// <summary>Which GSI leads to which pins. Fixed when the machine is built.</summary>
public sealed class GsiMap
{
    internal const int IsaIrqs = 16, CascadeIrq = 2;

    private readonly GsiTarget[] _targets;
    private readonly int[] _gsiOfIrq = new int[IsaIrqs];
    private readonly int[][] _gsiOfPin;

    /// <summary>Builds the map of options that were validated.</summary>
    internal GsiMap(FabricOptions options)
    {
        _targets = new GsiTarget[options.GsiCount];
        Array.Fill(_targets, new GsiTarget(-1, -1, 0));
        _gsiOfPin = new int[options.IoApics.Count][];
        for (int chip = 0; chip < options.IoApics.Count; chip++)
        {
            IoApicOptions io = options.IoApics[chip];
            _gsiOfPin[chip] = [.. Enumerable.Range(io.GsiBase, io.Pins)];
            for (int pin = 0; pin < io.Pins; pin++)
                _targets[io.GsiBase + pin] = new GsiTarget(-1, chip, pin);
        }
        for (int irq = 0; irq < IsaIrqs; irq++)
        {
            int line = _gsiOfIrq[irq] = options.IsaOverrides.GetValueOrDefault(irq, irq);
            // Pin 2 of the master is the cascade; no ISA device uses it.
            if (irq != CascadeIrq && options.Pic is not null)
                _targets[line] = _targets[line] with { Irq = irq };
        }
    }

    /// <summary>The machine of the map; null if the map was made only for a stream of events.</summary>
    internal Fabric? Machine { get; init; }

    /// <summary>How many GSIs there are.</summary>
    public int Count => _targets.Length;

    /// <summary>Where a GSI leads.</summary>
    public ref readonly GsiTarget this[int gsi] => ref _targets[gsi];

    /// <summary>The GSI of an ISA IRQ, overrides applied (ACPI 5.2.12.5: IRQ 0 is GSI 2 on a PC).</summary>
    public int OfIsaIrq(int irq) => _gsiOfIrq[irq];

    /// <summary>The GSI of an I/OAPIC's pin.</summary>
    public int OfPin(int ioApic, int pin) => _gsiOfPin[ioApic][pin];

    /// <summary>The GSIs of all ISA IRQs.</summary>
    internal ReadOnlySpan<int> OfIsaIrqs => _gsiOfIrq;

    /// <summary>The GSIs of all pins of an I/OAPIC.</summary>
    internal ReadOnlySpan<int> OfPins(int ioApic) => _gsiOfPin[ioApic];
}
