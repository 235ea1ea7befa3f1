using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>"AMD-Vi: Event logged": entries of an AMD unit's event log (AMD I/O Virtualization Technology specification,
/// 2.5). Linux prints bits 59:48 of the entry as flags; bit 51 says that the request was an interrupt.</summary>
internal static partial class AmdEvents
{
    private const uint Interrupt = 1 << 3, Present = 1 << 4;

    internal static KernelMessage? Say(Match match)
    {
        string rest = match.Groups["rest"].Value, kind = match.Groups["kind"].Value;
        if (Field().Matches(rest).FirstOrDefault(field => field.Groups["key"].Value == "flags") is not { } printed
            || !uint.TryParse(printed.Groups["value"].Value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint flags)
            || (flags & Interrupt) == 0)
        {
            return null;
        }
        Match? named = Device().Matches(rest).FirstOrDefault();
        string device = named is not null ? named.Groups["device"].Value : match.Groups["driver"].Success ? match.Groups["driver"].Value : "a device that the message does not name";
        string? why = kind switch
        {
            "IO_PAGE_FAULT" => (flags & Present) != 0 ? "its entry is there, and does not let this kind of interrupt pass"
                : "its entry of the interrupt remapping table is not enabled (RemapEn clear), the index is beyond the table, or the device table lets no such interrupt pass",
            "ILLEGAL_DEV_TABLE_ENTRY" => "the device's entry of the device table is illegal (reserved bits, or an illegal length or control of the interrupt table)",
            "DEV_TAB_HARDWARE_ERROR" => "the device table could not be read",
            "PAGE_TAB_HARDWARE_ERROR" or "PAGE_TAB_HARDWARE_ERR" => "the interrupt remapping table could not be read",
            _ => null,
        };
        return why is null ? null : new($"remapper@{device}", Standing.Owed, Gate.RemappingFault,
            $"The AMD remapping unit blocked an interrupt of {device} ({kind}, flags 0x{flags:x} with I): {why}. That interrupt is lost. The event names no index.");
    }

    [GeneratedRegex(@"\b(?<key>[a-z]+)=(?<value>0x[0-9a-f]{1,16})", RegexOptions.ExplicitCapture)]
    private static partial Regex Field();

    [GeneratedRegex(@"\bdevice=(?<device>([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])", RegexOptions.ExplicitCapture)]
    private static partial Regex Device();
}
