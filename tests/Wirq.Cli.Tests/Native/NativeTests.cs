using System.Text.RegularExpressions;

namespace Wirq.Cli.Tests.Native;

/// <summary>The command as it ships.</summary>
public sealed partial class NativeTests
{
    private const string Log = "tests/reports/why/fragment-pic.log";

    [Fact]
    public void Tests_that_run_the_command_run_the_native_one()
    {
        PackedWirq packed = PackedWirq.Require();
        Assert.Equal([packed.Command!], WirqProgram.Words);
        // A file of the system's own format: \x7fELF.
        Assert.Equal("\u007fELF"u8, File.ReadAllBytes(packed.Command!).AsSpan(0, 4));
    }

    /// <summary>All else is tested on one of the two alone.</summary>
    [Theory]
    [InlineData("--help")]
    [InlineData("run", "--json", "--seed", "3")]
    [InlineData("run", "--json", "tests/reports/run/lost.yaml")]
    [InlineData("run", "no-such-file")]
    [InlineData("why", Log)]
    [InlineData("why", "--json", Log)]
    [InlineData("why", Log, "pic:8")]
    [InlineData("replay", "--json", "tests/Wirq.Traces.Tests/Replay/logs/ioapic-2cpu.log.gz")]
    [InlineData("host", "--json", "--device", "/dev/no-such-kvm")]
    [InlineData("scenarios", "--json")]
    [InlineData("boot")]
    [InlineData("boot", "README.md")]
    public void Native_and_on_the_runtime_it_says_the_same(params string[] arguments)
    {
        PackedWirq.Require();
        CommandRun native = CommandRun.Of(arguments), managed = CommandRun.Managed(arguments);
        Assert.Equal((managed.ExitCode, Timeless(managed.Output), managed.Errors), (native.ExitCode, Timeless(native.Output), native.Errors));
    }

    private static string Timeless(string output) => Milliseconds().Replace(output, "time");

    [GeneratedRegex(@"""milliseconds"": [0-9.E-]+")]
    private static partial Regex Milliseconds();
}
