using Wirq.Xen;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads <c>xen</c> of a machine.</summary>
/// <param name="map">The map.</param>
/// <param name="reserved">Words that cannot be names of domains.</param>
internal sealed class XenReader(YamlMapping map, IReadOnlyCollection<string> reserved)
{
    // State and pages are part of a world, so the usual ones are few.
    private const int UsualPorts = 63, UsualPirqs = 32, UsualFrames = 8, MostFrames = 64, MostDomains = 8, MostPorts = 4095, MostPirqs = 1024;
    private const int UsualId = 1, LongestName = 40;

    /// <summary>Reads a map.</summary>
    /// <returns>The domains, and the options without the policy.</returns>
    internal (IReadOnlyList<XenDomainSpec> Domains, XenOptions Options, PassthroughSpec? Passthrough) Read(int cpus)
    {
        map.Only(XenWords.Machine);
        var domains = new List<XenDomainSpec> { ReadDomain("", map, map.At, UsualId, cpus, isHvm: true, isPrivileged: false) };
        foreach (YamlEntry entry in map["domains"]?.AsMapping("a map of names and domains").Entries ?? [])
        {
            if (domains.Count == MostDomains)
                throw new ScenarioException(entry.Key.At, "too many domains", $"at most {MostDomains}, the machine's own with them");
            CheckName(entry.Key);
            YamlMapping its = entry.Value.AsMapping($"a map of {Words.Join(XenWords.Domain)}").Only(XenWords.Domain);
            YamlNode id = its.Required("id", $"domain {entry.Key.Text}");
            int number = Numbers.ReadInt(id, "the id of a domain", 0, XenDomainOptions.FirstReservedId - 1);
            if (domains.Exists(other => other.Options.Id == number))
                throw id.Expected("an id that no other domain has");
            domains.Add(ReadDomain(entry.Key.Text, its, its.At, number, Int(its, "vcpus", 1, 1, 64),
                its["kind"] is { } kind && XenWords.DomainKinds.Read(kind), its["privileged"] is { } privileged && Words.Boolean(privileged)));
        }
        var options = new XenOptions
        {
            Channels = new EventChannelOptions { Domains = [.. domains.Select(domain => domain.Options)] },
            Domain = domains[0].Options.Id,
            HasPciLines = map["pci"] is { } pci && Words.Boolean(pci),
        };
        PassthroughSpec? passthrough = map["passed"] is { } passed ? ReadPassed(passed, domains, options.HasPciLines) : null;
        bool routes = map["hvmPirqs"] is { } own && Words.Boolean(own);
        if (passthrough is not null || routes)
            options = options with { Pirqs = ReadPirqs(domains, passthrough, routes) };
        else if ((map["hypervisor"] ?? map["version"] ?? map["links"]) is { } alone)
            throw new ScenarioException(alone.At, "a word about PIRQs", "hvmPirqs: true, or passed, beside it");
        return (domains, options, passthrough);
    }

    private PirqOptions ReadPirqs(List<XenDomainSpec> domains, PassthroughSpec? passthrough, bool routes) => new()
    {
        Profile = map["hypervisor"] is { } whose ? XenWords.Hypervisors.Read(whose) : XenProfile.Xen,
        Version = map["version"] is { } version ? XenWords.Versions.Read(version) : XenVersion.Current,
        MessageIrqs = 4,
        Bindings = 4,
        Domains = [.. domains.Select(domain => new PirqDomainOptions
        {
            Id = domain.Options.Id, RoutesPirqs = routes && domain.Name.Length == 0, IsHardware = domain.Options.Id == 0, Gsis = domain.Name.Length == 0 ? 48 : 24,
        })],
        Devices = [.. (passthrough?.Devices ?? []).Select(device => device.Device.Address).Distinct()],
    };

    private PassthroughSpec ReadPassed(YamlNode node, List<XenDomainSpec> domains, bool hasLines)
    {
        if (!hasLines || !domains.Exists(domain => domain.Options.Id == 0))
            throw new ScenarioException(node.At, "passed", "pci: true, and a domain with the id 0, which passes it on");
        List<AcpiLink> links = [.. map["links"]?.AsSequence("a list of link devices").Items.Select(ReadLink) ?? []];
        var devices = new List<(string, PassedDevice)>();
        var entries = new List<PrtEntry>();
        foreach (YamlEntry entry in node.AsMapping("a map of names and devices").Entries)
        {
            YamlMapping its = entry.Value.AsMapping($"a map of {Words.Join(XenWords.Passed)}").Only(XenWords.Passed);
            int device = Int(its.Required("device", "a passed device"), "a PCI device number", XenPciLines.Devices - 1);
            int guest = Int(its.Required("guest", "a passed device"), "a PCI device number", XenPciLines.Devices - 1);
            bool hasPin = its["gsi"] is not null || its["link"] is not null;
            PciInterruptPin pin = its["pin"] is { } which ? ScenarioWords.Pins.Read(which) : PciInterruptPin.A;
            devices.Add((entry.Key.Text, new PassedDevice(device, hasPin ? pin : null, (byte)guest)));
            if (its["gsi"] is { } gsi)
                entries.Add(new PrtEntry(device, pin, Int(gsi, "a GSI", 23)));
            else if (its["link"] is { } link)
                entries.Add(new PrtEntry(device, pin, 0, links.Count == 0 ? throw link.Expected("no link; there are none (links)") : Int(link, "a link", links.Count - 1)));
        }
        return new PassthroughSpec { Devices = devices, Entries = entries, Links = links };
    }

    private static AcpiLink ReadLink(YamlNode node)
    {
        YamlMapping its = node.AsMapping($"a map of {Words.Join(XenWords.Link)}").Only(XenWords.Link);
        YamlSequence possible = its.Required("possible", "a link").AsSequence("a list of GSIs");
        if (possible.Items.Count == 0)
            throw possible.Expected("one GSI or more");
        return new AcpiLink([.. possible.Items.Select(gsi => Int(gsi, "a GSI", 23))], its["current"] is { } now ? Int(now, "a GSI", 23) : 0,
            its["level"] is not { } level || Words.Boolean(level), its["low"] is not { } low || Words.Boolean(low));
    }

    private static int Int(YamlNode node, string what, int most) => Numbers.ReadInt(node, what, 0, most);

    private static XenDomainSpec ReadDomain(string name, YamlMapping map, FilePosition at, int id, int vcpus, bool isHvm, bool isPrivileged) =>
        new(at, name, Int(map, "frames", UsualFrames, 0, MostFrames), new XenDomainOptions
        {
            Id = (ushort)Int(map, "id", id, 0, XenDomainOptions.FirstReservedId - 1),
            Vcpus = vcpus,
            IsHvm = isHvm,
            IsPrivileged = isPrivileged,
            LargestPort = Int(map, "ports", UsualPorts, 1, MostPorts),
            Pirqs = Int(map, "pirqs", UsualPirqs, 0, MostPirqs),
            Is64Bit = map["width"] is not { } width || ReadWidth(width),
        });

    private static bool ReadWidth(YamlNode node) => Numbers.ReadInt(node, "bits of a word, 32 or 64", 32, 64) switch
    {
        32 => false,
        64 => true,
        _ => throw node.Expected("32 or 64"),
    };

    private static int Int(YamlMapping map, string key, int usual, int least, int most) =>
        map[key] is { } node ? Numbers.ReadInt(node, key, least, most) : usual;

    private void CheckName(YamlScalar name)
    {
        string text = name.Text;
        if (text.Length is 0 or > LongestName || !char.IsAsciiLetter(text[0]) || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            throw name.Expected($"a name of at most {LongestName} letters, digits, - and _ that begins with a letter");
        if (reserved.Contains(text) || Actors.IsCpu(text))
            throw name.Expected("another name; this word means something else in a step");
    }
}
