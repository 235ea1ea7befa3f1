using System.Globalization;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Scenarios.Reading;
using Wirq.Linux.VfioUser;

namespace Wirq.Board.Scripted;

/// <summary>Reads the scenario of a device: the form of <c>docs/scenarios.md</c>, with the words of <c>docs/device.md</c>.</summary>
internal sealed class DeviceScenarioReader
{
    private const int LongestName = 120, MostSteps = 1_000_000;
    private const long DefaultWait = 10_000_000_000;

    private readonly string _device;
    private readonly PciFunctionOptions _options;

    private DeviceScenarioReader(string device, PciFunctionOptions options) => (_device, _options) = (device, options);

    /// <summary>Reads a file.</summary>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="text">Its contents; they are not trusted.</param>
    /// <exception cref="ScenarioException">It is not a scenario. The message has the position, and what was expected.</exception>
    internal static DeviceScenario Read(string file, string text)
    {
        YamlMapping map = YamlTree.Parse(file, text).AsMapping($"a map of {Words.Join(DeviceWords.Scenario)}").Only(DeviceWords.Scenario);
        const string expectedName = "a name of one line, at most 120 characters";
        YamlScalar name = map.Required("name", "a scenario").AsScalar(expectedName);
        if (name.Text.Trim().Length is 0 or > LongestName || name.Text.Contains('\n', StringComparison.Ordinal))
            throw name.Expected(expectedName);
        if (map["about"] is { } about)
            about.AsScalar("text");
        YamlMapping devices = map.Required("machine", "a scenario").AsMapping("a map of devices").Only(DeviceWords.Machine)
            .Required("devices", "machine").AsMapping("a map of one device, such as {nic: {pin: A}}");
        if (devices.Entries.Count != 1)
            throw (devices.Entries.Count == 0 ? devices.Expected("one device") : devices.Entries[1].Key.Expected("one device: it is the only one that is served"));
        YamlEntry one = devices.Entries[0];
        if (!IsName(one.Key.Text) || DeviceWords.Steps.Contains(one.Key.Text))
            throw one.Key.Expected($"a name: a lower-case letter, then letters, digits and -; none of {Words.Join(DeviceWords.Steps)}");
        (PciFunctionOptions options, bool byRead) = ReadDevice(one);
        var reader = new DeviceScenarioReader(one.Key.Text, options);
        List<ScriptStep> steps = map["steps"] is { } list ? reader.ReadSteps(list) : [];
        Count(steps);
        List<ScriptCheck> last = map["expect"] is { } expect ? reader.ReadChecks(expect) : [];
        return new DeviceScenario(name.Text.Trim(), options, byRead, steps, last);
    }

    private static bool IsName(string text) => text.Length is > 0 and <= 40 && char.IsAsciiLetterLower(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static (PciFunctionOptions Options, bool ServedByRead) ReadDevice(YamlEntry entry)
    {
        YamlMapping map = entry.Value.AsMapping($"a map of {Words.Join(DeviceWords.Device)}").Only(DeviceWords.Device);
        int msi = 0;
        if (map["msi"] is { } count)
        {
            msi = Numbers.ReadInt(count, "how many MSI vectors", 0, MsiCapability.MaxVectors);
            if (msi != 0 && !MsiCapability.CanHave(msi))
                throw count.Expected("0, or a power of two up to 32");
        }
        var options = new PciFunctionOptions
        {
            Name = entry.Key.Text,
            HasIntx = map["pin"] is not { } pin || DeviceWords.Pins.Read(pin),
            MsiVectors = msi,
            MsixVectors = map["msix"] is { } msix ? Numbers.ReadInt(msix, "how many MSI-X vectors", 0, MsixTable.MaxVectors) : 0,
        };
        if (map["vendor"] is { } vendor)
            options = options with { Vendor = (ushort)Numbers.ReadInt(vendor, "a vendor", 0, 0xFFFE) };
        if (map["device"] is { } device)
            options = options with { Device = (ushort)Numbers.ReadInt(device, "a device", 0, 0xFFFF) };
        return (options, map["served"] is { } served && DeviceWords.Served.Read(served));
    }

    // --- steps

    private List<ScriptStep> ReadSteps(YamlNode node) => [.. node.AsSequence("a list of steps").Items.Select(ReadStep)];

    private ScriptStep ReadStep(YamlNode node)
    {
        YamlMapping map = node.AsMapping($"a step, such as \"{_device}: raise\"");
        if (map.Entries.Count == 0)
            throw map.Expected($"a step, such as \"{_device}: raise\"");
        if (map.Entries.Count > 1)
            throw map.Entries[1].Key.Expected("one actor in a step; the next step begins with \"- \"");
        (YamlScalar key, YamlNode value) = (map.Entries[0].Key, map.Entries[0].Value);
        return key.Text switch
        {
            "time" => new PauseStep(key.At, Numbers.ReadTime(value)),
            "repeat" => ReadRepeat(key, value),
            "wait" => ReadWait(key, value),
            "expect" => new CheckStep(key.At, ReadChecks(value)),
            _ when key.Text == _device => ReadDeed(key, value),
            _ => throw Words.Unknown(key, [_device, .. DeviceWords.Steps]),
        };
    }

    private AgainStep ReadRepeat(YamlScalar key, YamlNode value)
    {
        YamlMapping map = value.AsMapping("a map of times and steps").Only(ScenarioWords.Repeat);
        return new AgainStep(key.At, Numbers.ReadInt(map.Required("times", "repeat"), "how many times", 1, MostSteps), ReadSteps(map.Required("steps", "repeat")));
    }

    private DeedStep ReadDeed(YamlScalar key, YamlNode value)
    {
        YamlEntry? argument = null;
        YamlNode verb = value;
        if (value is YamlMapping map)
        {
            if (map.Entries.Count != 1)
                throw map.Expected("one action, such as {send: 3}");
            (argument, verb) = (map.Entries[0], map.Entries[0].Key);
        }
        Deed deed = DeviceWords.Deeds.Read(verb);
        switch (deed)
        {
            case Deed.Word:
                return new DeedStep(key.At, deed, (long)Numbers.Read(argument?.Value ?? throw verb.Expected("{word: 1}"), "a word", 0, uint.MaxValue));
            case Deed.Send when _options.Vectors == 0:
                throw verb.Expected($"raise, lower or pulse; {_device} has no msi or msix");
            case Deed.Send:
                return new DeedStep(key.At, deed, argument is not { } given ? 0
                    : given.Value is YamlScalar { Text: ScenarioWords.Everything } ? -1 : Numbers.ReadInt(given.Value, "all or a vector", 0, _options.Vectors - 1));
            default:
                if (argument is { } idle)
                    throw idle.Value.Expected("the word alone, without a value");
                return _options.HasIntx ? new DeedStep(key.At, deed) : throw verb.Expected($"send; {_device} has no pin");
        }
    }

    private WaitStep ReadWait(YamlScalar key, YamlNode value)
    {
        string[] words = [.. DeviceWords.Waits.Words, DeviceWords.Within];
        YamlMapping map = value.AsMapping($"a map of {Words.Join(words)}").Only(words);
        var waits = new List<ScriptWait>();
        long within = DefaultWait;
        foreach (YamlEntry entry in map.Entries)
        {
            if (entry.Key.Text == DeviceWords.Within)
                within = Numbers.ReadTime(entry.Value) is > 0 and var time ? time : throw entry.Value.Expected("more than 0; a wait of no time is in vain");
            else
                waits.Add(ReadAwaited(entry));
        }
        return waits.Count > 0 ? new WaitStep(key.At, waits, within) : throw map.Expected($"something to wait for: {Words.Join(DeviceWords.Waits.Words)}");
    }

    private ScriptWait ReadAwaited(YamlEntry entry)
    {
        DeviceWords.Waits.TryFind(entry.Key.Text, out Awaited what);
        if (what is Awaited.Intx or Awaited.Served or Awaited.Unmasked && !_options.HasIntx)
            throw entry.Key.Expected($"something else; {_device} has no pin");
        long number = what switch
        {
            Awaited.Vectors => Numbers.ReadInt(entry.Value, "how many vectors", 1, Math.Max(1, _options.Vectors)),
            Awaited.Doorbell => (long)Numbers.Read(entry.Value, "a value", 0, uint.MaxValue),
            Awaited.Read or Awaited.Written => DeviceWords.Registers.Read(entry.Value),
            _ => Words.Boolean(entry.Value) ? 1 : 0,
        };
        return new ScriptWait(what, number, $"{entry.Key.Text}: {((YamlScalar)entry.Value).Text}");
    }

    // --- what is expected

    private List<ScriptCheck> ReadChecks(YamlNode node)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(DeviceNumbers.Names)}").Only(DeviceNumbers.Names);
        var checks = new List<ScriptCheck>();
        foreach (YamlEntry entry in map.Entries)
        {
            if (entry.Value is YamlMapping vectors && DeviceNumbers.IsByVector(entry.Key.Text) && !vectors.Entries.Any(each => DeviceWords.Bounds.Contains(each.Key.Text)))
                checks.AddRange(vectors.Entries.Select(each => ReadCheck(each.Key, entry.Key.Text, Numbers.ReadInt(each.Key, "a vector", 0, Vectors(each.Key) - 1), each.Value)));
            else
                checks.Add(ReadCheck(entry.Key, entry.Key.Text, -1, entry.Value));
        }
        return checks;
    }

    private int Vectors(YamlScalar key) => _options.Vectors is > 0 and var count ? count : throw key.Expected($"no vector; {_device} has no msi or msix");

    private static ScriptCheck ReadCheck(YamlScalar key, string name, int vector, YamlNode value)
    {
        const string what = "a number, or {least: …, most: …}";
        if (value is not YamlMapping bounds)
        {
            long exact = ReadCount(value, what);
            return new ScriptCheck(key.At, name, vector, exact, exact);
        }
        bounds.Only(DeviceWords.Bounds);
        if (bounds.Entries.Count == 0)
            throw bounds.Expected(what);
        long least = bounds["least"] is { } from ? ReadCount(from, "a number") : 0;
        long most = bounds["most"] is { } to ? ReadCount(to, "a number") : long.MaxValue;
        return least <= most ? new ScriptCheck(key.At, name, vector, least, most)
            : throw bounds["most"]!.Expected($"most of {((YamlScalar)bounds["least"]!).Text} and more, which least is; no number is both");
    }

    private static long ReadCount(YamlNode node, string what) => (long)Numbers.Read(node, what, 0, long.MaxValue);

    // Nested repetitions multiply. An empty one takes time too.
    private static long Count(IReadOnlyList<ScriptStep> steps)
    {
        long count = 0;
        foreach (ScriptStep step in steps)
        {
            count += step is AgainStep again ? again.Times * Math.Max(1, Count(again.Steps)) : 1;
            if (count > MostSteps)
                throw new ScenarioException(step.At, "too many steps", string.Create(CultureInfo.InvariantCulture, $"at most {MostSteps:#,0} steps, repetitions counted"));
        }
        return count;
    }
}
