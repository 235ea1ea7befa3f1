using Wirq.HostIrq;
using Wirq.Vfio;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads <c>vfio</c> of a device.</summary>
internal static class VfioReader
{
    private const int MostVectors = 2048;

    /// <summary>Reads how a device is passed to the guest.</summary>
    /// <param name="node">Its map.</param>
    /// <param name="device">The device without it.</param>
    internal static VfioSpec Read(YamlNode node, DeviceSpec device)
    {
        YamlMapping map = node.AsMapping($"a map of {Words.Join(HostWords.Device)}").Only(HostWords.Device);
        bool hasLine = device.Gsi >= 0;
        if (!device.HasEventFd)
            throw node.Expected("it beside eventfd: true; VFIO interrupts by an eventfd");
        if (map["back"] is { } wrong && !hasLine)
            throw wrong.Expected("it of a device with a line; a message has no way back");
        UnmaskWay back = map["back"] is { } way ? HostWords.Backs.Read(way) : device.Resamples ? UnmaskWay.EventFd : hasLine ? UnmaskWay.Ack : UnmaskWay.None;
        if (back == UnmaskWay.EventFd && !device.Resamples)
            throw map["back"]!.Expected("it beside resample: true, which has that eventfd");
        var usual = new VfioDeviceOptions { Name = device.Name };
        int messages = hasLine ? 0 : device.Vectors;
        int msi = Int(map, "msi", 0), msix = Int(map, "msix", msi == 0 ? messages : 0);
        if (!hasLine && Math.Max(msi, msix) < messages)
            throw node.Expected($"msi or msix of {messages} and more, the messages of the device");
        return new VfioSpec(usual with
        {
            Guest = map["guest"]?.AsScalar("a name of a guest").Text ?? "",
            Bus = map["bus"] is { } bus ? HostWords.Buses.Read(bus) : VfioBus.Pci,
            Line = map["line"] is { } line ? Numbers.ReadInt(line, "a line of the host", 0, HostIrqOptions.MaxLines - 1) : hasLine ? 0 : null,
            HasIntxDisable = Flag(map, "disintx", true),
            IsExpress = Flag(map, "express", false),
            MsiVectors = msi,
            MsixVectors = msix,
            HasDynamicMsix = Flag(map, "dynamic", false),
            GrantedVectors = Int(map, "granted", usual.GrantedVectors),
            Mode = map["mode"] is { } mode ? HostWords.Modes.Read(mode) : null,
            Compatible = map["compatible"]?.AsScalar("a kind of device, as a device tree names it").Text ?? "",
            OneshotTimeout = map["timeout"] is { } timeout ? Numbers.ReadTime(timeout) : usual.OneshotTimeout,
            DisablesUnlazily = Flag(map, "unlazy", true),
            StormLimit = map["stormLimit"] is { } limit ? Numbers.ReadInt(limit, "a number of unmasks, 0 for no brake", 0, IoApicOptions.MaxStormLimit) : usual.StormLimit,
            StormWindow = map["stormWindow"] is { } window ? Numbers.ReadTime(window) : usual.StormWindow,
            StormDelay = map["stormDelay"] is { } delay ? Numbers.ReadTime(delay) : usual.StormDelay,
        }, back);
    }

    /// <summary>Checks all devices and the host together.</summary>
    /// <param name="map">The map of devices.</param>
    /// <param name="spec">The host; null if there is none.</param>
    /// <param name="devices">The devices.</param>
    internal static void Check(YamlNode? map, IrqKernelSpec? spec, IReadOnlyList<DeviceSpec> devices)
    {
        DeviceSpec[] passed = [.. devices.Where(device => device.Vfio is not null)];
        if (spec is null)
        {
            if (devices.FirstOrDefault(device => device.Vfio is not null || device.HostLine >= 0) is { } alone)
            {
                YamlScalar key = Of(alone).Entries.First(entry => entry.Key.Text is HostWords.Vfio or HostWords.HostLine).Key;
                throw new ScenarioException(key.At, $"{key.Text} of {alone.Name} in a machine without a host", "host in the machine");
            }
            return;
        }
        foreach (DeviceSpec device in devices.Where(device => device.HostLine >= spec.Irqs.Lines.Count))
            throw Of(device)[HostWords.HostLine]!.Expected($"a line of the host, 0 to {spec.Irqs.Lines.Count - 1}");
        if (passed.Length == 0)
            return;
        try
        {
            new VfioOptions { Irqs = spec.Irqs, Devices = [.. passed.Select(device => device.Vfio!.Options)] }.Validate();
        }
        catch (OptionException bad)
        {
            // The host's lines were checked before.
            int number = passed.Index().First(device => bad.Field.StartsWith($"Devices[{device.Index}].", StringComparison.Ordinal)).Index;
            var its = (YamlMapping)Of(passed[number])[HostWords.Vfio]!;
            throw new OptionPlaces(its).Refusal(bad, bad.Field[(bad.Field.IndexOf('.', StringComparison.Ordinal) + 1)..]);
        }

        YamlMapping Of(DeviceSpec device) => (YamlMapping)((YamlMapping)map!)[device.Name]!;
    }

    private static bool Flag(YamlMapping map, string key, bool usual) => map[key] is { } node ? Words.Boolean(node) : usual;

    private static int Int(YamlMapping map, string key, int usual) => map[key] is { } node ? Numbers.ReadInt(node, key, 0, MostVectors) : usual;
}
