using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>Reads <c>/sys/kernel/debug/irq/irqs/N</c>, one or many: with <c>grep . irqs/*</c> (the path before each line), with
/// <c>head irqs/*</c> (<c>==&gt; N &lt;==</c> above each), or one file by its name.</summary>
internal sealed partial class IrqDebug(DumpParts parts, string file) : DumpReader
{
    internal const string Format = "linux-irq";
    private const string What = "what Linux keeps of its interrupts (/sys/kernel/debug/irq)";

    private static readonly string[] s_keys = ["handler", "device", "status", "istate", "ddepth", "wdepth", "dstate", "node", "affinity", "effectiv", "pending", "domain",
        "hwirq", "chip", "flags", "address", "parent", "Vector", "Target", "Previous vector", "Previous target", "move_in_progress", "is_managed", "can_reserve", "has_reserved", "cleanup_pending"];

    private Irq? _irq;
    private string? _above;

    /// <summary>One interrupt, as far as its lines came.</summary>
    private sealed class Irq
    {
        internal required string? Number { get; init; }
        internal required ValuePlace Place { get; init; }
        internal Dictionary<string, string> Values { get; } = new(StringComparer.Ordinal);
        internal HashSet<string> Flags { get; } = new(StringComparer.Ordinal);
    }

    internal static DumpPart Part(DumpParts parts, string piece, string? file) => parts.Of(Format, What, piece, file);

    internal override Fit Take(in DumpLine line)
    {
        string text = line.Text;
        string? number = null;
        if (Above().Match(text) is { Success: true } above)
        {
            _above = above.Groups["irq"].Value;
            return Fit.None;
        }
        if (Path().Match(text) is { Success: true } path)
            (number, text) = (path.Groups["irq"].Value, text[path.Length..]);
        // It is the first line in all versions. Where it was cut off, the next lines tell the same: nothing is said by its name.
        if (text.StartsWith("handler:", StringComparison.Ordinal) || (_irq is null || number is not null && number != _irq.Number) && Headless().IsMatch(text))
        {
            Leave();
            _irq = new() { Number = number ?? _above ?? OfName(), Place = line.Place("irq", number ?? _above ?? "") };
            _above = null;
        }
        if (_irq is null)
            return Fit.None;
        Match pair = Pair().Match(text);
        if (pair.Success && s_keys.Contains(pair.Groups["key"].Value))
        {
            // A number at the end of the file may have lost a digit.
            if (line.IsLast && pair.Groups["value"].Value.All(char.IsAsciiDigit))
                return Fit.Cut;
            // Of a chain of domains the first one is the device's.
            _irq.Values.TryAdd(pair.Groups["key"].Value, pair.Groups["value"].Value);
            return Fit.Whole;
        }
        if (!Flag().IsMatch(text))
            return Fit.None;
        const int most = 64;
        if (_irq.Flags.Count < most)
            _irq.Flags.Add(text.Trim());
        return Fit.Whole;
    }

    internal override void Leave()
    {
        if (_irq is { } irq && irq.Values.Count > 1)
            Say(irq);
        _irq = null;
    }

    private string? OfName() => System.IO.Path.GetFileName(file) is { Length: > 0 and <= 6 } name && name.All(char.IsAsciiDigit) ? name : null;

    private void Say(Irq irq)
    {
        string chip = irq.Values.GetValueOrDefault("chip", ""), number = irq.Number ?? "";
        int pin = -1;
        if (chip.Contains("IO-APIC", StringComparison.Ordinal) && irq.Values.TryGetValue("hwirq", out string? hwirq) && hwirq.StartsWith("0x", StringComparison.Ordinal))
            _ = int.TryParse(hwirq.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out pin);
        int gsi = chip.Contains("IO-APIC", StringComparison.Ordinal) && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int known) ? known : pin;
        int vector = irq.Values.TryGetValue("Vector", out string? printed) && byte.TryParse(printed, NumberStyles.None, CultureInfo.InvariantCulture, out byte parsed) ? parsed : -1;
        int cpu = irq.Values.TryGetValue("Target", out string? target) && int.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out int parsedCpu) ? parsedCpu : -1;
        string source = number.Length > 0 ? $"irq:{number}" : pin >= 0 ? SnapshotJudge.NameOf(0, pin) : "irq";
        string name = (number.Length > 0 ? $"IRQ {number}" : pin >= 0 ? $"The IRQ of pin {pin}" : "The IRQ")
            + (chip.Length > 0 ? $" ({chip}{(pin >= 0 ? $" pin {pin}" : "")})" : "");
        DumpPart part = Part(parts, number.Length > 0 ? $"irq {number}" : "", irq.Place.File);
        string to = vector >= 0 && cpu >= 0 ? $" goes to cpu{cpu} as vector 0x{vector:x2}" : " has no vector";
        part.Tell($"{name}{to}{(irq.Flags.Contains("IRQD_SETAFFINITY_PENDING") ? "; a move to other CPUs waits for its next interrupt" : "")}.", irq.Place, gsi);
        // The line behind all flags: without it one may be missing that explains another.
        if (!irq.Values.ContainsKey("istate"))
        {
            part.Lack($"Of {name} the lines up to its istate are cut off, and it is not judged", "the whole file");
            return;
        }
        if (!irq.Values.ContainsKey("node"))
        {
            part.Lack($"{name} is cut off before all its flags came, and is not judged", "the whole file");
            return;
        }
        foreach ((Standing standing, Gate gate, string sentence) in Findings(irq))
            part.Find(new(source, standing, gate, cpu, vector, gsi, $"{name} {sentence}.", [irq.Place]));
    }

    private static IEnumerable<(Standing, Gate, string)> Findings(Irq irq)
    {
        bool Has(string flag) => irq.Flags.Contains(flag);
        bool pending = Has("IRQS_PENDING"), disabled = Has("IRQD_IRQ_DISABLED"), masked = Has("IRQD_IRQ_MASKED");
        if (Has("IRQS_SPURIOUS_DISABLED"))
        {
            yield return (Standing.Owed, Gate.PinMasked, "was disabled by the kernel, since no handler served it (IRQS_SPURIOUS_DISABLED; dmesg says \"nobody cared\"): "
                + "its devices get no interrupt through it any more");
        }
        else if (pending && (disabled || masked))
        {
            yield return (Standing.Masked, Gate.PinMasked, "came while it was disabled, and waits for its driver to enable it (IRQS_PENDING); whether the driver wants that, the text does not tell");
        }
        else if (Has("IRQS_ONESHOT") && masked && Has("IRQD_IRQ_STARTED") && !disabled)
        {
            yield return (Standing.NotKnown, Gate.PinMasked, "is masked until the thread of its handler has run (IRQS_ONESHOT); whether the thread is about to, the text does not tell");
        }
        else if (disabled)
        {
            yield return (Standing.Masked, Gate.PinMasked, $"is disabled by its driver (ddepth {irq.Values.GetValueOrDefault("ddepth", "?")}); whether something waits for it, the text does not tell");
        }
        if (pending && !disabled && !masked)
            yield return (Standing.NotKnown, Gate.CpuUnknown, "came again while its handler ran (IRQS_PENDING): the handler is to run once more");
        if (Has("IRQD_IRQ_INPROGRESS"))
            yield return (Standing.NotKnown, Gate.NoEoi, "is in its handler (IRQD_IRQ_INPROGRESS); if a second reading a second later shows the same, the handler does not return");
    }

    /// <summary>Says what these files do not have.</summary>
    internal static void Lacks(DumpPart part) =>
        part.Lack("These files have what the kernel believes, not what the chips hold: Remote IRR, IRR and ISR are not in them", "info pic and info lapic of the guest's monitor");

    [GeneratedRegex(@"^(status|istate|dstate):\s+0x[0-9a-f]{8}$", RegexOptions.ExplicitCapture)]
    private static partial Regex Headless();

    [GeneratedRegex(@"^==> (.*/)?(?<irq>[0-9]{1,6}) <==$", RegexOptions.ExplicitCapture)]
    private static partial Regex Above();

    [GeneratedRegex(@"^(\S*/)?(?<irq>[0-9]{1,6}):(?=[a-zA-Z_ ])", RegexOptions.ExplicitCapture)]
    private static partial Regex Path();

    [GeneratedRegex(@"^\s*(?<key>[A-Za-z_]([A-Za-z_ ]*[A-Za-z])?):\s*(?<value>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Pair();

    [GeneratedRegex(@"^\s+(IRQ|IRQD|IRQS|_IRQ|IRQCHIP)_[A-Z_]+\s*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Flag();
}
