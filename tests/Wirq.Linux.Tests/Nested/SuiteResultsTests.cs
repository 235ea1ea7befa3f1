using Wirq.Tests.Shared.Nested;

namespace Wirq.Linux.Tests.Nested;

/// <summary>What is read of a suite that ran elsewhere.</summary>
public sealed class SuiteResultsTests
{
    private const string Whole = """
        <assemblies><assembly time="1.5"><collection>
        <test name="A.passes" result="Pass" /><test name="A.skips" result="Skip"><reason>no KVM</reason></test>
        <test name="A.skips_too" result="Skip"><reason>no KVM</reason></test>
        <test name="A.fails" result="Fail"><failure><message>two
        lines</message></failure></test>
        </collection><errors><error type="fixture" name="F"><failure><message>gone</message></failure></error></errors></assembly></assemblies>
        """;

    [Fact]
    public void Failures_have_their_names_and_skips_their_reasons() => With(Whole, file =>
    {
        SuiteResults results = SuiteResults.Read(file)!;
        Assert.Equal(1, results.Passed);
        Assert.Equal(["A.fails: two", "fixture F: gone"], results.Failures);
        Assert.Equal(2, results.Skips["no KVM"]);
        Assert.Equal("""
            here: 1 passed, 2 failed, 2 skipped, 2 s
              failed  A.fails: two
              failed  fixture F: gone
                   2  no KVM

            """, results.Describe("here"), ignoreLineEndingDifferences: true);
    });

    [Fact]
    public void Half_a_file_is_no_result() => With(Whole[..^20], file => Assert.Null(SuiteResults.Read(file)));

    [Fact]
    public void Nor_is_none() => Assert.Null(SuiteResults.Read("/no/such/results.xml"));

    private static void With(string text, Action<string> test)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            test(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
