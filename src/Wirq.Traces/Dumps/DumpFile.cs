using System.Text;
using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Linux;
using Wirq.Traces.Dumps.Monitor;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Dumps.Xen;
using Wirq.Traces.Qemu;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Dumps;

/// <summary>Text that somebody printed of a machine's interrupts, known by what stands in it: what QEMU's monitor, Xen's debug
/// keys, <c>/proc/interrupts</c>, <c>/sys/kernel/debug/irq</c> and a kernel's log say.</summary>
internal static partial class DumpFile
{
    private const int WindowBytes = 1 << 20;
    // A line that a mail program broke has at most so many pieces.
    private const int MostPieces = 3;

    /// <summary>Whether a file is one. A log with events is none, whatever else it has: its story tells more.</summary>
    /// <param name="open">Opens it.</param>
    internal static bool Looks(Func<Stream> open)
    {
        string head;
        using (Stream stream = open())
            head = Encoding.Latin1.GetString(SnapshotWindow.ReadHead(stream, WindowBytes));
        if (HasEvent(head))
            return false;
        if (Printed().IsMatch(head))
            return true;
        // A log of QEMU may begin with its guest's console.
        return Console().IsMatch(head) && (head.Length < WindowBytes || !HasEventBehind(open));
    }

    /// <summary>Reads one.</summary>
    /// <param name="open">Opens it; called twice.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="label">Its name at places; null where no other file is about.</param>
    /// <param name="parts">Where it goes.</param>
    /// <exception cref="DumpException">A line of it is damaged, or it is of a machine that is no PC.</exception>
    /// <exception cref="TraceException">It cannot be decompressed.</exception>
    internal static void Read(Func<Stream> open, string file, string? label, DumpParts parts)
    {
        bool quotedPrintable;
        using (Stream stream = open())
            quotedPrintable = QuotedPrintable().IsMatch(Encoding.Latin1.GetString(SnapshotWindow.ReadHead(stream, WindowBytes)));
        var ioApics = new MonitorIoApics(parts);
        DumpReader[] readers =
        [
            new MonitorPics(parts), ioApics, new MonitorLapics(parts, ioApics), new MonitorCounts(parts),
            new XenIrqs(parts), new XenEntries(parts), new XenRegisters(parts), new XenPorts(parts),
            new ProcInterrupts(parts, file), new IrqDebug(parts, file), new VectorDomain(parts),
            new RemappingFaults(parts), new NobodyCared(parts), new KernelLog(parts),
        ];
        using var text = new DumpText(open(), file, label, quotedPrintable);
        DumpReader? last = null;
        while (text.Read() is { } line)
        {
            if (line.Text.Length == 0 || Offer(readers, line, text, file) is not { } reader)
                continue;
            if (last != reader)
                last?.Leave();
            last = reader;
        }
        foreach (DumpReader reader in readers)
            reader.End();
    }

    private static DumpReader? Offer(DumpReader[] readers, DumpLine line, DumpText text, string file)
    {
        foreach (DumpReader reader in readers)
        {
            switch (reader.Take(line))
            {
                case Fit.None:
                    continue;
                case Fit.Cut:
                    Join(reader, line, text);
                    break;
                case Fit.Bad:
                    const int shown = 100;
                    string found = line.Text.Length > shown ? line.Text[..shown] + "..." : line.Text;
                    throw new DumpException(file, line.Number, $"'{PlainText.Of(found.Trim())}'", reader.Expected);
            }
            return reader;
        }
        return null;
    }

    /// <summary>Reads a line that ends too early together with those behind it, as far as that makes it whole.</summary>
    private static void Join(DumpReader reader, DumpLine line, DumpText text)
    {
        DumpLine joined = line;
        for (int pieces = 1; pieces < MostPieces && text.Peek is { Text.Length: > 0 } next; pieces++)
        {
            // Whatever begins a line of its own is no rest of another.
            if (Begins().IsMatch(next.Text))
                break;
            text.Read();
            joined = joined with { Text = $"{joined.Text} {next.Text.TrimStart()}", IsLast = text.Peek is null };
            if (reader.Take(joined) == Fit.Whole)
                return;
        }
        reader.Cut(line);
    }

    private static bool HasEvent(string text)
    {
        foreach (Match match in Event().Matches(text))
        {
            if (!match.Groups["qemu"].Success || TraceNames.Find(Encoding.ASCII.GetBytes(match.Groups["qemu"].Value)) is not null)
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

    [GeneratedRegex(@"(^|[\s:])(?<qemu>(ioapic|apic|pic|x86_gsi|x86_pic|vtd|cpu_get_apic|cpu_set_apic)_[a-z_]+)[ :]|Servicing hardware INT|^ *[0-9]+: v=[0-9a-f]{2} "
        + @"|[ :]kvm_(set_irq|pic_set_irq|ioapic_set_irq|msi_set_irq|apic_accept_irq|apic_ipi|apic|inj_virq|eoi|ack_irq|exit|entry|mmio|pio|msr): ", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Event();

    [GeneratedRegex(@"\bpic[01]: irr=|^[^\n]{0,40}\bioapic[0-9]*:? (ver=0x|id=0x)|dumping local APIC state for CPU|^[> ]*pin [0-9]+ +0x[0-9a-f]{16} dest=|^[> ]*APR 0x[0-9a-f]{2} TPR 0x|^[> ]*SPIV\s+0x[0-9a-f]{8}|^IRQ statistics"
        + @"|IRQ: *[0-9]+ .*vec:[0-9a-f]{2}|Apic 0x[0-9a-f]{2}, Pin|Event channel information for d|\(XEN\) IO APIC #"
        + @"|^[> ]*CPU[0-9]+([ \t]+CPU[0-9]+)*[ \t]*\r?$|^(\S*:)?[id]state: +0x[0-9a-f]|^Global available:"
        + @"|\birq [0-9]+: nobody cared|Disabling IRQ #[0-9]|INTR-REMAP\]?:? *Request device|AMD-Vi: Event logged|APIC error on CPU[0-9]|No irq handler for vector|spurious 8259A interrupt", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Printed();

    [GeneratedRegex(@"^(<[0-9]+>)?\[ *[0-9]+\.[0-9]{6}\]|^\S+ +[0-9]+ [0-9:]+ \S+ kernel: ", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Console();

    [GeneratedRegex(@"^\s*(\(XEN\)|\[|pin |pic[01]:|ioapic|Remote IRR|IRR|ISR|LVT|SPIV|ICR|ESR|APR|Timer|dumping|info |IRQ|Apic |[A-Za-z0-9]+:\s)", RegexOptions.ExplicitCapture)]
    private static partial Regex Begins();

    [GeneratedRegex(@"=3D|=\r?\n[^\n]*=\r?\n", RegexOptions.ExplicitCapture)]
    private static partial Regex QuotedPrintable();
}
