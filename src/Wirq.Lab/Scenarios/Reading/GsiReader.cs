namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads values that identify a GSI, and checks that the GSI exists.</summary>
internal sealed class GsiReader
{
    private const int PciWires = 4, FirstPciWire = 16, MaxBridges = 32;

    private readonly HashSet<int> _leading = [];
    private readonly IReadOnlyList<int> _wires;
    private readonly int _count;

    /// <summary>Creates a reader for chips that were validated.</summary>
    internal GsiReader(FabricOptions chips, YamlMapping machine)
    {
        _count = chips.GsiCount;
        foreach (IoApicOptions io in chips.IoApics)
            _leading.UnionWith(Enumerable.Range(io.GsiBase, io.Pins));
        IsaOverrides = machine["isaOverrides"] is { } node ? ReadOverrides(node) : chips.IsaOverrides;
        if (chips.Pic is not null)
            _leading.UnionWith(Enumerable.Range(0, GsiMap.IsaIrqs).Where(irq => irq != GsiMap.CascadeIrq).Select(OfIsaIrq));
        _wires = machine["pciWires"] is { } wires ? ReadWires(wires) : [.. Enumerable.Range(FirstPciWire, PciWires)];
    }

    internal IReadOnlyDictionary<int, int> IsaOverrides { get; }

    internal int Read(YamlNode node)
    {
        int gsi = Numbers.ReadInt(node, "a GSI", 0, _count - 1);
        return _leading.Contains(gsi) ? gsi : throw node.Expected("a GSI that leads to a pin");
    }

    internal int ReadIsa(YamlNode node)
    {
        int irq = Numbers.ReadInt(node, "an ISA IRQ", 0, GsiMap.IsaIrqs - 1);
        if (irq == GsiMap.CascadeIrq)
            throw node.Expected("an IRQ other than 2, which takes the second 8259");
        int gsi = OfIsaIrq(irq);
        return _leading.Contains(gsi) ? gsi : throw node.Expected($"an IRQ whose GSI leads to a pin; {gsi} does not");
    }

    internal int ReadPci(YamlNode node)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(ScenarioWords.Pci)}").Only(ScenarioWords.Pci);
        PciInterruptPin pin = map["pin"] is { } which ? ScenarioWords.Pins.Read(which) : PciInterruptPin.A;
        var devices = new List<int> { ReadDevice(map.Required("device", "pci")) };
        if (map["bridges"] is { } bridges)
        {
            YamlSequence list = bridges.AsSequence("a list of device numbers, the nearest bridge first");
            if (list.Items.Count > MaxBridges)
                throw new ScenarioException(list.At, $"{list.Items.Count} bridges", $"at most {MaxBridges}");
            devices.AddRange(list.Items.Select(ReadDevice));
        }
        int gsi = PciSwizzle.ToGsi(pin, [.. devices], [.. _wires]);
        return _leading.Contains(gsi) ? gsi : throw new ScenarioException(
            node.At, $"a wire to GSI {gsi}, which leads to no pin", "pciWires with GSIs of this machine");
    }

    private static int ReadDevice(YamlNode node) => Numbers.ReadInt(node, "a PCI device number", 0, 31);

    private List<int> ReadWires(YamlNode node)
    {
        const string expected = "a list of four GSIs";
        YamlSequence list = node.AsSequence(expected);
        if (list.Items.Count != PciWires)
            throw new ScenarioException(list.At, $"a list of {list.Items.Count}", expected);
        return [.. list.Items.Select(Read)];
    }

    private static Dictionary<int, int> ReadOverrides(YamlNode node)
    {
        var overrides = new Dictionary<int, int>();
        foreach (YamlEntry entry in node.AsMapping("a map of IRQ: GSI").Entries)
        {
            int irq = Numbers.ReadInt(entry.Key, "an ISA IRQ", 0, GsiMap.IsaIrqs - 1);
            if (!overrides.TryAdd(irq, (int)Numbers.ReadUnchecked(entry.Value, int.MaxValue)))
                throw entry.Key.Expected("each IRQ once");
        }
        return overrides;
    }

    private int OfIsaIrq(int irq) => IsaOverrides.GetValueOrDefault(irq, irq);
}
