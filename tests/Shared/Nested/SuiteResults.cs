using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Wirq.Tests.Shared.Nested;

/// <summary>What became of a suite's tests on one host, by the runner's XML.</summary>
/// <param name="Passed">The number of tests that passed.</param>
/// <param name="Failures">Those that failed: name, and the first line of the message.</param>
/// <param name="Skips">Why tests were skipped, and how many for that reason.</param>
/// <param name="Seconds">How long they took.</param>
internal sealed record SuiteResults(int Passed, IReadOnlyList<string> Failures, IReadOnlyDictionary<string, int> Skips, double Seconds)
{
    private int Skipped => Skips.Values.Sum();

    /// <summary>Reads them; null where the file is not there or is not whole: the suite has not ended.</summary>
    internal static SuiteResults? Read(string file)
    {
        try
        {
            XElement root = XElement.Load(file);
            XElement[] tests = [.. root.Descendants("test")];
            // A failure outside of any test, as of a fixture.
            IEnumerable<string> errors = root.Descendants("error").Select(error => $"{(string?)error.Attribute("type")} {(string?)error.Attribute("name")}: {FirstLine(error)}");
            return new SuiteResults(tests.Count(test => ResultOf(test) == "Pass"),
                [.. tests.Where(test => ResultOf(test) == "Fail").Select(test => $"{(string?)test.Attribute("name")}: {FirstLine(test)}"), .. errors],
                tests.Where(test => ResultOf(test) == "Skip").GroupBy(test => ((string?)test.Element("reason") ?? "no reason").ReplaceLineEndings(" "))
                    .ToDictionary(group => group.Key, group => group.Count()),
                root.Elements("assembly").Sum(assembly => double.Parse((string?)assembly.Attribute("time") ?? "0", CultureInfo.InvariantCulture)));
        }
        catch (Exception absent) when (absent is IOException or XmlException)
        {
            return null;
        }
    }

    /// <summary>As a table: the counts, then each reason.</summary>
    internal string Describe(string host)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{host}: {Passed} passed, {Failures.Count} failed, {Skipped} skipped, {Seconds:0} s");
        foreach (string failure in Failures)
            text.AppendLine(CultureInfo.InvariantCulture, $"  failed  {failure}");
        foreach ((string reason, int count) in Skips.OrderByDescending(skip => skip.Value).ThenBy(skip => skip.Key, StringComparer.Ordinal))
            text.AppendLine(CultureInfo.InvariantCulture, $"  {count,6}  {reason}");
        return text.ToString();
    }

    private static string ResultOf(XElement test) => (string?)test.Attribute("result") ?? "";

    private static string FirstLine(XElement test) =>
        ((string?)test.Descendants("message").FirstOrDefault() ?? "").Trim().Split('\n')[0].TrimEnd();
}
