using System.Globalization;
using Wirq.HostIrq;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Vfio;
using Wirq.Xen;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Checks the options of a machine against the limits of the library. If a field is out of range, it reports
/// the position of the field in the file.</summary>
/// <param name="machine">The map of the machine, or of another object that has options.</param>
internal sealed class OptionPlaces(YamlMapping machine)
{
    // Fields of options, with their words in the map from which they are read. A field that is not listed is not read
    // from a file; an error in it is reported for the whole.
    private static readonly Dictionary<string, string> s_words = new()
    {
        [nameof(LocalApicOptions.Count)] = "cpus",
        [nameof(LocalApicOptions.Ids)] = "ids",
        [nameof(LocalApicOptions.BusHz)] = "busHz",
        [nameof(LocalApicOptions.TscHz)] = "tscHz",
        [nameof(LocalApicOptions.PhysicalAddressBits)] = "physicalAddressBits",
        [nameof(FabricOptions.IoApics)] = "ioapics",
        [nameof(IoApicOptions.Pins)] = "pins",
        [nameof(IoApicOptions.GsiBase)] = "gsi",
        [nameof(IoApicOptions.Id)] = "id",
        [nameof(IoApicOptions.Address)] = "address",
        [nameof(IoApicOptions.Version)] = "version",
        [nameof(IoApicOptions.StormLimit)] = "stormLimit",
        [nameof(IoApicOptions.StormDelay)] = "stormDelay",
        [nameof(FabricOptions.IsaOverrides)] = "isaOverrides",
        [nameof(FabricOptions.Vtd)] = "vtd",
        [nameof(FabricOptions.Xen)] = "xen",
        [nameof(XenOptions.HasPciLines)] = "pci",
        [nameof(VtdOptions.FaultRecords)] = "faultRecords",
        [nameof(RoutingOptions.BatchCount)] = "batchCount",
        [nameof(RoutingOptions.BatchDelay)] = "batchDelay",
        [nameof(HostIrqOptions.Lines)] = "lines",
        [nameof(HostIrqOptions.Cpus)] = "cpus",
        [nameof(HostLineOptions.Flow)] = "flow",
        [nameof(HostLineOptions.IsLevel)] = "level",
        [nameof(HostLineOptions.Chip)] = "chip",
        [nameof(VfioDeviceOptions.Line)] = "line",
        [nameof(VfioDeviceOptions.Bus)] = "bus",
        [nameof(VfioDeviceOptions.Mode)] = "mode",
        [nameof(VfioDeviceOptions.Guest)] = "guest",
        [nameof(VfioDeviceOptions.Compatible)] = "compatible",
        [nameof(VfioDeviceOptions.MsiVectors)] = "msi",
        [nameof(VfioDeviceOptions.MsixVectors)] = "msix",
        [nameof(VfioDeviceOptions.GrantedVectors)] = "granted",
        [nameof(VfioDeviceOptions.OneshotTimeout)] = "timeout",
    };

    // Fields that are calculated from the value of a word.
    private static readonly Dictionary<string, string> s_reckoned = new()
    {
        [nameof(FabricOptions.Sources)] = "devices",
        [nameof(RoutingOptions.Virqs)] = "devices",
        [nameof(KernelLimits.Routes)] = "routeBudget",
        [nameof(KernelLimits.ReservedGsis)] = "ioapics",
    };

    /// <summary>Validates options.</summary>
    /// <exception cref="ScenarioException">They are invalid; it has the position.</exception>
    internal void Check(Action validate)
    {
        try
        {
            validate();
        }
        catch (OptionException bad)
        {
            throw Refusal(bad, bad.Field);
        }
    }

    /// <summary>The error of an option, at its place.</summary>
    /// <param name="bad">What is wrong.</param>
    /// <param name="field">The field by its path from the map.</param>
    internal ScenarioException Refusal(OptionException bad, string field)
    {
        (YamlNode place, bool itself) = Find(field);
        string word = WordOf(field);
        return itself && place is not YamlSequence
            ? place.Expected($"{word}: {bad.Expected}")
            : new ScenarioException(place.At, $"{word}: {bad.Found}", bad.Expected);
    }

    // If the file does not have the option, the position of the object that it belongs to is used.
    private (YamlNode Place, bool Itself) Find(string field)
    {
        YamlNode place = machine;
        bool itself = false;
        foreach (string step in Steps(field))
        {
            YamlNode? next = step[0] == '[' ? Item(place, int.Parse(step.AsSpan(1, step.Length - 2), CultureInfo.InvariantCulture))
                : s_words.TryGetValue(step, out string? word) || s_reckoned.TryGetValue(step, out word)
                    ? (place as YamlMapping)?[word] : null;
            itself = next is not null && !s_reckoned.ContainsKey(step);
            place = next ?? place;
        }
        return (place, itself);
    }

    private static YamlNode? Item(YamlNode node, int index) => node switch
    {
        YamlSequence list when index < list.Items.Count => list.Items[index],
        YamlMapping map => map.Entries.FirstOrDefault(entry =>
            Numbers.TryParse(entry.Key.Text, out ulong key) && key == (ulong)index).Value,
        _ => null,
    };

    private static string WordOf(string field) =>
        Steps(field).Reverse().Select(step => s_words.GetValueOrDefault(step) ?? s_reckoned.GetValueOrDefault(step))
            .FirstOrDefault(word => word is not null) ?? "machine";

    private static string[] Steps(string field) =>
        field.Replace("[", ".[", StringComparison.Ordinal).Split('.');
}
