using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Xen;

/// <summary>The messages of key <c>M</c>: a line for each IRQ that is an MSI, with its vector, its destination and its masks;
/// and the devices of key <c>Q</c>, with the IRQs of their messages.</summary>
/// <remarks>The three masks are: whether the device has mask bits; who masks it (Xen H, the guest G; one number before 4.6); the
/// device's own bit, which is <c>?</c> where there is none.</remarks>
internal sealed partial class XenMessages(DumpParts parts) : DumpReader
{
    internal override Fit Take(in DumpLine line)
    {
        string text = XenDump.Bare(line.Text);
        return Begins().IsMatch(text) ? Message(text, line) : BeginsDevice().IsMatch(text) ? Device(text, line) : Fit.None;
    }

    internal override void Cut(in DumpLine line) => XenDump.Part(parts, "", line.File).Lack($"Line {line.Number}, of a message or a device, is cut off", "xl debug-keys M and Q; xl dmesg");

    private Fit Message(string text, in DumpLine line)
    {
        Expected = "MSI IRQ vec= fixed edge assert phys cpu dest= mask=";
        Match match = Whole().Match(text);
        if (!match.Success)
            return text.Contains("mask=", StringComparison.Ordinal) && !EndsInMasks().IsMatch(text) ? Fit.Bad : Fit.Cut;
        int irq = int.Parse(match.Groups["irq"].Value, CultureInfo.InvariantCulture), vector = Convert.ToInt32(match.Groups["vec"].Value, 16);
        string type = match.Groups["type"].Value is "MSIX" ? "MSI-X" : match.Groups["type"].Value, by = match.Groups["by"].Value;
        DumpPart part = XenDump.Part(parts, $"msi {irq}", line.File);
        part.Note("M");
        ValuePlace place = line.Place($"IRQ {irq}", "M");
        string name = $"Xen's IRQ {irq} ({type}, vector 0x{vector:x2})", to = $"to {(match.Groups["mode"].Value == "log" ? "logical destination" : "APIC id")} 0x{match.Groups["dest"].Value.TrimStart('0').PadLeft(1, '0')}";
        if (match.Groups["trigger"].Value == "level" || match.Groups["de"].Success)
            part.Tell($"{name} is sent {to} as a {match.Groups["trigger"].Value}{(match.Groups["de"].Success ? " that is not asserted" : "")}; devices send edges.", place);
        if (match.Groups["bit"].Value == "1" || by.Contains('H', StringComparison.Ordinal) || by.Contains('G', StringComparison.Ordinal) || by == "1")
        {
            string who = by.Contains('H', StringComparison.Ordinal) ? by.Contains('G', StringComparison.Ordinal) ? "by Xen and by its guest" : "by Xen"
                : by.Contains('G', StringComparison.Ordinal) ? "by its guest" : "and by whom the text does not tell";
            bool set = match.Groups["bit"].Value == "1";
            part.Find(new($"irq:{irq}", Standing.Masked, Gate.VirqMasked, -1, vector, -1,
                $"{name}, which goes {to}, is masked {who}{(set ? "" : ", and the device's mask bit is not set")}; whether something waits for it, and whether the mask is wanted, the text does not tell.", [place]));
        }
        return Fit.Whole;
    }

    private Fit Device(string text, in DumpLine line)
    {
        Expected = "a device - domain - MSIs < IRQs >";
        Match match = WholeDevice().Match(text);
        if (!match.Success)
            return text.EndsWith('>') ? Fit.Bad : Fit.Cut;
        string device = match.Groups["device"].Value, domain = match.Groups["domain"].Value;
        string owner = $"device {device} of {(char.IsAsciiDigit(domain[0]) ? "d" : "")}{domain}";
        DumpPart part = XenDump.Part(parts, "", line.File);
        string[] irqs = match.Groups["irqs"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (string irq in irqs)
            part.Own($"irq:{irq}", owner);
        if (irqs.Length > 0)
            part.Tell($"Xen's {(irqs.Length == 1 ? "IRQ" : "IRQs")} {Phrase.All(irqs, 8)} {(irqs.Length == 1 ? "is the message" : "are messages")} of {owner}.", line.Place(device, "Q"));
        return Fit.Whole;
    }

    [GeneratedRegex(@"^ *(MSI-X|MSI[X?]?|HPET|IOMMU|\?\?\?) +[0-9]+ vec=", RegexOptions.ExplicitCapture)]
    private static partial Regex Begins();

    [GeneratedRegex(@"^ *(?<type>MSI-X|MSI[X?]?|HPET|IOMMU|\?\?\?) +(?<irq>[0-9]{1,6}) vec=(?<vec>[0-9a-f]{2}) +(lowest|fixed) +(?<trigger>level|edge) +(?<de>de)?assert +(?<mode>log|phys) +(lowest|cpu) +dest=(?<dest>[0-9a-f]{8}) mask=[01]/(?<by>[HG ]{0,2}|[01])/(?<bit>[01?]|-1)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Whole();

    // Blanks at the end of a line may be lost.
    [GeneratedRegex(@" mask=([01](/([HG ]{0,2}|[01])(/-?)?)?)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex EndsInMasks();

    [GeneratedRegex(@"^ *([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] - (dom |d[0-9]|d\[|DomIO:)", RegexOptions.ExplicitCapture)]
    private static partial Regex BeginsDevice();

    [GeneratedRegex(@"^ *(?<device>([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) - (dom +(?<domain>-?[0-9]{1,5})|(?<domain>d[0-9]{1,5}|d\[[A-Za-z]+\]|DomIO:[0-9a-f]{1,8})) *(- node +-?[0-9]{1,5} *)?(- MSIs < (?<irqs>([0-9]{1,6} +)*)>)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex WholeDevice();
}
