using System.Diagnostics;
using System.Text.Json;
using Wirq.Tests.Shared;
using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Cli.Tests.Examples;

/// <summary>What examples/ has: logs, scenarios, programs.</summary>
public sealed class ExampleTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Logs =>
        [.. Directory.EnumerateFiles(Repository.PathOf("examples"), "*.log.gz").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Logs))]
    public void A_log_has_its_page_its_guest_and_an_answer_that_the_chips_do_not_contradict(string log)
    {
        string page = File.ReadAllText(Repository.PathOf("examples/README.md"));
        Assert.Contains($"$ wirq why examples/{log}", page, StringComparison.Ordinal);
        string file = Repository.PathOf($"examples/{log}");
        Assert.Equal(WhyVerdict.Owed, LogWhy.Read(() => File.OpenRead(file), log, null).Owed().Verdict);
        ReplayReport replayed = Replayer.Run(() => File.OpenRead(file), log);
        Assert.True(replayed.Succeeded, replayed.First?.ToString());
        Assert.Equal(0, replayed.Responses.Total(ResponseVerdict.Mismatched));
    }

    [Fact]
    public void There_are_five_logs_and_each_fault_is_another() => Assert.Equal(5, Logs.Count);

    [Fact]
    public void The_scenarios_hold()
    {
        CommandRun run = CommandRun.Of("run", "--json", "examples/scenarios");
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal(3, Directory.GetFiles(Repository.PathOf("examples/scenarios"), "*.yaml").Length);
    }

    [Fact]
    public async Task A_program_with_a_cpu_loop_of_its_own_prints_what_its_page_shows()
    {
        string output = await Run("Embed");
        Assert.Equal("""
            1000 us: vector 0x30, GSI 21 held by []
            2000 us: vector 0x30, GSI 21 held by []
            2000 us: vector 0x51, GSI 21 held by [disk, nic]
            2000 us: vector 0x51, GSI 21 held by [nic]
            3000 us: vector 0x30, GSI 21 held by []
            """.ReplaceLineEndings("\n"), output.Trim());
        Assert.Contains(output.Trim(), File.ReadAllText(Repository.PathOf("examples/README.md")), StringComparison.Ordinal);
        Assert.InRange(LinesOf("examples/embed/Program.cs"), 1, 45);
    }

    [Theory]
    [InlineData("--simulated")]
    [InlineData("")]
    public async Task A_program_with_eventfds_and_threads_serves_both_devices(string kernel)
    {
        if (kernel.Length == 0)
            KvmPresence.Require();
        string[] lines = [.. (await Run("EventFds", kernel)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
        Assert.Equal(["disk: served 20 times", "nic: served 20 times"], lines);
    }

    private static int LinesOf(string file) => File.ReadLines(Repository.PathOf(file)).Count(line => line.Trim().Length > 0);

    // The programs are built with the tests, and lie beside them.
    private static async Task<string> Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, program + ".dll"), .. arguments.Where(one => one.Length > 0)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(Stop), errors = process.StandardError.ReadToEndAsync(Stop);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
        Assert.Equal(("", 0), (await errors, process.ExitCode));
        return (await output).ReplaceLineEndings("\n");
    }
}
