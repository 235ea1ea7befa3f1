using System.Globalization;
using Wirq.Traces.Dumps.Text;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>Reads the monitor's <c>info irq</c>: a heading for each chip in newer versions, one for all in older ones, and a
/// count for each input that was ever raised.</summary>
internal sealed class MonitorCounts(DumpParts parts) : DumpReader
{
    private const int MostInputs = 4096;

    private CountTable? _table;

    internal override Fit Take(in DumpLine line)
    {
        const string heading = "IRQ statistics";
        if (line.Text.StartsWith(heading, StringComparison.Ordinal))
        {
            string chip = line.Text[heading.Length..].Trim(' ', ':');
            if (line.Text.TrimEnd()[^1] != ':')
                return Fit.Cut;
            _table = new("info irq", line.File, [-1]) { Chip = chip.StartsWith("for ", StringComparison.Ordinal) ? chip[4..] : "the 8259s" };
            parts.Add(_table);
            return Fit.Whole;
        }
        if (_table is null)
            return Fit.None;
        var scanner = new LineScanner(line.Text);
        int input = scanner.Decimal(MostInputs);
        scanner.Word(":");
        if (scanner.Fit != Fit.Whole)
            return Fit.None;
        if (!ulong.TryParse(scanner.Rest.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong count))
            return Fit.None;
        if (_table.Rows.Count <= MostInputs)
            _table.Rows.Add(new($"{input}", [count], "", [], line.Place("input", $"{input}")));
        return Fit.Whole;
    }

    internal override void Leave() => _table = null;
}
