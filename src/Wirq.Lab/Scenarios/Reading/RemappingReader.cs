using System.Globalization;
using Wirq.Remapping.VtD;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads the parts of a scenario that concern remapping: the unit, requesters, messages, entries of the table,
/// invalidations.</summary>
internal static class RemappingReader
{
    private const int MaxEntries = 65536, MaxMask = 15;

    /// <summary>Reads <c>vtd</c>.</summary>
    internal static (VtdOptions Unit, RemappingSpec Setup) ReadUnit(YamlNode node)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(ScenarioWords.Vtd)}").Only(ScenarioWords.Vtd);
        bool Flag(string key, bool usual) => map[key] is { } value ? Words.Boolean(value) : usual;
        var unit = new VtdOptions
        {
            ExtendedInterruptMode = Flag("eim", true),
            FaultRecords = map["faultRecords"] is { } records ? (int)Numbers.ReadUnchecked(records, int.MaxValue) : 4,
        };
        int entries = map["entries"] is { } count ? Numbers.ReadInt(count, "a number of entries", 2, MaxEntries) : 256;
        if (!int.IsPow2(entries))
            throw map["entries"]!.Expected("a power of two, 2 to 65536");
        bool extended = Flag("eime", false);
        if (extended && !unit.ExtendedInterruptMode)
            throw map["eime"]!.Expected("false; the unit has no extended interrupt mode (eim: false)");
        return (unit, new RemappingSpec((uint)int.Log2(entries) - 1, extended, Flag("cfi", false), Flag("remapping", true)));
    }

    /// <summary>Reads a bus, device and function.</summary>
    internal static ushort ReadRequester(YamlNode node)
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

    /// <summary>Reads a message: its words, or the entry of the table that it refers to.</summary>
    internal static Msi ReadMessage(YamlNode node)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(ScenarioWords.Msi)}").Only(ScenarioWords.Msi);
        if (map["handle"] is { } handle)
        {
            if (map["address"] is { } address)
                throw address.Expected("no address beside handle, which is a part of it");
            ushort index = (ushort)Numbers.Read(handle, "an entry of the remapping table", 0, ushort.MaxValue);
            ulong subhandle = map["data"] is { } given ? Numbers.Read(given, "a subhandle", 0, uint.MaxValue) : 0;
            return new Msi(MsiAddress.ForHandle(index, subhandleValid: map["data"] is not null), new MsiData((uint)subhandle));
        }
        ulong where = Numbers.Read(map.Required("address", "msi"), "an address", 0, ulong.MaxValue);
        ulong data = Numbers.Read(map.Required("data", "msi"), "data", 0, uint.MaxValue);
        return new Msi(where, (uint)data);
    }

    /// <summary>Reads <c>irte</c>: a map from entries, or ranges of entries, to their contents.</summary>
    internal static IEnumerable<(IrteCommand Command, string Text)> ReadEntries(YamlNode node)
    {
        YamlMapping map = node.AsMapping("a map of entries, such as {5: {vector: 0x45}}");
        if (map.Entries.Count == 0)
            throw map.Expected("one entry or more");
        return map.Entries.Select(entry => ReadEntry(entry.Key, entry.Value));
    }

    private static (IrteCommand Command, string Text) ReadEntry(YamlScalar key, YamlNode node)
    {
        const string run = "an entry such as 5, or a run such as 0-63";
        string[] ends = key.Text.Split('-');
        if (ends.Length > 2 || !Numbers.TryParse(ends[0], out ulong first) || !Numbers.TryParse(ends[^1], out ulong last)
            || last < first || last >= MaxEntries)
            throw key.Expected(run);
        YamlMapping map = node.AsMapping($"a map of {Words.Join(ScenarioWords.Irte)}").Only(ScenarioWords.Irte);
        bool Flag(string name, bool usual) => map[name] is { } value ? Words.Boolean(value) : usual;
        byte vector = map["vector"] is { } number ? Numbers.ReadVector(number) : (byte)0;
        uint to = map["to"] is { } destination ? (uint)Numbers.Read(destination, "a destination", 0, uint.MaxValue) : 0;
        InterruptMessage message = InterruptMessage.Create(vector, ReadMode(map["mode"]), to, Flag("logical", false),
            Flag("level", false), hint: Flag("hint", false));
        ushort source = map["source"] is { } requester ? ReadRequester(requester) : (ushort)0;
        SourceValidation validation = map["svt"] is { } svt ? ScenarioWords.Validations.Read(svt)
            : map["source"] is null ? SourceValidation.None : SourceValidation.Id;
        bool present = Flag("present", true);
        var command = new IrteCommand((int)first, (int)last, message, present, Flag("fpd", false), validation, source,
            map["sq"] is { } qualifier ? Numbers.ReadInt(qualifier, "a qualifier", 0, 3) : 0);
        string what = present ? $"vector {Numbers.Written(map["vector"])} to {Numbers.Written(map["to"])}" : "not present";
        return (command, $"makes entry {key.Text} of the remapping table {what}");
    }

    private static DeliveryMode ReadMode(YamlNode? node)
    {
        if (node is null)
            return DeliveryMode.Fixed;
        YamlScalar scalar = node.AsScalar(Words.Join(RegisterFields.Modes.Words));
        if (RegisterFields.Modes.TryFind(scalar.Text, out ulong mode))
            return (DeliveryMode)mode;
        // A number may name the reserved mode.
        return Numbers.TryParse(scalar.Text, out ulong number) && number < 8 ? (DeliveryMode)number
            : throw Words.Unknown(scalar, RegisterFields.Modes.Words);
    }

    /// <summary>Reads <c>invalidate</c>.</summary>
    internal static (InvalidateCommand Command, string Text) ReadInvalidate(YamlNode node)
    {
        string expected = $"{ScenarioWords.Everything}, or a map of {Words.Join(ScenarioWords.Invalidate)}";
        if (node is YamlScalar scalar)
        {
            return scalar.Text == ScenarioWords.Everything
                ? (new InvalidateCommand(true, -1, 0, null), "invalidates all entries") : throw Words.Unknown(scalar, expected, ScenarioWords.Everything);
        }
        YamlMapping map = node.AsMapping(expected).Only(ScenarioWords.Invalidate);
        if (map.Entries.Count == 0)
            throw map.Expected(expected);
        WaitSpec? wait = map["wait"] is { } descriptor ? ReadWait(descriptor) : null;
        if (map["index"] is not { } index)
        {
            return map["mask"] is { } alone ? throw alone.Expected("index beside mask")
                : (new InvalidateCommand(false, -1, 0, wait), "waits for its invalidations");
        }
        string then = wait is null ? "" : ", and waits";
        if (index is YamlScalar { Text: ScenarioWords.Everything })
            return (new InvalidateCommand(true, -1, 0, wait), "invalidates all entries" + then);
        int entry = Numbers.ReadInt(index, "an entry", 0, MaxEntries - 1);
        int mask = map["mask"] is { } bits ? Numbers.ReadInt(bits, "an index mask", 0, MaxMask) : 0;
        string run = mask == 0 ? "" : $", mask {Numbers.Written(map["mask"])}";
        return (new InvalidateCommand(true, entry, mask, wait), $"invalidates entry {Numbers.Written(index)}{run}{then}");
    }

    private static WaitSpec ReadWait(YamlNode node)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(ScenarioWords.Wait)}").Only(ScenarioWords.Wait);
        bool interrupts = map["interrupt"] is { } flag && Words.Boolean(flag);
        if (map["address"] is null && !interrupts)
            throw map.Expected("address and data, or interrupt: true, or both");
        long address = map["address"] is { } where ? (long)Numbers.Read(where, "an address", 0, long.MaxValue) : -1;
        if (address % sizeof(uint) > 0)
            throw map["address"]!.Expected("a multiple of 4");
        return new WaitSpec(address, map["data"] is { } data ? (uint)Numbers.Read(data, "a status", 0, uint.MaxValue) : 0, interrupts);
    }

    private static bool Hex(ReadOnlySpan<char> digits, out int value) =>
        int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
