namespace Wirq.Tests.Shared;

/// <summary>A sample that is in the code of a test, so that it is compiled and run, and in a page of the
/// documentation.</summary>
internal static class ShownSample
{
    private const string Begin = "// sample", End = "// end";

    /// <summary>Fails if the page does not contain the sample, line by line, ignoring indentation.</summary>
    /// <param name="source">The file with the sample between its marks, from the root of the checkout.</param>
    /// <param name="page">The page.</param>
    /// <returns>The number of lines.</returns>
    internal static int AssertShown(string source, string page)
    {
        string code = File.ReadAllText(Repository.PathOf(source));
        string sample = code[(code.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)..code.IndexOf(End, StringComparison.Ordinal)];
        string[] lines = Lines(sample.Split('\n')), shown = Lines(File.ReadAllLines(Repository.PathOf(page)));
        int start = Array.IndexOf(shown, lines[0]);
        Assert.True(start >= 0, $"{page} does not show the sample");
        Assert.Equal(lines, shown[start..(start + lines.Length)]);
        return lines.Length;
    }

    private static string[] Lines(IEnumerable<string> lines) => [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0)];
}
