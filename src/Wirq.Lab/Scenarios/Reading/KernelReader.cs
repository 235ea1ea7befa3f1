using System.Globalization;
using Wirq.Lab.Kernels;
using Wirq.Routing;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads which kernel serves virqs, its version, its number of routes, and how commits are batched.</summary>
internal sealed class KernelReader
{
    // Each virq may have one eventfd for its trigger, and one for the resample.
    private const int MaxVirqs = SimulatedEventFds.MaxCapacity / 2, MaxVersions = 16;

    private readonly YamlMapping _map;
    private readonly LocalApicOptions _apics;
    private readonly int _reserved, _routes, _fullRoutes, _virqs;
    private readonly int _batchCount;
    private readonly long _batchDelay;

    internal KernelReader(YamlMapping map, FabricOptions chips, IReadOnlyList<DeviceSpec> devices)
    {
        _map = map;
        _apics = chips.LocalApics;
        foreach (string key in new[] { "linux", "routeBudget", "batchCount", "batchDelay" })
        {
            if (map[key] is { } node && map["kernel"] is null)
                throw new ScenarioException(node.At, $"{key} in a machine without a kernel", "kernel: user, split or full beside it");
        }
        // Two for each pin: see PinRoutes.
        _reserved = 2 * chips.IoApics.Sum(io => io.Pins);
        int most = SimulatedKernelOptions.MaxRoutes - _reserved;
        if (most < 1 && map["kernel"] is not null)
        {
            throw new ScenarioException(map["ioapics"]!.At, $"{_reserved / 2} pins beside a kernel",
                $"fewer than {SimulatedKernelOptions.MaxRoutes / 2}, for each takes two of its routes");
        }
        int? asked = map["routeBudget"] is { } budget ? Numbers.ReadInt(budget, "a number of routes", 1, most) : null;
        _routes = _reserved + (asked ?? most);
        // Its pins have rows of their own.
        int lines = new KernelLimits().LineGsis;
        _fullRoutes = Math.Min(lines + (asked ?? most), SimulatedKernelOptions.MaxRoutes - lines - GsiMap.IsaIrqs);
        _virqs = Math.Max(1, devices.Sum(device => device.Vectors));
        if (_virqs > MaxVirqs)
            throw new ScenarioException(map["devices"]!.At, $"devices with {_virqs} vectors", $"at most {MaxVirqs} together");
        var usual = new RoutingOptions();
        _batchCount = map["batchCount"] is { } count ? (int)Numbers.ReadUnchecked(count, int.MaxValue) : usual.BatchCount;
        _batchDelay = map["batchDelay"] is { } delay ? Numbers.ReadTime(delay) : usual.BatchDelay;
    }

    /// <summary>The versions that the scenario runs on; only a kernel that owns chips has one.</summary>
    internal IReadOnlyList<(string Differs, KernelVersion Version)> Versions(KernelModel kernel)
    {
        if (!kernel.OwnsLocalApics() || _map["linux"] is not { } node)
            return [("", KernelVersion.Newest)];
        if (node is not YamlSequence list)
            return [("", Read(node))];
        if (list.Items.Count == 0)
            throw list.Expected("one version or more");
        if (list.Items.Count > MaxVersions)
            throw new ScenarioException(list.At, $"a list of {list.Items.Count}", $"at most {MaxVersions} versions");
        return [.. list.Items.Select(item => (list.Items.Count > 1 ? ((YamlScalar)item).Text : "", Read(item)))];
    }

    internal SimulatedKernelOptions OptionsOf(KernelModel kernel, KernelVersion version)
    {
        bool isFull = kernel == KernelModel.Full;
        if (kernel.OwnsLocalApics() && _apics.Ids?.Max() is { } highest and >= SimulatedKernelOptions.MaxVcpuIds)
            throw new ScenarioException((_map["ids"] ?? _map).At, $"APIC id {highest} with the local APICs in the kernel", $"an id below {SimulatedKernelOptions.MaxVcpuIds}: KVM makes no other vCPU");
        return new()
        {
            Kind = isFull ? KernelKind.Full : KernelKind.Split,
            Cpus = _apics.Count,
            ApicIds = _apics.Ids,
            ReservedGsis = isFull ? 0 : _reserved,
            // The pins have rows of their own.
            Routes = isFull ? SimulatedKernelOptions.MaxRoutes : _routes,
            X2ApicApi = isFull ? SimulatedKernelOptions.WideIds : SimulatedKernelOptions.WideIds | SimulatedX2ApicApi.EnableSuppressEoi,
            Behaviour = KernelBehaviour.Of(version),
        };
    }

    /// <summary>KVM_CREATE_IRQCHIP makes one I/OAPIC of 24 pins, and two 8259s. Userspace has no part in their interrupts.</summary>
    internal void CheckFull(MachineSpec machine)
    {
        const string chips = "one I/OAPIC of 24 pins at 0xfec00000, and two 8259s, in a machine with kernel: full";
        IoApicOptions usual = new();
        FabricOptions fabric = machine.Fabric;
        if (fabric.IoApics is not [{ } chip] || chip.Pins != usual.Pins || chip.Address != usual.Address || chip.GsiBase != 0)
            throw new ScenarioException((_map["ioapics"] ?? _map).At, "another I/OAPIC", chips);
        if (fabric.Pic is null)
            throw new ScenarioException((_map["pic"] ?? _map).At, "no 8259s", chips);
        foreach (string key in new[] { "vtd", "xen", HostWords.Host, HostWords.Guest })
        {
            if (_map[key] is { } node)
                throw new ScenarioException(node.At, key, "kernel: user or split beside it");
        }
        if (machine.Devices.FirstOrDefault(device => device.Gsi >= 0 && device.Kind == SourceKind.Sampled && !device.Resamples) is { } deaf)
            throw new ScenarioException(deaf.At, $"device {deaf.Name}, whose fall nobody sees", "resample: true, for only a resample eventfd hears of an EOI in a machine with kernel: full");
    }

    internal RoutingOptions RoutingOf(KernelModel kernel, KernelVersion version) => new()
    {
        Virqs = _virqs,
        BatchCount = _batchCount,
        BatchDelay = _batchDelay,
        Kernel = !kernel.OwnsLocalApics() ? null : new KernelLimits
        {
            Routes = kernel == KernelModel.Full ? _fullRoutes : _routes,
            ReservedGsis = kernel == KernelModel.Full ? 0 : _reserved,
            OwnsIoApic = kernel == KernelModel.Full,
            // The eventfd of a line of the kernel is never polled, so none stays in the poll.
            ConsumesFirst = kernel != KernelModel.Full && KernelBehaviour.Of(version).ConsumesFirst,
        },
    };

    private static KernelVersion Read(YamlNode node)
    {
        const string expected = "a version of Linux such as 6.18";
        YamlScalar scalar = node.AsScalar(expected);
        string[] parts = scalar.Text.Split('.');
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
            ? new KernelVersion(major, minor) : throw scalar.Expected(expected);
    }
}
