using System.Globalization;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>Which interrupt a question about a saved state names.</summary>
internal sealed class SnapshotQuestion
{
    /// <summary>The forms of a question, for an error message.</summary>
    internal const string Forms = "a line such as 10 or gsi:10, ioapic:10, pic:10, or a vector such as 0x5b";

    private readonly string _source;
    private readonly int _gsi = -1, _vector = -1;

    private SnapshotQuestion(string source, int gsi, int vector) => (_source, _gsi, _vector) = (source, gsi, vector);

    /// <summary>Reads a question; null if it is none.</summary>
    internal static SnapshotQuestion? Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        string number = parts[^1], kind = parts.Length == 2 ? parts[0] : "";
        if (number.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return kind is "" or "vector" && byte.TryParse(number.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte vector)
                ? new("", -1, vector) : null;
        }
        const int most = 1024;
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index >= most)
            return null;
        return kind switch
        {
            "" or "gsi" or "irq" => new("", index, -1),
            "vector" when index <= byte.MaxValue => new("", -1, index),
            "ioapic" or "pic" => new($"{kind}:{index}", -1, -1),
            _ => null,
        };
    }

    internal bool Fits(SnapshotFinding finding) => _source.Length > 0
        ? finding.Source == _source || finding.Sentence.Contains($"{_source},", StringComparison.Ordinal) || finding.Sentence.Contains($"{_source})", StringComparison.Ordinal)
        : _gsi >= 0 ? finding.Gsi == _gsi : finding.Vector == _vector;
}
