using System.Text.RegularExpressions;
using Wirq.Board.Machine;
using Wirq.Board.Tests.Machine;
using Wirq.Board.Xen;
using Wirq.Linux.Probes;

namespace Wirq.Board.Tests.Xen;

/// <summary>Images of Xen's test framework, from the folder in <c>WIRQ_XTF</c>: its own <c>tests</c>.</summary>
public sealed partial class XtfTests
{
    private const string Variable = "WIRQ_XTF";

    [Theory]
    [InlineData("example", "hvm64", false)]
    [InlineData("xsa-188", "hvm64", false)]
    [InlineData("xsa-221", "hvm64", false)]
    [InlineData("xsa-231", "hvm64", false)]
    [InlineData("xsa-232", "hvm64", false)]
    [InlineData("xsa-317", "hvm64", false)]
    [InlineData("xsa-454", "hvm64", false)]
    // Without the prefix it skips itself, after the same checks.
    [InlineData("xsa-462", "hvm64", true)]
    [InlineData("xsa-463", "hvm64", false)]
    public void They_succeed(string test, string environment, bool forcedEmulation)
    {
        string? folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipUnless(folder is not (null or ""), $"needs images of Xen's test framework: set {Variable} to its folder tests");
        string path = Path.Combine(folder, test, $"test-{environment}-{test}");
        Assert.SkipUnless(File.Exists(path), $"{Variable} names {folder}, which has no {test}/test-{environment}-{test}");
        PcRun run = PcRun.Of(File.ReadAllBytes(path), DeliveryConfiguration.User, patience: TimeSpan.FromMinutes(1),
            xen: new XenGuestOptions(), forcedEmulation: forcedEmulation);
        Assert.Equal(new GuestEnd(GuestEndKind.PowerOff), run.End);
        Assert.Equal("SUCCESS", Result().Match(run.Console).Groups[1].Value);
        Assert.Empty(run.BrokenLaws);
    }

    [GeneratedRegex("^Test result: (.*?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Result();
}
