using Wirq.Snapshots;

namespace Wirq.Cli.Snapshots;

/// <summary>Writes snapshots for a person.</summary>
internal static class SnapshotText
{
    private const int Hang = 4;

    internal static void Write(MachineSnapshot snapshot, TextWriter to, int columns)
    {
        to.Write(snapshot.Machine.Describe().ToText(columns));
        foreach ((string label, string table) in snapshot.Functions)
            Wrap(to, $"function {Plain(label)}: {table}", 0, columns);
        if (snapshot.Machine.RouteCache is { IsSuspended: true })
            Wrap(to, "suspended: neither a kernel nor userspace reads eventfds", 0, columns);
    }

    internal static void Write(IReadOnlyList<SnapshotDifference> differences, TextWriter to, int columns)
    {
        foreach (SnapshotDifference one in differences)
        {
            string line = $"{Plain(one.Field)}: {Value(one.First)} -> {Value(one.Second)}";
            if (line.Length <= columns)
            {
                to.WriteLine(line);
                continue;
            }
            Wrap(to, $"{Plain(one.Field)}:", 0, columns);
            Wrap(to, $"{Value(one.First)} -> {Value(one.Second)}", Hang, columns);
        }
        to.WriteLine(differences.Count switch
        {
            0 => "no field differs",
            1 => "1 field differs",
            _ => $"{differences.Count} fields differ",
        });
    }

    private static string Value(string? value) => value is null ? "(absent)" : value.Length == 0 ? "\"\"" : Plain(value);

    /// <summary>What an embedder chose, without what a terminal would obey.</summary>
    private static string Plain(string text) => string.Concat(text.Select(one => char.IsControl(one) || char.IsSurrogate(one) ? '?' : one));

    private static void Wrap(TextWriter to, string text, int indent, int columns)
    {
        int room = Math.Max(1, columns - indent);
        for (int from = 0; from < text.Length; from += room)
            to.WriteLine(string.Concat(new string(' ', indent), text.AsSpan(from, Math.Min(room, text.Length - from))));
    }
}
