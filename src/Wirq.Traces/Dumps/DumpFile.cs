using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Linux;
using Wirq.Traces.Dumps.Monitor;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Dumps.Xen;
using Wirq.Traces.Qemu;
using Wirq.Traces.Qemu.Packed;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Dumps;

/// <summary>Reads text that somebody printed of a machine's interrupts: what QEMU's monitor, Xen's debug keys,
/// <c>/proc/interrupts</c>, <c>/sys/kernel/debug/irq</c> and a kernel's log say.</summary>
internal static partial class DumpFile
{
    // A mail says early that it is quoted-printable.
    private const int HeadBytes = 1 << 20;

    // A line that a mail program broke has at most so many pieces.
    private const int MostPieces = 3;

    /// <summary>Reads one.</summary>
    /// <param name="open">Opens it; called twice.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="label">Its name at places; null where no other file is about.</param>
    /// <param name="parts">Where it goes.</param>
    /// <param name="isMixed">Whether it has events too, which are no lines of a dump.</param>
    /// <exception cref="DumpException">A line of it is damaged, or it is of a machine that is no PC.</exception>
    /// <exception cref="Qemu.TraceException">It cannot be decompressed.</exception>
    internal static void Read(Func<Stream> open, string file, string? label, DumpParts parts, bool isMixed = false)
    {
        bool quotedPrintable;
        using (Stream stream = open())
            quotedPrintable = TextHead.Read(stream, HeadBytes).AsSpan().IndexOf("=3D"u8) >= 0;
        long told = parts.Told;
        var ioApics = new MonitorIoApics(parts);
        DumpReader[] readers =
        [
            new MonitorPics(parts), ioApics, new MonitorLapics(parts, ioApics), new MonitorCounts(parts),
            new XenIrqs(parts), new XenEntries(parts), new XenRegisters(parts), new XenPorts(parts), new XenMessages(parts),
            new ProcInterrupts(parts, file), new IrqDebug(parts, file), new VectorDomain(parts),
            new RemappingFaults(parts), new NobodyCared(parts), new KernelLog(parts),
        ];
        using var text = new DumpText(open(), file, label, quotedPrintable, isMixed);
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
        // Nothing that was read is no all-clear.
        if (parts.Told == told)
            Text(parts, label).Lack("It looks like a dump, and nothing in it has a whole form that is known here", "the whole text, as it was printed");
        if (text.TooLong > 0)
            Text(parts, label).Lack($"{Phrase.Count(text.TooLong, "line is", "lines are")} longer than {LineSource.LongestLine} bytes, and {(text.TooLong == 1 ? "is" : "are")} not read");
    }

    private static DumpPart Text(DumpParts parts, string? label) => parts.Of("text", "a text", "", label);

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

    [GeneratedRegex(@"^\s*(\(XEN\)|\[|pin |pic[01]:|ioapic|Remote IRR|IRR|ISR|LVT|SPIV|ICR|ESR|APR|Timer|dumping|info |IRQ|Apic |[A-Za-z0-9]+:\s)", RegexOptions.ExplicitCapture)]
    private static partial Regex Begins();
}
