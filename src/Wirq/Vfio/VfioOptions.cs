using Wirq.HostIrq;

namespace Wirq.Vfio;

/// <summary>What bus a device is on.</summary>
public enum VfioBus : byte
{
    /// <summary>PCI.</summary>
    Pci,
    /// <summary>The platform bus: one line, of index 0.</summary>
    Platform,
}

/// <summary>A device that is passed to a guest.</summary>
public sealed record VfioDeviceOptions
{
    /// <summary>Its name, for messages.</summary>
    public required string Name { get; init; }
    /// <summary>Whose it is. Devices of different guests cannot have the same line.</summary>
    public string Guest { get; init; } = "";
    /// <summary>Its bus.</summary>
    public VfioBus Bus { get; init; }
    /// <summary>Its line at the host; null for a PCI device without INTx.</summary>
    public int? Line { get; init; } = 0;
    /// <summary>Whether a PCI device has DisINTx and its status bit (PCI 2.3). If not, its line is its own.</summary>
    public bool HasIntxDisable { get; init; } = true;
    /// <summary>Whether it is a PCI Express device, which can signal errors.</summary>
    public bool IsExpress { get; init; }
    /// <summary>How many MSI vectors it has: 0, or a power of two up to 32.</summary>
    public int MsiVectors { get; init; }
    /// <summary>How many MSI-X vectors it has, 0 to 2048.</summary>
    public int MsixVectors { get; init; }
    /// <summary>Whether MSI-X vectors can be added while others are enabled (Linux 6.5).</summary>
    public bool HasDynamicMsix { get; init; }
    /// <summary>The most vectors that the host grants.</summary>
    public int GrantedVectors { get; init; } = 2048;
    /// <summary>How its line is forwarded; null for what <see cref="Compatible"/> needs.</summary>
    public ForwardMode? Mode { get; init; }
    /// <summary>What kind of device it is, as a device tree names it. A device tree tells level and polarity, and not
    /// ONESHOT.</summary>
    public string Compatible { get; init; } = "";
    /// <summary>How long a ONESHOT thread waits for the guest, in ns; 0 for ever.</summary>
    public long OneshotTimeout { get; init; } = 10_000_000_000;
    /// <summary>Whether the line is masked at once when it is disabled. vfio-pci does this since autumn 2025.</summary>
    public bool DisablesUnlazily { get; init; } = true;

    /// <summary>How many unmasks in a row may find it still asserting, within <see cref="StormWindow"/>, before the storm brake
    /// holds the next one back; 0 for no brake. At most 1,000,000.</summary>
    public int StormLimit { get; init; } = 10_000;
    /// <summary>In what time they have to come, in ns of virtual time: 0 to 1000 s.</summary>
    public long StormWindow { get; init; } = 1_000_000_000;
    /// <summary>How long the storm brake holds, in ns of virtual time: 0 to 1000 s.</summary>
    public long StormDelay { get; init; } = 10_000_000;

    /// <summary>How its line is forwarded.</summary>
    public ForwardMode EffectiveMode => Mode ?? OneshotDevices.DefaultOf(Compatible);

    /// <summary>Whether it is masked by itself, so that its line can be shared.</summary>
    internal bool UsesIntxDisable => Bus == VfioBus.Pci && HasIntxDisable && EffectiveMode == ForwardMode.Automask;

    internal void Validate(OptionCheck check, HostIrqOptions irqs)
    {
        check.Present(Name);
        check.Present(Guest);
        check.Present(Compatible);
        check.Defined(Bus);
        check.That(Mode is not { } mode || Enum.IsDefined(mode), Mode.ToString()!, "a mode", nameof(Mode));
        check.That(Line is not null || Bus == VfioBus.Pci, "none", "a line, because the device is on the platform bus", nameof(Line));
        check.Range(Line ?? 0, 0, irqs.Lines.Count - 1, nameof(Line));
        check.That(MsiVectors == 0 || MsiCapability.CanHave(MsiVectors), $"{MsiVectors}", "0, or a power of two up to 32", nameof(MsiVectors));
        check.Range(MsixVectors, 0, MsixTable.MaxVectors);
        check.Range(GrantedVectors, 0, MsixTable.MaxVectors);
        check.Range(OneshotTimeout, 0, OptionCheck.MaxDelay);
        check.Range(StormLimit, 0, IoApicOptions.MaxStormLimit);
        check.Range(StormWindow, 0, OptionCheck.MaxDelay);
        check.Range(StormDelay, 0, OptionCheck.MaxDelay);
        check.That(Line is not { } line || irqs.Lines[line].Flow != HostFlow.PerCpu, $"{Line}", "a line that is not per-CPU", nameof(Line));
        // Only the device of a PCI device's line knows; an edge is never masked by VFIO.
        check.That(Line is not { } its || irqs.Lines[its].IsLevel || Bus == VfioBus.Platform && EffectiveMode == ForwardMode.Automask,
            $"{Line}, an edge", "a level line", nameof(Line));
    }
}

/// <summary>Devices that are passed to guests, above a host's interrupts.</summary>
public sealed record VfioOptions
{
    /// <summary>The most devices.</summary>
    public const int MaxDevices = 256;

    /// <summary>The host's interrupts.</summary>
    public HostIrqOptions Irqs { get; init; } = new();
    /// <summary>The devices, 1 to <see cref="MaxDevices"/>.</summary>
    public IReadOnlyList<VfioDeviceOptions> Devices { get; init; } = [];

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionException">One is outside its range, or devices of different guests have one line.</exception>
    public void Validate() => Validate(OptionCheck.Whole);

    internal void Validate(OptionCheck check)
    {
        check.Present(Irqs);
        Irqs.Validate(check.Of(nameof(Irqs)));
        check.Present(Devices);
        check.Range(Devices.Count, 1, MaxDevices);
        var first = new Dictionary<int, VfioDeviceOptions>();
        for (int i = 0; i < Devices.Count; i++)
        {
            check.Present(Devices[i], $"Devices[{i}]");
            Devices[i].Validate(check.Of($"Devices[{i}]"), Irqs);
            if (Devices[i].Line is not { } line || first.TryAdd(line, Devices[i]))
                continue;
            // A guest that does not serve its device would take the line from the other.
            check.Of($"Devices[{i}]").That(first[line].Guest == Devices[i].Guest, $"{line}, which {Named(Devices[i])} shares with {Named(first[line])}", "a line that no device of another guest has", nameof(VfioDeviceOptions.Line));
        }
    }

    private static string Named(VfioDeviceOptions device) => device.Guest.Length == 0 ? $"'{device.Name}' of no named guest" : $"'{device.Name}' of guest '{device.Guest}'";
}

/// <summary>Kinds of devices whose Linux drivers request ONESHOT.</summary>
public static class OneshotDevices
{
    private static readonly string[] s_prefixes = ["hid-over-i2c", "google,cros-ec", "elan,ekth", "atmel,maxtouch"];

    /// <summary>How a device is forwarded if nobody says so.</summary>
    /// <param name="compatible">Its kind, as a device tree names it.</param>
    public static ForwardMode DefaultOf(string compatible)
    {
        ArgumentNullException.ThrowIfNull(compatible);
        return s_prefixes.Any(prefix => compatible.StartsWith(prefix, StringComparison.Ordinal)) ? ForwardMode.Oneshot : ForwardMode.Automask;
    }
}
