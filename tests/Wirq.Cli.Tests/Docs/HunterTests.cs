using System.Diagnostics;
using Wirq.Cli.Guesses;
using Wirq.Cli.Tests.Guesses;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Pages;

namespace Wirq.Cli.Tests.Docs;

/// <summary>The way of somebody who knows QEMU and not Wirq: five commands to an answer about a log of his own.</summary>
public sealed class HunterTests(GuessFolder folder) : IClassFixture<GuessFolder>
{
    private static IReadOnlyList<string> Commands => Page.Blocks("docs/start/hunter.md").First(block => block.Language == "sh").Lines;

    [Fact]
    public void There_are_five_commands_and_QEMUs_is_the_one_that_every_answer_names()
    {
        Assert.Equal(5, Commands.Count);
        Assert.Contains(Typed.Record, Commands);
        Assert.Contains(Typed.Record, Page.TextOf("docs/wrong-guesses.md"), StringComparison.Ordinal);
        Assert.Contains("docs/start/hunter.md", Page.TextOf("README.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_command_of_wirq_is_answered()
    {
        string own = folder.In("hang.log");
        string[][] asked = [.. Commands.Where(line => line.StartsWith("wirq ", StringComparison.Ordinal))
            .Select(line => ShellLine.Words(line.Replace("guest.log", own, StringComparison.Ordinal))[1..])];
        Assert.Equal(3, asked.Length);
        Assert.All(asked, args => Assert.Contains("ioapic:4 rose at", CommandRun.Of(args).Output, StringComparison.Ordinal));
    }

    // The log of the first example is made anew: the guest is built, and QEMU runs it. It takes two seconds of waiting, which is
    // what shows that nothing more comes.
    [Fact]
    public async Task A_guest_that_loses_an_edge_in_QEMU_is_told_so()
    {
        string? missing = new[] { "qemu-system-x86_64", "gcc", "ld", "bash", "gzip" }.FirstOrDefault(tool => !HostProgram.IsThere(tool));
        Assert.SkipWhen(missing is not null, $"needs {missing}");
        CancellationToken stop = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo("bash", [Repository.PathOf("examples/guests/make.sh"), folder.Path, "lost-edge"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process make = Process.Start(start)!;
        Task<string> output = make.StandardOutput.ReadToEndAsync(stop), errors = make.StandardError.ReadToEndAsync(stop);
        await make.WaitForExitAsync(stop);
        Assert.SkipWhen((await errors).Contains("unrecognized command-line option '-m32'", StringComparison.Ordinal), "needs a gcc that has -m32");
        Assert.True(make.ExitCode == 0, await errors);
        Assert.EndsWith("\nh", (await output).TrimEnd(), StringComparison.Ordinal);
        CommandRun why = CommandRun.Of("why", folder.In("hang.log.gz"));
        Assert.Equal(1, why.ExitCode);
        Assert.Contains("lost: the pin was masked since", why.Output, StringComparison.Ordinal);
    }
}
