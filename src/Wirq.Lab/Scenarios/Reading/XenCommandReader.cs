using Wirq.Xen;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads hypercalls, and what a hypervisor does by itself.</summary>
internal sealed class XenCommandReader(Actors actors)
{
    // Of the machine below: after its 24 GSIs.
    private const int FirstMessage = 24, LastMessage = 27;

    /// <summary>Reads what a vCPU of a domain asks for.</summary>
    /// <param name="node">The call alone, or a map of it, <c>as</c> and <c>gives</c>.</param>
    /// <param name="domain">The place of the domain.</param>
    internal (XenCommand Command, string Text) ReadCall(YamlNode node, int domain)
    {
        (XenCommand command, string text) = Read(node, XenWords.Calls, domain);
        if (domain != 0 && command.Action is XenAction.SetCallback or XenAction.SetVector)
            throw node.Expected("a call of a CPU of this machine: the callback of another domain is no part of it");
        if (domain == 0 && command.Action == XenAction.Handle)
            throw node.Expected($"{XenWords.Upcall} in a handler: a CPU of this machine handles its events step by step");
        return (command, text);
    }

    /// <summary>Whether it is the hypervisor that does something, and not the CPU of a handler.</summary>
    internal static bool IsDoing(YamlNode node) => node is YamlMapping { Entries: [var first, ..] } && XenWords.Doings.TryFind(first.Key.Text, out _);

    /// <summary>Reads what the hypervisor does.</summary>
    internal DomainStep ReadDoing(YamlScalar key, YamlNode node)
    {
        (XenCommand command, string text) = Read(node, XenWords.Doings, domain: -1);
        if (command.Action == XenAction.Link && actors.Machine.Fabric.Xen is not { HasPciLines: true })
            throw node.Expected("nothing of links; this machine has no PCI lines of Xen (xen: {pci: true})");
        return new DomainStep(key.At, $"Xen: {text}", -1, command);
    }

    /// <summary>Reads a step of another domain.</summary>
    internal DomainStep ReadStep(YamlScalar key, YamlNode node, int domain)
    {
        (XenCommand command, string text) = ReadCall(node, domain);
        return new DomainStep(key.At, $"{key.Text} {text}", domain, command);
    }

    private (XenCommand Command, string Text) Read(YamlNode node, WordList<(XenAction Action, string[] Keys)> words, int domain)
    {
        if (node is not YamlMapping map)
        {
            (XenAction alone, string[] its) = words.Read(node);
            if (its.Length > 0)
                throw node.Expected($"what to {((YamlScalar)node).Text}: {{{((YamlScalar)node).Text}: …}}");
            return (new XenCommand(alone, new XenArguments()), ((YamlScalar)node).Text);
        }
        YamlEntry[] calls = [.. map.Entries.Where(entry => entry.Key.Text is not (XenWords.As or XenWords.Gives or XenWords.Gets))];
        if (calls.Length != 1)
            throw calls.Length == 0 ? map.Expected($"one of {Words.Join(words.Words)}") : Words.Second(calls[1].Key, "one call in a step", XenWords.As, XenWords.Gives, XenWords.Gets);
        // A CPU's call and what the hypervisor does are written alike.
        if (!words.TryFind(calls[0].Key.Text, out _))
            throw Words.Unknown(calls[0].Key, [.. words.Words.Union(domain > 0 ? [] : XenWords.Calls.Words).Union(domain > 0 ? [] : XenWords.Doings.Words)]);
        (XenAction action, string[] keys) = words.Read(calls[0].Key);
        if (IsOfPirqs(action) && actors.Machine.Fabric.Xen!.Pirqs is null)
            throw calls[0].Key.Expected("nothing of PIRQs; this machine has none (xen: hvmPirqs or passed)");
        if (IsOfDom0(action) && (actors.Machine.Passthrough is null || domain >= 0 && actors.Machine.Xen[domain].Options.Id != 0))
            throw calls[0].Key.Expected("what dom0 does of machines with devices that it passes on (xen: passed)");
        if (keys.Length == 0)
            throw calls[0].Key.Expected($"the word {calls[0].Key.Text} alone, without a value");
        XenArguments arguments = ReadArguments(calls[0].Value, action, keys, domain);
        int name = -1;
        if (map[XenWords.As] is { } given)
            name = OpensPort(action) ? actors.Ports.Give(given) : throw given.Expected("it with a call that opens a port");
        int gives = map[XenWords.Gives] is { } answer ? XenWords.Answers.Read(answer) : 0;
        if (gives == XenCommand.Blocks && action != XenAction.Poll)
            throw map[XenWords.Gives]!.Expected("blocks with poll alone");
        int gets = map[XenWords.Gets] is { } number ? Numbers.ReadInt(number, "a port or a PIRQ", 0, ushort.MaxValue) : -1;
        return (new XenCommand(action, arguments, name, gives, gets), Tell(calls[0], keys, map[XenWords.As]));
    }

    private static bool IsOfPirqs(XenAction action) => action is >= XenAction.MapPirq and <= XenAction.RemoveDevice;

    private static bool IsOfDom0(XenAction action) => action is XenAction.Pass or XenAction.Return or XenAction.EnableDevice or XenAction.MapMessage
        or XenAction.RemoveDevice || IsOfPin(action);

    private static bool IsOfPin(XenAction action) => action is XenAction.UnmaskPin or XenAction.EndPin;

    private static bool OpensPort(XenAction action) => action is XenAction.AllocUnbound or XenAction.BindInterdomain or XenAction.BindIpi
        or XenAction.BindVirq or XenAction.BindPirq;

    private static string Tell(YamlEntry call, string[] keys, YamlNode? name)
    {
        string what = call.Value switch
        {
            YamlScalar scalar => $"{keys[0]} {scalar.Text}",
            YamlSequence list => Words.Join(list.Items.Select(item => (item as YamlScalar)?.Text ?? "")),
            YamlMapping map => Words.Join(map.Entries.Select(entry => $"{entry.Key.Text} {(entry.Value as YamlScalar)?.Text}")),
            _ => "",
        };
        return $"{call.Key.Text}: {what}{(name is YamlScalar given ? $", as {given.Text}" : "")}";
    }

    private XenArguments ReadArguments(YamlNode node, XenAction action, string[] keys, int domain)
    {
        var arguments = new XenArguments
        {
            // Of a hypercall its own domain (DOMID_SELF); of what the hypervisor does, that of the machine.
            Domain = domain < 0 || action is XenAction.Pass or XenAction.Return or XenAction.MapMessage ? actors.Machine.Xen[0].Options.Id : XenDomainOptions.SelfId,
            Remote = XenDomainOptions.SelfId,
        };
        if (node is YamlMapping map)
        {
            map.Only(keys);
            if (IsOfPin(action))
                map.Required("gsi", "a pin of dom0");
            foreach (YamlEntry entry in map.Entries)
                arguments = ReadArgument(arguments, entry.Key.Text, entry.Value, domain, map, action);
            return action == XenAction.SetCallback ? ReadCallback(map) : arguments;
        }
        if (action == XenAction.SetCallback)
            return node is YamlScalar { Text: ScenarioWords.Nothing } ? arguments : throw node.Expected($"{ScenarioWords.Nothing}, or a map of gsi, device and pin, or vector");
        return ReadArgument(arguments, keys[0], node, domain, null, action);
    }

    private static XenArguments ReadCallback(YamlMapping map) => map switch
    {
        _ when map["gsi"] is { } gsi && map.Entries.Count == 1 =>
            new XenArguments { Via = CallbackVia.OfGsi((byte)Numbers.ReadInt(gsi, "a GSI", 0, byte.MaxValue)).Bits },
        _ when map["vector"] is { } vector && map.Entries.Count == 1 => new XenArguments { Via = CallbackVia.OfVector(Numbers.ReadVector(vector)).Bits },
        _ when map["device"] is { } device && map["gsi"] is null && map["vector"] is null => new XenArguments
        {
            Via = CallbackVia.OfIntx(Numbers.ReadInt(device, "a PCI device number", 0, XenPciLines.Devices - 1),
                map["pin"] is { } pin ? ScenarioWords.Pins.Read(pin) : PciInterruptPin.A).Bits,
        },
        _ => throw map.Expected("gsi, or device and pin, or vector"),
    };

    private XenArguments ReadArgument(XenArguments to, string key, YamlNode node, int domain, YamlMapping? map, XenAction action)
    {
        uint Any(string what) => (uint)Numbers.Read(node, what, 0, uint.MaxValue);
        switch (key)
        {
            case "vcpu":
                uint vcpu = Any("a vCPU");
                return domain >= 0 || vcpu < DomainOf(map).Vcpus ? to with { Vcpu = vcpu } : throw node.Expected("a vCPU of the domain");
            case "virq":
                return to with { Virq = ReadVirq(node, domain < 0 ? VirtualInterrupt.Count - 1 : uint.MaxValue) };
            case "pirq":
                uint pirq = Any("a PIRQ");
                return domain >= 0 || pirq < DomainOf(map).Pirqs ? to with { Pirq = pirq, Number = (int)pirq } : throw node.Expected("a PIRQ of the domain");
            case "port":
                return to with { Port = actors.Ports.Read(node) };
            case "ports":
                return to with { Ports = ReadPorts(node) };
            case "domain":
                return to with { Domain = ReadDomain(node, mustBe: domain < 0) };
            case "remote":
                return to with { Remote = ReadDomain(node, mustBe: false) };
            case "frame":
                return to with { Frame = Numbers.Read(node, "a frame", 0, ulong.MaxValue) };
            case "offset":
                return to with { Offset = Any("an offset") };
            case "priority":
                return to with { Priority = Any("a priority") };
            case "vector":
                return to with { Vector = Numbers.ReadVector(node) };
            case "link":
                return to with { Link = Numbers.ReadInt(node, "a link", 0, XenPciLines.Links - 1) };
            case "irq":
                return to with
                {
                    Irq = map?["link"] is null ? Numbers.ReadInt(node, "an interrupt of messages", FirstMessage, LastMessage) : Numbers.ReadInt(node, "an IRQ", 0, 15),
                };
            case "gsi":
                return to with { Gsi = Numbers.ReadInt(node, "a GSI", 0, domain < 0 || IsOfPin(action) ? 23 : 1 << 20) };
            case "passed":
                YamlScalar name = node.AsScalar("a device that dom0 passes on");
                string[] names = [.. actors.Machine.Passthrough!.Devices.Select(device => device.Name)];
                return to with { Device = Array.IndexOf(names, name.Text) is >= 0 and var place ? place : throw Words.Unknown(name, names) };
            case "level":
                return to with { Level = Words.Boolean(node) };
            case "high":
                return to with { Level = Words.Boolean(node) };
            case "low":
                return to with { Low = Words.Boolean(node) };
            case "without":
                return to with { Without = [.. node.AsSequence($"a list of {Words.Join(XenWords.Steps.Words)}").Items.Select(XenWords.Steps.Read)] };
            case "status":
                return to with { Status = XenWords.Statuses.Read(node) };
            default:
                return to;
        }
    }

    private XenDomainOptions DomainOf(YamlMapping? map)
    {
        ushort id = map?["domain"] is { } node ? ReadDomain(node, mustBe: true) : actors.Machine.Xen[0].Options.Id;
        return actors.Machine.Xen.First(domain => domain.Options.Id == id).Options;
    }

    private List<PortRef> ReadPorts(YamlNode node)
    {
        const int most = 200;
        YamlSequence list = node.AsSequence("a list of ports");
        return list.Items.Count <= most ? [.. list.Items.Select(actors.Ports.Read)] : throw new ScenarioException(list.At, $"a list of {list.Items.Count}", $"at most {most} ports");
    }

    private static uint ReadVirq(YamlNode node, uint most)
    {
        YamlScalar scalar = node.AsScalar("a VIRQ");
        if (XenWords.Virqs.TryFind(scalar.Text, out uint virq))
            return virq;
        return Numbers.TryParse(scalar.Text, out ulong number) && number <= most ? (uint)number
            : throw Words.Unknown(scalar, $"a VIRQ: a number, or one of {Words.Join(XenWords.Virqs.Words)}", XenWords.Virqs.Words);
    }

    private ushort ReadDomain(YamlNode node, bool mustBe)
    {
        YamlScalar scalar = node.AsScalar("a domain");
        if (scalar.Text == "self" && !mustBe)
            return XenDomainOptions.SelfId;
        XenDomainSpec? named = actors.Machine.Xen.FirstOrDefault(domain => domain.Name.Length > 0 && domain.Name == scalar.Text);
        if (named is not null)
            return named.Options.Id;
        return Numbers.TryParse(scalar.Text, out ulong id) && id <= ushort.MaxValue && (!mustBe || actors.Machine.Xen.Any(domain => domain.Options.Id == id))
            ? (ushort)id
            : throw Words.Unknown(scalar, mustBe ? "a domain of this machine, by its name or id" : "a domain, by its name or id, or self",
                actors.Machine.Xen.Select(domain => domain.Name).Where(name => name.Length > 0));
    }
}
