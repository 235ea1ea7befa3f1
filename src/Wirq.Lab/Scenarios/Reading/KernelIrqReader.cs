using Wirq.HostIrq;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads <c>host</c> and <c>guest</c> of a machine.</summary>
internal static class KernelIrqReader
{
    // State is part of a world, so the usual numbers are few.
    private const int MostLines = 64, MostDrivers = 32, MostCpus = 32, Actions = 8, MostEventFds = 16;

    /// <summary>Reads the host below.</summary>
    /// <param name="node">Its map.</param>
    /// <param name="devices">The devices of the machine.</param>
    internal static IrqKernelSpec ReadHost(YamlNode node, IReadOnlyList<DeviceSpec> devices)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(HostWords.HostKeys)}").Only(HostWords.HostKeys);
        YamlNode[] lines = Lines(map, "host");
        var spec = new IrqKernelSpec
        {
            Irqs = new HostIrqOptions
            {
                Cpus = map["cpus"] is { } cpus ? Numbers.ReadInt(cpus, "a number of host CPUs", 1, MostCpus) : 1,
                Profile = map["profile"] is { } profile ? HostWords.Profiles.Read(profile) : HostProfile.Sound,
                Actions = Actions,
                Lines = [.. lines.Select(line => ReadLine(line.AsMapping($"a map of {Words.Join(HostWords.Line)}").Only(HostWords.Line)))],
            },
            Unlazy = Those(lines, "unlazy"),
            Oneshot = Those(lines, "oneshot"),
            EventFds = map["eventfds"] is { } names ? ReadNames(names) : [],
        };
        return Check(map, spec with { Drivers = ReadDrivers(map, spec, devices, isGuest: false), ThreadsTold = Told(map) });
    }

    /// <summary>Reads the kernel of the guest.</summary>
    /// <param name="node">Its map.</param>
    /// <param name="gsis">Reads GSIs.</param>
    /// <param name="chips">The chips.</param>
    /// <param name="devices">The devices of the machine.</param>
    internal static IrqKernelSpec ReadGuest(YamlNode node, GsiReader gsis, FabricOptions chips, IReadOnlyList<DeviceSpec> devices)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(HostWords.GuestKeys)}").Only(HostWords.GuestKeys);
        YamlNode[] lines = Lines(map, "guest");
        foreach (YamlNode line in lines)
            line.AsMapping($"a map of {Words.Join(HostWords.GuestLine)}").Only(HostWords.GuestLine);
        var spec = new IrqKernelSpec
        {
            Irqs = new HostIrqOptions { Cpus = chips.LocalApics.Count, Actions = Actions, Lines = [.. lines.Select(line => ReadLine((YamlMapping)line))] },
            Pins = ReadPins(lines, gsis, chips),
            Unlazy = Those(lines, "unlazy"),
        };
        return Check(map, spec with { Drivers = ReadDrivers(map, spec, devices, isGuest: true), ThreadsTold = Told(map) });
    }

    /// <summary>A line is judged by OneshotHeld until a guest has finished. That of a driver of the host's own has no guest: Linux opens it after its
    /// last thread, or, disabled by then, at the enable (manage.c, irq_finalize_oneshot), and no completion would be seen.</summary>
    internal static void CheckForwarded(YamlNode node, IrqKernelSpec spec, IReadOnlyList<DeviceSpec> devices)
    {
        YamlNode[] lines = Lines((YamlMapping)node, "host");
        foreach (int line in spec.Oneshot.Where(line => devices.All(device => device.Vfio?.Options.Line != line)))
            throw ((YamlMapping)lines[line])["oneshot"]!.Expected($"it of a line whose device is forwarded to a guest ({HostWords.Vfio}); a driver of the host has oneshot of its own");
    }

    private static YamlNode[] Lines(YamlMapping map, string whose)
    {
        YamlSequence list = map.Required("lines", whose).AsSequence("a list of lines, each a map");
        return list.Items.Count is > 0 and <= MostLines ? [.. list.Items]
            : throw new ScenarioException(list.At, $"a list of {list.Items.Count}", $"1 to {MostLines} lines");
    }

    private static bool Told(YamlMapping map) => map["threads"] is { } threads && HostWords.Threads.Read(threads);

    private static int[] Those(YamlNode[] lines, string key) =>
        [.. lines.Index().Where(line => ((YamlMapping)line.Item)[key] is { } set && Words.Boolean(set)).Select(line => line.Index)];

    private static HostLineOptions ReadLine(YamlMapping map)
    {
        HostFlow flow = map["flow"] is { } how ? HostWords.Flows.Read(how) : HostFlow.FastEoi;
        var chip = new IrqChipOptions();
        foreach (YamlNode word in map["chip"]?.AsSequence($"a list of {Words.Join(HostWords.Chip.Words)}").Items ?? [])
            chip = HostWords.Chip.Read(word)(chip);
        return new HostLineOptions { Flow = flow, IsLevel = map["level"] is { } level ? Words.Boolean(level) : flow != HostFlow.Edge, Chip = chip };
    }

    /// <summary>A pin has one entry, so one vector and one line of the kernel.</summary>
    private static List<GuestPin> ReadPins(YamlNode[] lines, GsiReader gsis, FabricOptions chips)
    {
        var pins = new List<GuestPin>();
        foreach (YamlMapping line in lines.Cast<YamlMapping>())
        {
            GuestPin pin = ReadPin(line, gsis, chips);
            int other = pins.FindIndex(one => (one.IoApic, one.Pin) == (pin.IoApic, pin.Pin));
            if (other >= 0)
                throw line["gsi"]!.Expected($"a GSI that no other line has; line {other} has it, and a pin has one entry");
            pins.Add(pin);
        }
        return pins;
    }

    private static GuestPin ReadPin(YamlMapping map, GsiReader gsis, FabricOptions chips)
    {
        YamlNode node = map.Required("gsi", "a line of the guest");
        int gsi = gsis.Read(node);
        int cpu = map["cpu"] is { } to ? Numbers.ReadInt(to, "a CPU", 0, chips.LocalApics.Count - 1) : 0;
        foreach ((int chip, IoApicOptions options) in chips.IoApics.Index())
        {
            if (gsi >= options.GsiBase && gsi < options.GsiBase + options.Pins)
                return new GuestPin(chip, gsi - options.GsiBase, Numbers.ReadVector(map.Required("vector", "a line of the guest")), cpu);
        }
        throw node.Expected("a GSI that leads to a pin of an I/OAPIC");
    }

    private static List<DriverSpec> ReadDrivers(YamlMapping map, IrqKernelSpec spec, IReadOnlyList<DeviceSpec> devices, bool isGuest)
    {
        var drivers = new List<DriverSpec>();
        YamlMapping? all = map["drivers"]?.AsMapping("a map of names and drivers");
        if (all?.Entries.Count > MostDrivers)
            throw new ScenarioException(all.At, $"{all.Entries.Count} drivers", $"at most {MostDrivers}");
        foreach (YamlEntry entry in all?.Entries ?? [])
        {
            YamlMapping its = entry.Value.AsMapping($"a map of {Words.Join(HostWords.Driver)}").Only(HostWords.Driver);
            int line = its["line"] is { } which ? Numbers.ReadInt(which, "a line", 0, spec.Irqs.Lines.Count - 1) : 0;
            YamlScalar name = its["device"]?.AsScalar("a device") ?? entry.Key;
            int device = devices.Index().FirstOrDefault(one => one.Item.Name == name.Text, (-1, null!)).Index;
            if (device < 0 && devices.Count == 0)
                throw name.Expected("no driver; this machine has no device (devices)");
            if (device < 0)
                throw Words.Unknown(name, [.. devices.Select(one => one.Name)]);
            if (!isGuest && devices[device].HostLine is var hostLine && hostLine != line)
                throw name.Expected(hostLine < 0 ? $"a device of the host's own on line {line} ({HostWords.HostLine}: {line})"
                    : $"a device on line {line} ({HostWords.HostLine}); {devices[device].Name} has line {hostLine}");
            HostRequestBits flags = (Flag(its, "shared") ? HostRequestBits.Shared : 0) | (Flag(its, "oneshot") ? HostRequestBits.Oneshot : 0)
                | (Flag(its, "percpu") ? HostRequestBits.PerCpu : 0);
            drivers.Add(new DriverSpec(entry.Key.Text, line, device, new HostRequest(flags, Flag(its, "handler", true), Flag(its, "thread")),
                Flag(its, "looks", spec.Irqs.Lines[line].IsLevel), Flag(its, "handles", true), Flag(its, "requests", true)));
        }
        return drivers;
    }

    private static bool Flag(YamlMapping map, string key, bool usual = false) => map[key] is { } node ? Words.Boolean(node) : usual;

    private static List<string> ReadNames(YamlNode node)
    {
        const string expected = "a name of an eventfd: lower-case letters, digits and -";
        YamlSequence list = node.AsSequence("a list of names of eventfds");
        if (list.Items.Count > MostEventFds)
            throw new ScenarioException(list.At, $"a list of {list.Items.Count}", $"at most {MostEventFds} eventfds");
        var names = new List<string>();
        foreach (YamlNode item in list.Items)
        {
            YamlScalar name = item.AsScalar(expected);
            if (name.Text.Length is 0 or > 32 || !name.Text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') || HostWords.EventFds.Contains(name.Text))
                throw name.Expected(expected);
            if (names.Contains(name.Text))
                throw name.Expected("each name once");
            names.Add(name.Text);
        }
        return names;
    }

    private static IrqKernelSpec Check(YamlMapping map, IrqKernelSpec spec)
    {
        new OptionPlaces(map).Check(spec.Irqs.Validate);
        return spec;
    }
}
