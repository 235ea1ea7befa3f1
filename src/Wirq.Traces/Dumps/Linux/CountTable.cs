using System.Globalization;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>A table of how often interrupts came: <c>/proc/interrupts</c>, or the monitor's <c>info irq</c>.</summary>
/// <param name="what">What it is, in words.</param>
/// <param name="file">The file, where an answer is about several; else null.</param>
/// <param name="columns">The columns: CPUs, by their numbers; one column -1 where it has no CPUs.</param>
internal sealed class CountTable(string what, string? file, int[] columns)
{
    /// <summary>More counts than this, over all rows of all files, are not read: 4096 CPUs with a thousand lines each.</summary>
    internal const int MostCounts = 1 << 22;

    internal string What { get; } = what;
    /// <summary>The chip that counts; empty where the table has the chip of each row.</summary>
    internal string Chip { get; init; } = "";
    internal string? File { get; } = file;
    internal IReadOnlyList<int> Columns { get; } = columns;
    internal List<CountRow> Rows { get; } = [];
    internal List<string> Missing { get; } = [];

    /// <summary>The row of a label; null if there is none.</summary>
    internal CountRow? Row(string label) => Rows.FirstOrDefault(row => row.Label == label);
}

/// <summary>One row of counts.</summary>
/// <param name="Label">Its label: an IRQ, or a name such as <c>LOC</c>.</param>
/// <param name="Counts">How often, by column.</param>
/// <param name="Chip">The chip and the pin, as printed.</param>
/// <param name="Holders">Who holds the line, as printed.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record CountRow(string Label, ulong[] Counts, string Chip, IReadOnlyList<string> Holders, ValuePlace Place)
{
    internal ulong Total => Counts.Aggregate(0ul, (sum, count) => sum + count);

    /// <summary>The IRQ; -1 for a named row.</summary>
    internal int Irq => Label.Length <= 6 && int.TryParse(Label, NumberStyles.None, CultureInfo.InvariantCulture, out int irq) ? irq : -1;

    /// <summary>The line, where the IRQ is one of an I/OAPIC or of the 8259s; else -1. Linux numbers them by GSI.</summary>
    internal int Gsi => Chip.Contains("IO-APIC", StringComparison.Ordinal) || Chip.Contains("XT-PIC", StringComparison.Ordinal) || Chip.Contains("ioapic", StringComparison.Ordinal) ? Irq : -1;

    /// <summary>Its name in a sentence.</summary>
    internal string Name => Irq < 0 ? Label : $"IRQ {Label}{(Chip.Length == 0 ? "" : $" ({Chip}{(Holders.Count > 0 ? $", {Phrase.All(Holders, 8)}" : "")})")}";
}
