using System.Globalization;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads <c>devices</c>.</summary>
internal sealed class DeviceReader(GsiReader gsis, IReadOnlyCollection<string> reserved)
{
    private const int LongestName = 40;
    private static readonly string[] Connections = ["gsi", "isa", "pci", "msi"];

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
        return connections[0].Key.Text == "msi" ? Message(name, map, where) : Wired(name, map, connections[0].Key.Text switch
        {
            "gsi" => gsis.Read(where),
            "isa" => gsis.ReadIsa(where),
            _ => gsis.ReadPci(where),
        });
    }

    private static DeviceSpec Wired(YamlScalar name, YamlMapping map, int gsi)
    {
        if (map["requester"] is { } requester)
            throw new ScenarioException(requester.At, "requester of a device with a line", "msi, which alone bears a requester");
        return new DeviceSpec(name.At, name.Text, gsi,
            map["kind"] is { } kind ? ScenarioWords.Kinds.Read(kind) : SourceKind.Wired,
            Stuck: map["stuck"] is { } stuck && Words.Boolean(stuck));
    }

    private static DeviceSpec Message(YamlScalar name, YamlMapping map, YamlNode node)
    {
        foreach (string key in new[] { "kind", "stuck" })
        {
            if (map[key] is { } value)
                throw new ScenarioException(value.At, $"{key} of a device with a message", "gsi, isa or pci, which alone have it");
        }
        YamlMapping msi = node.AsMapping($"a map of {Words.Join(ScenarioWords.Msi)}").Only(ScenarioWords.Msi);
        ulong address = Numbers.Read(msi.Required("address", "msi"), "an address", 0, ulong.MaxValue);
        ulong data = Numbers.Read(msi.Required("data", "msi"), "data", 0, uint.MaxValue);
        return new DeviceSpec(name.At, name.Text, -1, SourceKind.Edge, new Msi(address, (uint)data),
            map["requester"] is { } requester ? ReadRequester(requester) : (ushort)0);
    }

    private static ushort ReadRequester(YamlNode node)
    {
        const string expected = "a requester such as \"00:03.0\" or a number up to 0xffff";
        YamlScalar scalar = node.AsScalar(expected);
        string text = scalar.Text;
        if (Numbers.TryParse(text, out ulong number) && number <= ushort.MaxValue)
            return (ushort)number;
        if (text is [_, _, ':', _, _, '.', _] && Hex(text.AsSpan(0, 2), out int bus) && Hex(text.AsSpan(3, 2), out int device)
            && Hex(text.AsSpan(6, 1), out int function) && device < 32 && function < 8)
            return (ushort)(bus << 8 | device << 3 | function);
        throw scalar.Expected(expected);
    }

    private static bool Hex(ReadOnlySpan<char> digits, out int value) =>
        int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    // A name must not be taken for a number, a CPU or another word that begins a step.
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
