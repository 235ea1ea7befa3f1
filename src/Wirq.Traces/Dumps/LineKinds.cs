using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Dumps;

/// <summary>Knows lines by their words.</summary>
internal sealed partial class LineKinds
{
    // Most lines have none of these words, and only those that have are looked at closely.
    private static readonly SearchValues<string> s_words = SearchValues.Create(["pic0:", "pic1:", "ioapic", "local APIC state", "pin ", "APR 0x", "SPIV", "IRQ statistics", "vec:", "Apic 0x",
        "Event channel information", "IO APIC #", "CPU", "state:", "Global available:", "nobody cared", "Disabling IRQ #", "Request device", "AMD-Vi: Event", "No irq handler", "8259A"], StringComparison.Ordinal);
    private static readonly SearchValues<string> s_messageWords = SearchValues.Create(["assert ", "MSI information:", "MSI interrupt information:", " - MSIs < "], StringComparison.Ordinal);
    private static readonly SearchValues<string> s_eventWords = SearchValues.Create(["pic_", "kvm_", "vtd_", "x86_gsi", "_apic", "Servicing hardware", ": v="], StringComparison.Ordinal);

    private readonly char[] _text = new char[LineSource.LongestLine];

    /// <summary>Whether a line of at most <see cref="LineSource.LongestLine"/> bytes is an event: of QEMU, or of KVM.</summary>
    // Most lines of a console have no underscore, and a look for one byte costs far less than one for words.
    internal bool IsEvent(ReadOnlySpan<byte> line) =>
        (line.Contains((byte)'_') || line.IndexOf(": v="u8) >= 0 || line.IndexOf("Servicing hardware"u8) >= 0) && HasEvent(Text(line));

    /// <summary>Whether a line is state that somebody printed, or a kernel's message about interrupts.</summary>
    internal bool IsPrinted(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<char> text = Text(line);
        return text.ContainsAny(s_words) && Printed().IsMatch(text) || text.ContainsAny(s_messageWords) && XenMessages().IsMatch(text);
    }

    /// <summary>Whether a line is of a kernel's console, or of its log.</summary>
    internal bool IsConsole(ReadOnlySpan<byte> line) => Console().IsMatch(Text(line));

    // What is not ASCII decides nothing.
    private ReadOnlySpan<char> Text(ReadOnlySpan<byte> line) => _text.AsSpan(0, Encoding.Latin1.GetChars(line, _text));

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
