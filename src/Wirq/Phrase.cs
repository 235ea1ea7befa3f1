using System.Globalization;

namespace Wirq;

/// <summary>Numbers and names as words of a sentence.</summary>
internal static class Phrase
{
    /// <summary>A count of things: <c>1 line</c>, <c>2 lines</c>.</summary>
    /// <param name="count">How many.</param>
    /// <param name="one">What one is called.</param>
    /// <param name="many">What several are called; by default with an s.</param>
    internal static string Count(long count, string one, string? many = null) =>
        count == 1 ? $"1 {one}" : string.Create(CultureInfo.InvariantCulture, $"{count} {many ?? one + "s"}");

    /// <summary>A count of times: <c>once</c>, <c>2 times</c>.</summary>
    /// <param name="count">How many.</param>
    /// <param name="format">How the number is written.</param>
    internal static string Times(long count, string format = "0") =>
        count == 1 ? "once" : $"{count.ToString(format, CultureInfo.InvariantCulture)} times";

    /// <summary>A list of names: <c>a</c>, <c>a and b</c>, <c>a, b and c</c>. A long list shows the first names and how
    /// many are left out.</summary>
    /// <param name="names">The names; at least one.</param>
    /// <param name="most">How many are named.</param>
    internal static string All(IReadOnlyList<string> names, int most) =>
        names.Count > most ? First(names, names.Count, most)
            : names.Count == 1 ? names[0] : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";

    /// <summary>The first names, and how many are left out: <c>a, b</c>, <c>a, b, c, d and 3 more</c>.</summary>
    /// <param name="names">The names; only as many as are shown are enumerated.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="most">How many are named.</param>
    internal static string First(IEnumerable<string> names, int count, int most) =>
        string.Join(", ", names.Take(most)) + (count > most ? $" and {count - most} more" : "");
}
