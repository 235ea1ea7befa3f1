using Wirq.Lab.Kernels;
using Wirq.Lab.Worlds;
using Wirq.Remapping.VtD;
using Wirq.Xen;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>One of several machines on which a scenario runs.</summary>
/// <param name="Differs">The values that vary, in words; empty if nothing varies.</param>
/// <param name="Machine">The machine.</param>
internal readonly record struct MachineVariant(string Differs, MachineSpec Machine);

/// <summary>Reads <c>machine</c>.</summary>
internal sealed class MachineReader
{
    private const ulong IoApicPage = 0x1000;

    private readonly YamlMapping _map;
    private readonly OptionPlaces _places;

    private MachineReader(YamlMapping map) => (_map, _places) = (map, new OptionPlaces(map));

    /// <summary>Reads a machine.</summary>
    /// <param name="node">Its node in the file; null for the default PC.</param>
    /// <param name="at">The position of the scenario.</param>
    /// <param name="reserved">Words that cannot be names of devices.</param>
    internal static IReadOnlyList<MachineVariant> Read(YamlNode? node, FilePosition at, IReadOnlyCollection<string> reserved)
    {
        YamlMapping map = node?.AsMapping($"a map of {Words.Join(ScenarioWords.Machine)}") ?? new YamlMapping(at, []);
        return new MachineReader(map.Only(ScenarioWords.Machine)).Read(reserved);
    }

    private List<MachineVariant> Read(IReadOnlyCollection<string> reserved)
    {
        LocalApicOptions apics = ReadLocalApics();
        StartState start = Word("start", ScenarioWords.Starts, StartState.Ready);
        MsiFormat format = Word("format", ScenarioWords.Formats, MsiFormat.ExtendedDestination);
        bool pic = Flag("pic", true);
        bool? intrAtPinZero = _map["intrAtPinZero"] is { } node ? Words.Boolean(node) : null;
        List<(IoApicOptions Options, bool HasVersion)> ioApics = ReadIoApics();
        (VtdOptions Unit, RemappingSpec Setup)? vtd = _map["vtd"] is { } unit ? RemappingReader.ReadUnit(unit) : null;
        var chips = new FabricOptions
        {
            LocalApics = apics,
            IoApics = [.. ioApics.Select(io => io.Options)],
            Pic = pic ? new PicOptions() : null,
            Vtd = vtd?.Unit,
        };
        _places.Check(chips.Validate);
        var gsis = new GsiReader(chips, _map);
        _places.Check((chips with { IsaOverrides = gsis.IsaOverrides }).Validate);
        YamlMapping? xenMap = _map["xen"]?.AsMapping($"a map of {Words.Join(XenWords.Machine)}").Only(XenWords.Machine);
        bool hasXenLines = xenMap?["pci"] is { } pci && Words.Boolean(pci);
        IReadOnlyList<DeviceSpec> devices = new DeviceReader(gsis, _map["kernel"] is not null, hasXenLines, reserved).Read(_map["devices"]);
        IrqKernelSpec? host = _map[HostWords.Host] is { } below ? KernelIrqReader.ReadHost(below, devices) : null;
        IrqKernelSpec? guest = _map[HostWords.Guest] is { } above ? KernelIrqReader.ReadGuest(above, gsis, chips, devices) : null;
        VfioReader.Check(_map["devices"], host, devices);
        if (host is not null)
            KernelIrqReader.CheckForwarded(_map[HostWords.Host]!, host, devices);
        var kernels = new KernelReader(_map, chips, devices);
        int memory = ReadMemory(vtd is not null);
        (IReadOnlyList<XenDomainSpec> domains, XenOptions? xen, PassthroughSpec? passthrough) = xenMap is null ? ([], null, null)
            : new XenReader(xenMap, [.. reserved, .. devices.Select(device => device.Name)]).Read(apics.Count);

        var variants = new List<MachineVariant>();
        foreach ((string mode, bool x2Apic) in Choices("mode", ScenarioWords.ApicModes, "xapic"))
        foreach ((string whose, Profile profile) in Choices("profile", ScenarioWords.Profiles, "manual"))
        foreach ((string when, AckPolicy ack) in Choices("ack", ScenarioWords.Acks, "done"))
        foreach ((string how, RouteModel routes) in Choices("routes", ScenarioWords.Routes, "direct"))
        foreach ((string who, KernelModel kernel) in KernelChoices())
        foreach ((string which, KernelVersion version) in kernels.Versions(kernel))
        foreach ((string looks, CallbackPolicy policy) in xenMap is null ? [("", CallbackPolicy.Ack)] : Choices("policy", XenWords.Policies, "ack", xenMap))
        {
            if (routes == RouteModel.Cached && kernel != KernelModel.None)
                throw _map["routes"]!.Expected("direct; kernel says how messages travel");
            if (x2Apic && !apics.X2Apic)
                throw _map["mode"]!.Expected("xapic; the machine has no x2APIC mode (x2apic: false)");
            FabricOptions usual = FabricOptions.Pc(apics.Count, profile, ack);
            MachineVariant variant = new(Words.Join(new[] { mode, whose, when, how, who, which, looks }.Where(word => word.Length > 0)), new()
            {
                Cpus = apics.Count,
                X2Apic = x2Apic,
                Start = start,
                Routes = routes,
                Kernel = kernel,
                KernelOptions = kernels.OptionsOf(kernel, version),
                Linux = kernel.OwnsLocalApics() && _map["linux"] is not null ? version : null,
                MemoryBytes = memory,
                Remapping = vtd?.Setup,
                Devices = devices,
                Xen = domains,
                Passthrough = passthrough,
                Host = host,
                Guest = guest,
                Fabric = usual with
                {
                    // Local APICs in a kernel are KVM's.
                    LocalApics = apics with { Profile = kernel.OwnsLocalApics() ? Profile.Kvm : profile },
                    IoApics = [.. ioApics.Select(io => io.Options with
                    {
                        Profile = profile,
                        Ack = ack,
                        Version = io.HasVersion ? io.Options.Version : usual.IoApics[0].Version,
                    })],
                    Pic = pic ? usual.Pic : null,
                    IsaOverrides = gsis.IsaOverrides,
                    IntrAtPinZero = intrAtPinZero ?? (usual.IntrAtPinZero && !kernel.OwnsLocalApics()),
                    Format = format,
                    Sources = Math.Max(usual.Sources, devices.Count + 1 + (xen?.Sources ?? 0)),
                    Xen = xen is null ? null : xen with { Policy = policy },
                    Vtd = vtd?.Unit,
                    OneshotLines = host is { Oneshot.Count: > 0 } ? host.Oneshot : null,
                    Remappers = xen?.Pirqs is null ? [] : [new PirqTranslatorOptions()],
                    Routing = kernel == KernelModel.None ? null : kernels.RoutingOf(kernel, version),
                },
            });
            _places.Check(variant.Machine.Fabric.Validate);
            if (variant.Machine.OwnsLocalApics)
                _places.Check(variant.Machine.KernelOptions.Validate);
            if (kernel == KernelModel.Full)
                kernels.CheckFull(variant.Machine);
            variants.Add(variant);
        }
        return variants;
    }

    private List<(string Differs, KernelModel Value)> KernelChoices() =>
        _map["kernel"] is null ? [("", KernelModel.None)] : Choices("kernel", ScenarioWords.KernelModels, "user");

    private int ReadMemory(bool holdsTables)
    {
        const int most = 1 << 26, unit = 8;
        int least = holdsTables ? RemappingDriver.MemoryBytes : 0;
        if (_map["memory"] is not { } node)
            return least;
        int bytes = Numbers.ReadInt(node, "bytes of memory", least, most);
        return bytes % unit == 0 ? bytes : throw node.Expected("a multiple of 8");
    }

    private LocalApicOptions ReadLocalApics()
    {
        var usual = new LocalApicOptions();
        return usual with
        {
            Count = Int("cpus", usual.Count),
            Ids = _map["ids"] is { } ids ? ReadIds(ids) : null,
            X2Apic = Flag("x2apic", usual.X2Apic),
            TscDeadline = Flag("tscDeadline", usual.TscDeadline),
            SuppressEoiBroadcast = Flag("suppressEoiBroadcast", usual.SuppressEoiBroadcast),
            Cmci = Flag("cmci", usual.Cmci),
            BusHz = Hz("busHz", usual.BusHz),
            TscHz = Hz("tscHz", usual.TscHz),
            PhysicalAddressBits = Int("physicalAddressBits", usual.PhysicalAddressBits),
        };
    }

    private static List<uint> ReadIds(YamlNode node) => [.. node.AsSequence("a list of APIC ids, one for each CPU").Items
        .Select(item => (uint)Numbers.Read(item, "an APIC id", 0, uint.MaxValue))];

    private List<(IoApicOptions Options, bool HasVersion)> ReadIoApics()
    {
        if (_map["ioapics"] is not { } node)
            return [(new IoApicOptions(), false)];
        YamlSequence list = node.AsSequence("a list of I/OAPICs, each a map");
        var chips = new List<(IoApicOptions Options, bool HasVersion)>();
        int nextGsi = 0;
        foreach (YamlNode item in list.Items)
        {
            YamlMapping map = item.AsMapping($"a map of {Words.Join(ScenarioWords.IoApic)}").Only(ScenarioWords.IoApic);
            chips.Add((ReadIoApic(map, chips.Count, nextGsi), map["version"] is not null));
            (int gsi, int pins) = (chips[^1].Options.GsiBase, chips[^1].Options.Pins);
            nextGsi = Math.Max(nextGsi, (int)Math.Min((long)gsi + pins, int.MaxValue));
        }
        return chips;
    }

    private static IoApicOptions ReadIoApic(YamlMapping map, int number, int nextGsi)
    {
        var usual = new IoApicOptions();
        return usual with
        {
            Pins = Int(map, "pins", usual.Pins),
            GsiBase = Int(map, "gsi", nextGsi),
            Id = (byte)Unchecked(map, "id", number % 16, byte.MaxValue),
            Address = map["address"] is { } address
                ? Numbers.Read(address, "an address", 0, ulong.MaxValue) : usual.Address + (ulong)number * IoApicPage,
            Version = (byte)Unchecked(map, "version", usual.Version, byte.MaxValue),
            WideEntries = map["wide"] is { } wide ? Words.Boolean(wide) : usual.WideEntries,
            StormLimit = ReadStormLimit(map, usual.StormLimit),
            StormDelay = map["stormDelay"] is { } delay ? Numbers.ReadTime(delay) : usual.StormDelay,
        };
    }

    // Each EOI is at least one step, so a run cannot have more of them than steps.
    private static int ReadStormLimit(YamlMapping map, int usual)
    {
        int limit = Int(map, "stormLimit", usual);
        return limit is >= 0 and <= StepWork.MaxRun ? limit
            : throw map["stormLimit"]!.Expected($"stormLimit: 0 to {StepWork.MaxRun}; a run comes to no more EOIs");
    }

    // A list means one machine for each element; a value that does not vary is not in the name.
    private List<(string Differs, T Value)> Choices<T>(string key, WordList<T> words, string usual, YamlMapping? map = null)
    {
        YamlNode? node = (map ?? _map)[key];
        if (node is YamlSequence list)
        {
            if (list.Items.Count == 0)
                throw list.Expected($"one or more of {Words.Join(words.Words)}");
            var choices = new List<(string Differs, T Value)>();
            foreach (YamlNode item in list.Items)
            {
                T value = words.Read(item);
                string word = ((YamlScalar)item).Text;
                if (choices.Exists(choice => choice.Differs == word))
                    throw item.Expected("each word once");
                choices.Add((word, value));
            }
            return choices.Count > 1 ? choices : [("", choices[0].Value)];
        }
        return words.TryFind(usual, out T value1) && node is null ? [("", value1)] : [("", words.Read(node!))];
    }

    private T Word<T>(string key, WordList<T> words, T usual) => _map[key] is { } node ? words.Read(node) : usual;
    private bool Flag(string key, bool usual) => _map[key] is { } node ? Words.Boolean(node) : usual;
    private int Int(string key, int usual) => Int(_map, key, usual);
    private static int Int(YamlMapping map, string key, int usual) => (int)Unchecked(map, key, usual, int.MaxValue);
    private long Hz(string key, long usual) => Unchecked(_map, key, usual, long.MaxValue);
    private static long Unchecked(YamlMapping map, string key, long usual, long largest) =>
        map[key] is { } node ? Numbers.ReadUnchecked(node, largest) : usual;
}
