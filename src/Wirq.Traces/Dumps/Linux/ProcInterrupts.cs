using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Text;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>Reads <c>/proc/interrupts</c> of Linux 2.4 to 6.x on a PC: a row of CPUs, then a row for each interrupt.</summary>
internal sealed partial class ProcInterrupts(DumpParts parts, string file) : DumpReader
{
    private const int MostCpus = 8192, MostRows = 1 << 16;

    // Chips that no PC has.
    private static readonly string[] s_foreign = ["GIC", "ITS-", "RISC-V", "PLIC", "IMSIC", "XICS", "XIVE", "MPIC", "OpenPIC", "bcm2", "gpio-mxc"];

    private CountTable? _table;

    internal override Fit Take(in DumpLine line)
    {
        if (Cpus().IsMatch(line.Text))
            return Begin(line);
        if (_table is not { Columns: var columns })
            return Fit.None;
        Match match = Label().Match(line.Text);
        if (!match.Success)
            return Fit.None;
        string label = match.Groups["label"].Value;
        string[] words = match.Groups["rest"].Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        int numbers = 0;
        while (numbers < words.Length && numbers < columns.Count && words[numbers].All(char.IsAsciiDigit))
            numbers++;
        // ERR and MIS are of the machine, and have one count.
        bool single = label is "ERR" or "MIS" or "Err";
        Expected = $"{Phrase.Count(columns.Count, "count")} behind {label}:, one for each CPU of the heading";
        if (numbers < (single ? 1 : columns.Count))
            return words.Length == numbers ? Fit.Cut : label.All(char.IsAsciiDigit) ? Fit.Bad : Fit.None;
        if (line.IsLast && numbers == words.Length && !single)
            return Fit.Cut;
        var counts = new ulong[single ? 1 : columns.Count];
        for (int cpu = 0; cpu < counts.Length; cpu++)
        {
            if (!ulong.TryParse(words[cpu], NumberStyles.None, CultureInfo.InvariantCulture, out counts[cpu]))
                return Fit.Bad;
        }
        Row(label, counts, words[counts.Length..], line);
        return Fit.Whole;
    }

    internal override void Leave() => _table = null;

    internal override void Cut(in DumpLine line) => _table?.Missing.Add($"Line {line.Number} of it is cut off, and so is what came behind it");

    private Fit Begin(in DumpLine line)
    {
        string[] words = line.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        int[] columns = [.. words.Take(MostCpus).Select(word => int.TryParse(word.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out int cpu) ? cpu : 0)];
        _table = new("/proc/interrupts", line.File, columns);
        parts.Add(_table);
        return Fit.Whole;
    }

    private void Row(string label, ulong[] counts, string[] words, in DumpLine line)
    {
        if (s_foreign.Any(chip => words.Length > 0 && words[0].StartsWith(chip, StringComparison.Ordinal)))
            throw new DumpException(file, line.Number, $"'{words[0]}', a chip that no PC has: this is /proc/interrupts of another architecture, such as arm64", "/proc/interrupts of an x86 machine (IO-APIC, XT-PIC, PCI-MSI)");
        // All files of an incident are kept at once.
        parts.CountsRead += counts.Length;
        if (_table!.Rows.Count >= MostRows || parts.CountsRead > CountTable.MostCounts)
            throw new DumpException(file, line.Number, "more counts than are read", $"at most {MostRows} rows, and {CountTable.MostCounts} counts in all files");
        (string chip, string[] holders) = Split(words);
        _table.Rows.Add(new(label, counts, label.All(char.IsAsciiDigit) ? chip : "", label.All(char.IsAsciiDigit) ? holders : [], line.Place("row", label)));
    }

    /// <summary>The chip, the pin and the trigger, and then the holders behind commas.</summary>
    private static (string Chip, string[] Holders) Split(string[] words)
    {
        int at = Math.Min(1, words.Length);
        // "IO-APIC 16-fasteoi", "IO-APIC-edge", "PCI-MSI 524288-edge", "xen-dyn -event", "XT-PIC": the trigger is part of the chip, or a word of its own.
        if (words.Length > 1 && Trigger().IsMatch(words[1]))
            at = 2;
        string[] holders = string.Join(' ', words.Skip(at)).Split(", ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (string.Join(' ', words.Take(at)), holders);
    }

    [GeneratedRegex(@"^\s*CPU[0-9]+(\s+CPU[0-9]+)*\s*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Cpus();

    [GeneratedRegex(@"^\s*(?<label>[A-Za-z0-9]{1,8}):(?<rest>(\s.*)?)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Label();

    [GeneratedRegex(@"^([0-9]+-?|-)(edge|level|fasteoi|event|virq|ipi|ioapic|msi|pirq)|^(Level|Edge)$|^-(ioapic|msi|dyn|percpu)", RegexOptions.ExplicitCapture)]
    private static partial Regex Trigger();
}
