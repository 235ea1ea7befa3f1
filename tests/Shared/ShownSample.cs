namespace Wirq.Tests.Shared;

/// <summary>A sample that stands in the code of a test, so that it compiles and runs, and in a page, for readers.</summary>
internal static class ShownSample
{
    private const string Begin = "// sample", End = "// end";

    /// <summary>Fails where the page does not show the sample, line by line, indentation aside.</summary>
    /// <param name="source">The file between whose marks it stands, from the root of the checkout.</param>
    /// <param name="page">The page.</param>
    /// <returns>How many lines it has.</returns>
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
