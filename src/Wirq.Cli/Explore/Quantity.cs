using System.CommandLine.Parsing;
using System.Globalization;

namespace Wirq.Cli.Explore;

/// <summary>Numbers with units, as options give them.</summary>
internal static class Quantity
{
    private static readonly Dictionary<string, long> s_bytes = new(StringComparer.OrdinalIgnoreCase)
    {
        [""] = 1, ["b"] = 1, ["k"] = 1L << 10, ["kb"] = 1L << 10, ["m"] = 1L << 20, ["mb"] = 1L << 20, ["g"] = 1L << 30, ["gb"] = 1L << 30,
    };

    private static readonly Dictionary<string, double> s_seconds = new(StringComparer.Ordinal)
    {
        [""] = 1, ["ms"] = 1e-3, ["s"] = 1, ["m"] = 60, ["min"] = 60, ["h"] = 3600,
    };

    /// <summary>Reads a size: 512M, 4G.</summary>
    internal static long Bytes(ArgumentResult given) => Read(given, s_bytes, "a size such as 512M or 4G", out double number, out long unit) ? (long)Math.Min(long.MaxValue / 2, number * unit) : 0;

    /// <summary>Reads a time: 90, 30s, 10m, 2h.</summary>
    internal static TimeSpan? Time(ArgumentResult given) =>
        Read(given, s_seconds, "a time such as 30s, 10m or 2h", out double number, out double unit) ? TimeSpan.FromSeconds(Math.Min(1e9, number * unit)) : null;

    /// <summary>Reads a count: 1000000, 10M.</summary>
    internal static long Count(ArgumentResult given) => Read(given, s_counts, "a number such as 1000000 or 10M", out double number, out long unit) ? (long)Math.Min(long.MaxValue / 2, number * unit) : 0;

    private static readonly Dictionary<string, long> s_counts = new(StringComparer.OrdinalIgnoreCase) { [""] = 1, ["k"] = 1000, ["m"] = 1000_000, ["g"] = 1000_000_000 };

    private static bool Read<T>(ArgumentResult given, Dictionary<string, T> units, string expected, out double number, out T unit)
    {
        string text = given.Tokens[0].Value.Replace("_", "", StringComparison.Ordinal);
        int end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            end++;
        unit = default!;
        if (double.TryParse(text[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number) && number > 0 && units.TryGetValue(text[end..], out unit!))
            return true;
        given.AddError($"{given.Tokens[0].Value}: expected {expected}");
        return false;
    }
}
