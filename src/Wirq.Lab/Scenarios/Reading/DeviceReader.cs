using Wirq.Xen;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads <c>devices</c>.</summary>
internal sealed class DeviceReader(GsiReader gsis, bool hasVirqs, bool hasXenLines, IReadOnlyCollection<string> reserved)
{
    private const int LongestName = 40, MaxVectors = 2048;
    private static readonly string[] VirqKeys = ["eventfd", "resample", "prefault", "vectors"];
    private static readonly string[] Connections = ["gsi", "isa", "pci", "msi", "intx", HostWords.HostLine];

    internal IReadOnlyList<DeviceSpec> Read(YamlNode? node)
    {
        if (node is null)
            return [];
        return [.. node.AsMapping("a map of device names").Entries.Select(entry => Read(entry.Key, entry.Value))];
    }

    private DeviceSpec Read(YamlScalar name, YamlNode node)
    {
        CheckName(name);
        YamlMapping map = node.AsMapping($"a map of {Words.Join(ScenarioWords.Device)}").Only(ScenarioWords.Device);
        YamlEntry[] connections = [.. map.Entries.Where(entry => Connections.Contains(entry.Key.Text))];
        string expected = $"exactly one of {Words.Join(Connections)}";
        if (connections.Length == 0)
            throw new ScenarioException(map.At, $"device {name.Text} without a line or message", expected);
        if (connections is [var first, var second, ..])
            throw new ScenarioException(second.Key.At, $"{second.Key.Text} beside {first.Key.Text}", expected);
        YamlNode where = connections[0].Value;
        if (connections[0].Key.Text == HostWords.HostLine)
            return OfHost(name, map, where);
        DeviceSpec read = ReadConnected(name, map, connections[0], where);
        return map[HostWords.Vfio] is { } vfio ? read with { Vfio = VfioReader.Read(vfio, read) } : read;
    }

    private DeviceSpec ReadConnected(YamlScalar name, YamlMapping map, YamlEntry connection, YamlNode where)
    {
        if (connection.Key.Text == "intx")
            return Intx(name, map, where);
        return connection.Key.Text == "msi" ? Message(name, map, where) : Wired(name, map, connection.Key.Text switch
        {
            "gsi" => gsis.Read(where),
            "isa" => gsis.ReadIsa(where),
            _ => gsis.ReadPci(where),
        });
    }

    private DeviceSpec Wired(YamlScalar name, YamlMapping map, int gsi)
    {
        Refuse(map, "a line", "msi", "requester", "prefault", "vectors");
        bool eventFd = Flag(map, "eventfd"), resamples = Flag(map, "resample");
        SourceKind kind = map["kind"] is { } given ? ScenarioWords.Kinds.Read(given)
            : eventFd || resamples ? SourceKind.Sampled : SourceKind.Wired;
        // The fall of an eventfd's level is not visible.
        if (kind == SourceKind.Wired && (eventFd || resamples))
            throw map["kind"]!.Expected("sampled or edge; an eventfd tells of no fall");
        if (kind == SourceKind.Edge && resamples)
            throw map["resample"]!.Expected("false; an edge is not asked again");
        return new DeviceSpec(name.At, name.Text, gsi, kind, Stuck: Flag(map, "stuck"), HasEventFd: eventFd, Resamples: resamples);
    }

    /// <summary>A device that drives a pin of Xen's PCI lines, of which each is a wire.</summary>
    private DeviceSpec Intx(YamlScalar name, YamlMapping map, YamlNode node)
    {
        if (!hasXenLines)
            throw node.Expected("no intx; this machine has no PCI lines of Xen (xen: {pci: true})");
        Refuse(map, "a pin of Xen's PCI lines", "gsi, isa or pci", "kind", "eventfd", "resample", "requester", "prefault", "vectors");
        YamlMapping its = node.AsMapping($"a map of {Words.Join(XenWords.Intx)}").Only(XenWords.Intx);
        int device = Numbers.ReadInt(its.Required("device", "intx"), "a PCI device number", 0, XenPciLines.Devices - 1);
        PciInterruptPin pin = its["pin"] is { } which ? ScenarioWords.Pins.Read(which) : PciInterruptPin.A;
        return new DeviceSpec(name.At, name.Text, XenPciLines.GsiOf(device, pin), SourceKind.Wired, Stuck: Flag(map, "stuck"), Intx: (device, pin));
    }

    /// <summary>A device of the host's own, on a line of the host.</summary>
    private DeviceSpec OfHost(YamlScalar name, YamlMapping map, YamlNode node)
    {
        Refuse(map, "a line of the host", "gsi, isa or pci", "kind", "eventfd", "resample", "requester", "prefault", "vectors", HostWords.Vfio);
        return new DeviceSpec(name.At, name.Text, -1, SourceKind.Wired, Stuck: Flag(map, "stuck")) { HostLine = Numbers.ReadInt(node, "a line of the host", 0, HostIrq.HostIrqOptions.MaxLines - 1) };
    }

    private DeviceSpec Message(YamlScalar name, YamlMapping map, YamlNode node)
    {
        Refuse(map, "a message", "gsi, isa or pci", "kind", "stuck", "resample");
        return new DeviceSpec(name.At, name.Text, -1, SourceKind.Edge, RemappingReader.ReadMessage(node),
            map["requester"] is { } requester ? RemappingReader.ReadRequester(requester) : (ushort)0,
            HasEventFd: Flag(map, "eventfd"), Prefault: Flag(map, "prefault"),
            Vectors: map["vectors"] is { } vectors ? Numbers.ReadInt(vectors, "a number of vectors", 1, MaxVectors) : 1);
    }

    private static bool Flag(YamlMapping map, string key) => map[key] is { } node && Words.Boolean(node);

    private void Refuse(YamlMapping map, string kind, string other, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (map[key] is { } value)
                throw new ScenarioException(value.At, $"{key} of a device with {kind}", $"{other}, which alone has it");
        }
        foreach (string key in VirqKeys)
        {
            if (!hasVirqs && map[key] is { } value)
                throw new ScenarioException(value.At, $"{key} in a machine without virqs", "kernel: user or split in the machine");
        }
    }

    // A name must not look like a number, a CPU or another word that begins a step.
    private void CheckName(YamlScalar name)
    {
        string text = name.Text;
        if (text.Length is 0 or > LongestName || !char.IsAsciiLetter(text[0])
            || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            throw name.Expected($"a name of at most {LongestName} letters, digits, - and _ that begins with a letter");
        if (reserved.Contains(text) || Actors.IsCpu(text))
            throw name.Expected("another name; this word means something else in a step");
    }
}
