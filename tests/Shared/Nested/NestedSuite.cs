using System.Diagnostics;
using System.Reflection;

namespace Wirq.Tests.Shared.Nested;

/// <summary>The suite of the calling test, on this host and in the nested machine.</summary>
internal static class NestedSuite
{
    private const string Classes = "WIRQ_NESTED_CLASSES";

    private static bool IsLong => Environment.GetEnvironmentVariable("WIRQ_LONG") is "1";

    /// <summary>Runs the tests of the executable that runs, as it is built, on both hosts. Prints both tables, also to a file
    /// beside the executable, and fails with the names of those that fail.</summary>
    /// <param name="name">The name of that file.</param>
    /// <param name="cpus">The machine's CPUs.</param>
    /// <param name="filter">Which tests, in the runner's words; all of them by default.</param>
    internal static void Run(string name = "nested", int cpus = 1, params string[] filter)
    {
        NestedBed.Require();
        // Some classes alone, while one works at them.
        if (filter.Length == 0 && Environment.GetEnvironmentVariable(Classes) is { Length: > 0 } classes)
            filter = [.. classes.Split(',').SelectMany(each => new[] { "-class", each })];
        TimeSpan limit = IsLong ? TimeSpan.FromHours(3) : TimeSpan.FromMinutes(40);
        string suite = Assembly.GetExecutingAssembly().GetName().Name!, program = Path.Combine(AppContext.BaseDirectory, suite);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("wirq-nested");
        try
        {
            string here = Path.Combine(folder.FullName, "host.xml");
            (int status, string said, string errors) = NestedBed.Run(new ProcessStartInfo(program, ["-noColor", "-xml", here, .. filter]), limit);
            SuiteResults host = SuiteResults.Read(here) ?? throw new InvalidOperationException(Ended("here", status, said, errors));
            string words = host.Describe($"{suite}, this host");

            (status, said, errors) = NestedBed.Run(limit, folder.FullName, cpus, [program, "-noColor", "-xml", "/out/nested.xml", .. filter]);
            SuiteResults? nested = SuiteResults.Read(Path.Combine(folder.FullName, "nested.xml"));
            words += nested?.Describe($"{suite}, nested") ?? Ended("in the nested machine", status, said, errors);
            File.WriteAllText(Path.Combine(AppContext.BaseDirectory, $"{name}.txt"), words);
            TestContext.Current.TestOutputHelper?.WriteLine(words);
            TestContext.Current.SendDiagnosticMessage(words);
            Assert.NotNull(nested);
            Assert.True(nested.Passed > 0, words);
            Assert.True(nested.Failures.Count == 0 && status == 0, words);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Ended(string where, int status, string said, string errors)
    {
        const int Shown = 4000;
        string both = said + errors;
        return $"the suite has not ended {where}: status {status}; the end of what was said:\n{(both.Length > Shown ? both[^Shown..] : both)}";
    }
}
