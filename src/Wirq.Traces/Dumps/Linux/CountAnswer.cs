using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>What tables of counts tell: one, who shares a line and how often it came; two, what moved and at which CPU. Neither
/// holds a state, so neither gives an all-clear.</summary>
internal static class CountAnswer
{
    private const int MostNamed = 24;
    // Counts are 32 bits wide in Linux; one above half of that which falls has begun again at 0.
    private const ulong Wrap = 1ul << 32;

    /// <summary>Makes the parts of the answer: a pair of tables of the same kind in a row tells what moved.</summary>
    internal static IEnumerable<DumpPart> Of(IReadOnlyList<CountTable> tables)
    {
        var last = new Dictionary<(string, string), CountTable>();
        var paired = new HashSet<CountTable>();
        var parts = new List<DumpPart>();
        foreach (CountTable table in tables)
        {
            if (last.TryGetValue((table.What, table.Chip), out CountTable? before))
            {
                parts.Add(Moved(before, table));
                paired.UnionWith([before, table]);
            }
            last[(table.What, table.Chip)] = table;
        }
        // The monitor prints a table for each chip, at one moment.
        return [.. parts, .. tables.Where(table => !paired.Contains(table)).GroupBy(table => (table.File, table.What)).Select(group => One([.. group]))];
    }

    private static DumpPart One(CountTable[] tables)
    {
        var part = new DumpPart("counts", $"{tables[0].What}: how often interrupts came{(tables[0].Columns is [-1] ? "" : $", at {Phrase.Count(tables[0].Columns.Count, "CPU")}")}");
        foreach (CountTable table in tables)
        {
            part.From(table.File);
            foreach (CountRow row in table.Rows.Where(row => row.Holders.Count > 1).Take(MostNamed))
                part.Tell($"IRQ {row.Label} ({row.Chip}) is shared by {Phrase.All(row.Holders, 8)}; it came {Times(row.Total)}, {Where(table, row.Counts)}.", row.Place, row.Gsi);
            foreach (CountRow row in table.Rows.Where(row => row.Irq >= 0 && row.Total > 0 && row.Holders.Count <= 1).OrderByDescending(row => row.Total).Take(MostNamed / 2))
                part.Tell(table.Chip.Length > 0 ? $"Input {row.Label} of {table.Chip} rose {Times(row.Total)}." : $"{row.Name} came {Times(row.Total)}, {Where(table, row.Counts)}.", row.Place, row.Gsi);
            Faults(part, table, null);
            Missing(part, table);
        }
        part.Lack("It has counts since the boot, and no state: what is pending, in service or masked is not in it, and whether a line still moves neither",
            "a second one a second later (wirq why before.txt after.txt); of a guest, info pic and info lapic of its monitor");
        return part;
    }

    private static DumpPart Moved(CountTable before, CountTable after)
    {
        var part = new DumpPart("counts", $"what moved between two readings of {after.What}{(after.Chip.Length > 0 ? $" ({after.Chip})" : $", at {Phrase.Count(after.Columns.Count, "CPU")}")}");
        part.From(before.File);
        part.From(after.File);
        if (Columns(before, after) is { } columns)
            part.Tell(columns, null);
        var moved = new List<(CountRow Row, ulong Total, string Where)>();
        List<CountRow> still = [], fell = [], begun = [];
        var first = new Dictionary<string, CountRow>(StringComparer.Ordinal);
        foreach (CountRow row in before.Rows)
            first.TryAdd(row.Label, row);
        foreach (CountRow row in after.Rows)
        {
            if (!first.Remove(row.Label, out CountRow? old))
                begun.Add(row);
            else if (Difference(before, old, after, row) is not { } difference)
                fell.Add(row);
            else if (difference.All(one => one.Value == 0))
                still.Add(row);
            else
                moved.Add((row, difference.Aggregate(0ul, (sum, one) => sum + one.Value), difference.ContainsKey(-1) ? "" : $", {Where(difference.Select(one => (one.Key, one.Value)))}"));
        }
        if (fell.Count > 0)
        {
            part.Tell($"The counts of {Phrase.All([.. fell.Select(row => row.Irq < 0 ? row.Label : $"IRQ {row.Label}")], 8)} fell: the two are not of one boot, or stand in the wrong order.", fell[0].Place);
        }
        foreach ((CountRow row, ulong total, string where) in moved.OrderByDescending(one => one.Total).Take(MostNamed))
            part.Tell($"{row.Name} came {Times(total)}{where}.", row.Place, row.Gsi);
        if (moved.Count > MostNamed)
            part.Tell($"{moved.Count - MostNamed} more moved.", null);
        CountRow[] quiet = [.. still.Where(row => row.Irq >= 0 && (row.Total > 0 || row.Holders.Count > 1))], never = [.. still.Where(row => row.Irq >= 0).Except(quiet)];
        foreach (CountRow row in quiet.Take(MostNamed))
            part.Tell($"{row.Name} did not move; it stands at {row.Total}.", row.Place, row.Gsi);
        if (quiet.Length > MostNamed)
            part.Tell($"{quiet.Length - MostNamed} more IRQs did not move.", null);
        if (never.Length > 0)
            part.Tell($"{(never.Length == 1 ? "IRQ" : "IRQs")} {Phrase.All([.. never.Select(row => row.Label)], MostNamed)} never came.", null);
        foreach (CountRow row in begun.Take(MostNamed))
            part.Tell($"{row.Name} is only in the later one.", row.Place, row.Gsi);
        foreach (CountRow row in first.Values.Take(MostNamed))
            part.Tell($"{row.Name} is only in the earlier one.", row.Place, row.Gsi);
        Faults(part, after, before);
        Missing(part, before);
        Missing(part, after);
        part.Lack("A line that did not move may have had nothing to say, or be held: counts do not tell which", "info pic and info lapic of the guest's monitor, or traces");
        return part;
    }

    /// <summary>How often each CPU was interrupted between two rows; null where a count fell. CPUs that only one of them has
    /// are left out: a CPU that was taken offline keeps its counts unprinted.</summary>
    private static Dictionary<int, ulong>? Difference(CountTable before, CountRow old, CountTable after, CountRow row)
    {
        var difference = new Dictionary<int, ulong>();
        var counts = new Dictionary<int, ulong>();
        for (int at = 0; at < old.Counts.Length; at++)
            counts[Column(before, old, at)] = old.Counts[at];
        for (int at = 0; at < row.Counts.Length; at++)
        {
            int column = Column(after, row, at);
            if (!counts.TryGetValue(column, out ulong was))
                continue;
            ulong now = row.Counts[at];
            if (now < was && (was < Wrap / 2 || was >= Wrap))
                return null;
            difference[column] = now >= was ? now - was : now + Wrap - was;
        }
        return difference;
    }

    private static int Column(CountTable table, CountRow row, int at) => row.Counts.Length == 1 && table.Columns.Count > 1 ? -1 : table.Columns[at];

    private static string? Columns(CountTable before, CountTable after)
    {
        int[] gone = [.. before.Columns.Except(after.Columns)], come = [.. after.Columns.Except(before.Columns)];
        return gone.Length + come.Length == 0 ? null
            : $"They do not have the same CPUs: {string.Join("; ", new[] { (gone, "the earlier"), (come, "the later") }.Where(one => one.Item1.Length > 0).Select(one => $"{Phrase.All([.. one.Item1.Select(cpu => $"CPU{cpu}")], 8)} only in {one.Item2} one"))}. Those are not compared.";
    }

    /// <summary>Rows that count faults.</summary>
    private static void Faults(DumpPart part, CountTable table, CountTable? before)
    {
        Fault("ERR", "errors that local APICs reported, or interrupts of the 8259s that vanished before they were acknowledged; dmesg names each (APIC error, spurious 8259A interrupt)");
        Fault("MIS", "level interrupts that an I/OAPIC sent as edges, and that Linux ended by hand");

        void Fault(string label, string words)
        {
            if (table.Row(label) is not { Total: > 0 and var now } row)
                return;
            ulong was = before?.Row(label)?.Total ?? 0;
            if (now != was)
                part.Find(new(label, Standing.NotKnown, Gate.NotKnown, -1, -1, -1, $"{label} counts {(before is null ? $"{now}" : $"{now - Math.Min(was, now)} more")}: {words}. Whether an interrupt was lost, the count does not tell.", [row.Place]));
        }
    }

    private static void Missing(DumpPart part, CountTable table)
    {
        foreach (string missing in table.Missing)
            part.Lack($"{(table.File is null ? "" : $"{table.File}: ")}{missing}", $"the whole of {table.What}");
    }

    private static string Times(ulong count) => count == 1 ? "once" : $"{count} times";

    private static string Where(CountTable table, ulong[] counts) => Where(counts.Select((count, at) => (table.Columns[at], count)));

    private static string Where(IEnumerable<(int Cpu, ulong Count)> counts)
    {
        const int most = 8;
        (int Cpu, ulong Count)[] came = [.. counts.Where(one => one.Count > 0)];
        return came.Length == 0 ? "at no CPU" : came.Length == 1 ? $"all at CPU{came[0].Cpu}"
            : string.Join(", ", came.Take(most).Select(one => $"{one.Count} at CPU{one.Cpu}")) + (came.Length > most ? $" and at {came.Length - most} more CPUs" : "");
    }
}
