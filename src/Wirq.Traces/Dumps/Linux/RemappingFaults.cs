using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Remapping.VtD;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>"[INTR-REMAP] Request device … fault index … fault reason …" of Linux and of Xen. The index is hexadecimal in all
/// versions, with or without 0x. The reason is 0x22 (Linux since 5.14), 34 (before), 22h or, on a line of its own, 22 (Xen).</summary>
internal sealed partial class RemappingFaults(DumpParts parts) : DumpReader
{
    private readonly Dictionary<(string, int, int), (ValuePlace Place, long Count)> _seen = [];
    private (string Device, int Index, ValuePlace Place)? _open;

    internal override Fit Take(in DumpLine line)
    {
        Match request = Request().Match(line.Text);
        // An index at the end of the file may have lost a digit, and what ends with 0x has lost all.
        if (request.Success && line.IsLast && request.Index + request.Length == line.Text.Length)
            return Fit.Cut;
        if (request.Success)
        {
            int index = int.Parse(request.Groups["index"].Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            _open = (request.Groups["device"].Value, index, line.Place("message", ""));
        }
        if (_open is null)
            return line.Text.Contains("INTR-REMAP", StringComparison.Ordinal) && line.Text.Contains("Request device", StringComparison.Ordinal) ? Fit.Cut : Fit.None;
        Match reason = Reason().Match(line.Text);
        if (!reason.Success)
            return request.Success ? Fit.Whole : Fit.None;
        (string device, int entry, ValuePlace place) = _open.Value;
        _open = null;
        bool cut = reason.Index + reason.Length == line.Text.Length;
        Seen(device, entry, cut ? 0 : Number(reason, line.Text), place);
        return Fit.Whole;
    }

    internal override void End()
    {
        if (_open is { } open)
            Seen(open.Device, open.Index, 0, open.Place);
        _open = null;
        foreach (((string device, int index, int reason), (ValuePlace place, long count)) in _seen)
            Say(KernelLog.Part(parts, place.File), device, index, reason, place, count);
        _seen.Clear();
    }

    internal override void Cut(in DumpLine line) => KernelLog.Part(parts, line.File).Lack($"Line {line.Number}, of a fault of the remapping unit, is cut off: which device and which entry is not known");

    private void Seen(string device, int index, int reason, ValuePlace place)
    {
        (string, int, int) key = (device, index, reason);
        if (_seen.TryGetValue(key, out var known))
            _seen[key] = known with { Count = known.Count + 1 };
        else if (_seen.Count < DumpPart.MostFindings)
            _seen[key] = (place, 1);
    }

    private static int Number(Match reason, string line)
    {
        string digits = reason.Groups["value"].Value;
        bool hex = reason.Groups["hex"].Success || line.Contains("(XEN)", StringComparison.Ordinal);
        return int.Parse(digits, hex ? NumberStyles.AllowHexSpecifier : digits.All(char.IsAsciiDigit) ? NumberStyles.None : NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private static void Say(DumpPart part, string device, int index, int reason, ValuePlace place, long count)
    {
        // A request in compatibility format has no index, and that of a request with reserved bits set is not to be trusted.
        bool indexed = (VtdFaultReason)reason is not (VtdFaultReason.CompatibilityBlocked or VtdFaultReason.RequestReserved);
        string entry = indexed ? $"entry 0x{index:x} ({index}) of the interrupt remapping table" : "no entry of the interrupt remapping table";
        string means = (VtdFaultReason)reason switch
        {
            VtdFaultReason.RequestReserved => "reserved bits of the request are set",
            VtdFaultReason.IndexOutOfRange => "the index is beyond the table",
            VtdFaultReason.NotPresent => "the Present bit of the entry is clear",
            VtdFaultReason.TableUnreadable => "the unit could not read the table",
            VtdFaultReason.EntryReserved => "reserved fields of the entry are set, though it is present",
            VtdFaultReason.CompatibilityBlocked => "the request is in compatibility format, which is blocked: who sent it does not use the table",
            VtdFaultReason.SourceRejected => "the entry is for another device: its source-id check rejects this one",
            _ => "",
        };
        string why = means.Length > 0 ? $"Fault reason 0x{reason:x} means: {means} (VT-d specification, 5.1.4.1, interrupt-remapping fault conditions)"
            : reason == 0 ? "Its reason is cut off" : $"Fault reason 0x{reason:x} is none of those for interrupts that are known here, 0x20 to 0x26";
        part.Find(new(indexed ? $"irte:{index}" : $"remapper@{device}", Standing.Owed, Gate.RemappingFault, -1, -1, -1,
            $"The VT-d unit blocked an interrupt of {device}, which names {entry}. {why}. That interrupt is lost.{KernelLog.Again(count)}", [place]) { Entry = indexed ? index : -1 });
    }

    [GeneratedRegex(@"INTR-REMAP\]?:? *Request device \[+(0x)?(?<device>([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\] fault index (0x)?(?<index>[0-9a-f]{1,4})(?![0-9a-fx])", RegexOptions.ExplicitCapture)]
    private static partial Regex Request();

    [GeneratedRegex(@"(fault )?reason (?<hex>0x)?(?<value>[0-9a-f]{1,2})(?<hex>h)?\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Reason();
}
