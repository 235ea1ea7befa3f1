using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>Messages of a kernel's log (dmesg, syslog, a console) about interrupts. A message that comes again for the same
/// thing is counted.</summary>
internal sealed partial class KernelLog(DumpParts parts) : DumpReader
{
    internal const string Format = "kernel-log";
    private const string What = "a kernel's log (dmesg)";

    private static readonly (Func<Regex> Form, Func<Match, KernelMessage?> Say)[] s_messages =
    [
        (NoHandler, KernelMessages.NoHandler),
        (NoHandlerOfXen, KernelMessages.NoHandlerOfXen),
        (ApicError, ApicErrors.Say),
        (Spurious8259, KernelMessages.Spurious),
        (AmdEvent, AmdEvents.Say),
    ];

    private readonly Dictionary<string, (KernelMessage Message, ValuePlace Place, long Count)> _seen = new(StringComparer.Ordinal);
    private long _dmaFaults;
    private bool _stamped;
    private string? _file;

    internal override Fit Take(in DumpLine line)
    {
        if (!_stamped && Stamp().IsMatch(line.Text))
            (_stamped, _file) = (true, line.File);
        // Words of the messages below; most lines of a log have none of them.
        if (!line.Text.AsSpan().ContainsAny(s_words))
            return Fit.None;
        if (line.Text.Contains("AMD-Vi: Event logged", StringComparison.Ordinal) && !line.Text.Contains(']', StringComparison.Ordinal))
            return Fit.Cut;
        foreach ((Func<Regex> form, Func<Match, KernelMessage?> say) in s_messages)
        {
            if (form().Match(line.Text) is not { Success: true } match)
                continue;
            if (say(match) is { } message)
                Seen(message, line);
            else
                _dmaFaults++;
            return Fit.Whole;
        }
        if (!Overflow().IsMatch(line.Text))
            return Fit.None;
        Part(parts, line.File).Lack("The remapping unit's fault log overflowed (fault status bit 0): more requests were blocked than it lists");
        return Fit.Whole;
    }

    private static readonly System.Buffers.SearchValues<string> s_words = System.Buffers.SearchValues.Create(
        ["No irq handler", "APIC error", "8259A", "AMD-Vi", "fault status reg"], StringComparison.Ordinal);

    internal override void Cut(in DumpLine line) => Part(parts, line.File).Lack($"Line {line.Number}, an event of the remapping unit, is cut off: whether it is about an interrupt is not known");

    internal static DumpPart Part(DumpParts parts, string? file) => parts.Of(Format, What, "", file);

    private void Seen(KernelMessage message, in DumpLine line)
    {
        ref var slot = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_seen, message.Sentence, out bool there);
        slot = there ? slot with { Count = slot.Count + 1 } : (message, line.Place("message", ""), 1);
        if (_seen.Count > DumpPart.MostFindings)
            _seen.Remove(message.Sentence);
    }

    /// <summary>Gives what was read to the answer.</summary>
    internal override void End()
    {
        foreach ((KernelMessage message, ValuePlace place, long count) in _seen.Values)
            Part(parts, place.File).Find(new(message.Source, message.Standing, message.Gate, message.Cpu, message.Vector, -1, message.Sentence + Again(count), [place]));
        _seen.Clear();
        if (_stamped)
            Part(parts, _file);
        if (_dmaFaults > 0)
            Part(parts, _file).Tell($"{Phrase.Count(_dmaFaults, "event")} of the remapping unit {(_dmaFaults == 1 ? "is" : "are")} about memory accesses or the unit itself, and not about interrupts.", null);
        (_dmaFaults, _stamped) = (0, false);
    }

    /// <summary>How often a message stands there, behind its sentence.</summary>
    internal static string Again(long count) => count == 1 ? "" : $" The log has it {count} times, first here.";

    /// <summary>Says what a kernel's log does not tell.</summary>
    internal static void Lacks(DumpPart part) =>
        part.Lack(part.HasFound ? "A kernel's log tells what went wrong, and not what is pending, in service or masked now"
            : "None of its lines is a message about interrupts that is known here (nobody cared, Disabling IRQ, DMAR [INTR-REMAP], AMD-Vi, APIC error, No irq handler, spurious 8259A)",
            "of a guest, info pic and info lapic of its monitor, or traces; of a host, /proc/interrupts twice");

    [GeneratedRegex(@"^(\S+ +\d+ [\d:]+ \S+ kernel: |<\d+>)?\[ *[0-9]+\.[0-9]+\]|^\S+ +\d+ [\d:]+ \S+ kernel: |^\[\w{3} \w{3} +\d+ [\d:]+ \d{4}\]", RegexOptions.ExplicitCapture)]
    private static partial Regex Stamp();

    [GeneratedRegex(@"\b(?<cpu>[0-9]{1,5})\.(?<vector>[0-9]{1,3}) No irq handler for vector", RegexOptions.ExplicitCapture)]
    private static partial Regex NoHandler();

    [GeneratedRegex(@"\bCPU(?<cpu>[0-9]{1,5}): No irq handler for vector (?<vector>[0-9a-f]{1,2}) \(", RegexOptions.ExplicitCapture)]
    private static partial Regex NoHandlerOfXen();

    [GeneratedRegex(@"\bAPIC error on CPU(?<cpu>[0-9]{1,5}): (?<before>[0-9a-f]{2})(\((?<after>[0-9a-f]{2})\)|(?![(0-9a-f]))", RegexOptions.ExplicitCapture)]
    private static partial Regex ApicError();

    [GeneratedRegex(@"spurious 8259A interrupt: IRQ(?<irq>[0-9]{1,2})\.", RegexOptions.ExplicitCapture)]
    private static partial Regex Spurious8259();

    [GeneratedRegex(@"((?<driver>[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): )?AMD-Vi: Event logged \[ *(?<kind>[A-Z_]+)(?<rest>[^\]]*)", RegexOptions.ExplicitCapture)]
    private static partial Regex AmdEvent();

    [GeneratedRegex(@"DRHD: handling fault status reg [0-9a-f]*[13579bdf]\b")]
    private static partial Regex Overflow();
}
