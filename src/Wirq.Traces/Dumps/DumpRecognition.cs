using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Wirq.Traces.Qemu;
using Wirq.Traces.Qemu.Packed;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Dumps;

/// <summary>Knows dumps by what stands in them. A log with events is none, whatever else it has: its story tells more.</summary>
internal static partial class DumpRecognition
{
    /// <summary>Bytes of a file that are looked at.</summary>
    internal const int WindowBytes = 1 << 20;

    // Most lines have none of these words, and only those that have are looked at closely.
    private static readonly SearchValues<string> s_words = SearchValues.Create(["pic0:", "pic1:", "ioapic", "local APIC state", "pin ", "APR 0x", "SPIV", "IRQ statistics", "vec:", "Apic 0x",
        "Event channel information", "IO APIC #", "CPU", "state:", "Global available:", "nobody cared", "Disabling IRQ #", "Request device", "AMD-Vi: Event", "No irq handler", "8259A"], StringComparison.Ordinal);
    private static readonly SearchValues<string> s_messageWords = SearchValues.Create(["assert ", "MSI information:", "MSI interrupt information:", " - MSIs < "], StringComparison.Ordinal);
    private static readonly SearchValues<string> s_eventWords = SearchValues.Create(["pic_", "kvm_", "vtd_", "x86_gsi", "_apic", "Servicing hardware", ": v="], StringComparison.Ordinal);

    /// <summary>Whether a file is a dump.</summary>
    /// <param name="open">Opens it; called up to twice.</param>
    internal static bool Looks(Func<Stream> open)
    {
        byte[] bytes;
        using (Stream stream = open())
            bytes = SnapshotWindow.ReadHead(stream, WindowBytes);
        string head = Utf16Text.Looks(bytes, out bool bigEndian) ? (bigEndian ? Encoding.BigEndianUnicode : Encoding.Unicode).GetString(bytes.AsSpan(2)) : Encoding.Latin1.GetString(bytes);
        bool printed = false, console = false;
        // The mark of UTF-8 at the beginning is no part of the first line.
        foreach (ReadOnlySpan<char> whole in head.AsSpan(head.StartsWith("\xEF\xBB\xBF", StringComparison.Ordinal) ? 3 : 0).EnumerateLines())
        {
            // What is too long is not read; its first words tell all the same what the file is.
            ReadOnlySpan<char> line = whole.Length > LineSource.LongestLine ? FirstWords(whole) : whole;
            if (HasEvent(line))
                return false;
            printed = printed || line.ContainsAny(s_words) && Printed().IsMatch(line) || line.ContainsAny(s_messageWords) && XenMessages().IsMatch(line);
            console = console || Console().IsMatch(line);
        }
        // A log of QEMU may begin with its guest's console.
        return printed || console && (bytes.Length < WindowBytes || !HasEventBehind(open));
    }

    private static ReadOnlySpan<char> FirstWords(ReadOnlySpan<char> line)
    {
        const int most = 256;
        ReadOnlySpan<char> first = line[..most];
        return first[..Math.Max(0, first.LastIndexOf(' '))];
    }

    private static bool HasEvent(ReadOnlySpan<char> line)
    {
        if (!line.ContainsAny(s_eventWords))
            return false;
        foreach (ValueMatch found in Event().EnumerateMatches(line))
        {
            ReadOnlySpan<char> match = line.Slice(found.Index, found.Length);
            // Words of other programs look like names of QEMU's events.
            if (!Qemu().IsMatch(match) || TraceNames.Find(Encoding.ASCII.GetBytes(match.Trim(" \t:").ToString())) is not null)
                return true;
        }
        return false;
    }

    private static bool HasEventBehind(Func<Stream> open)
    {
        using var lines = new LineSource(open(), "");
        while (lines.TryRead(out ReadOnlySpan<byte> line))
        {
            if ((line.IndexOf("pic_"u8) >= 0 || line.IndexOf("kvm_"u8) >= 0 || line.IndexOf("Servicing"u8) >= 0 || line.IndexOf("vtd_"u8) >= 0) && HasEvent(Encoding.Latin1.GetString(line)))
                return true;
        }
        return false;
    }

    private const string QemuName = "(ioapic|apic|pic|x86_gsi|x86_pic|vtd|cpu_get_apic|cpu_set_apic)_[a-z_]+";

    [GeneratedRegex(@"(^|[\s:])" + QemuName + @"[ :]|Servicing hardware INT|^ *[0-9]+: v=[0-9a-f]{2} "
        + @"|[ :]kvm_(set_irq|pic_set_irq|ioapic_set_irq|msi_set_irq|apic_accept_irq|apic_ipi|apic|inj_virq|eoi|ack_irq|exit|entry|mmio|pio|msr): ", RegexOptions.ExplicitCapture)]
    private static partial Regex Event();

    [GeneratedRegex(@"^[\s:]?" + QemuName, RegexOptions.ExplicitCapture)]
    private static partial Regex Qemu();

    [GeneratedRegex(@"\bpic[01]: irr=|\bioapic[0-9]*:? (ver=0x|id=0x)|dumping local APIC state for CPU|^[> ]*pin [0-9]+ +0x[0-9a-f]{16} dest=|^[> ]*APR 0x[0-9a-f]{2} TPR 0x|^[> ]*SPIV\s+0x[0-9a-f]{8}|^[> ]*IRQ statistics"
        + @"|IRQ: *[0-9]+ +(affinity:\S+ +)?vec:[0-9a-f]{2}|Apic 0x[0-9a-f]{2}, Pin|Event channel information for d|\(XEN\) IO APIC #"
        + @"|^[> ]*CPU[0-9]+([ \t]+CPU[0-9]+)*[ \t]*$|^(\S*:)?[id]state: +0x[0-9a-f]|^Global available:"
        + @"|\birq [0-9]+: nobody cared|Disabling IRQ #[0-9]|INTR-REMAP\]?:? *Request device|AMD-Vi: Event logged|APIC error on CPU[0-9]|No irq handler for vector|spurious 8259A interrupt", RegexOptions.ExplicitCapture)]
    private static partial Regex Printed();

    [GeneratedRegex(@"\bMSI (interrupt )?information:|(MSI(-?X)?|HPET|IOMMU) +[0-9]+ vec=[0-9a-f]{2} |[0-9a-f]{2}\.[0-7] - (dom +-?[0-9]+|d[0-9]+|d\[[A-Za-z]+\]|DomIO:[0-9a-f]+) [^<]{0,40}- MSIs < ", RegexOptions.ExplicitCapture)]
    private static partial Regex XenMessages();

    [GeneratedRegex(@"^(<[0-9]+>)?\[ *[0-9]+\.[0-9]{6}\]|^\S+ +[0-9]+ [0-9:]+ \S+ kernel: ", RegexOptions.ExplicitCapture)]
    private static partial Regex Console();
}
