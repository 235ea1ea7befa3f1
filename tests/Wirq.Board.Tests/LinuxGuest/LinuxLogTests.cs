using System.Diagnostics;
using System.Text.Json;
using Wirq.Tests.Shared;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>The host's KVM is traced while Linux boots on Wirq's chips, and the log is replayed and judged.</summary>
/// <remarks>As <see cref="LinuxTests"/>; the last word of <c>WIRQ_LINUX_COMMAND</c> is the native <c>wirq</c>, which reads the log here.</remarks>
public sealed class LinuxLogTests(ITestOutputHelper output)
{
    private const int NothingOwed = 0, NotTold = 4;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(15);

    [Theory]
    [InlineData("kernel", 1, "")]
    [InlineData("kernel", 2, "")]
    [InlineData("split", 1, "--disk")]
    [InlineData("split", 2, "")]
    [InlineData("split", 1, "--x2apic --iommu vtd")]
    [InlineData("user", 1, "")]
    [InlineData("user", 2, "--disk")]
    public async Task Nothing_is_owed_and_nothing_parts(string chips, int cpus, string more)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("wirq-log");
        try
        {
            string log = await Record(folder.FullName, chips, cpus, more);
            (int status, JsonElement why) = await Judge("why", log);
            output.WriteLine($"{why.GetProperty("verdict")}: {string.Join("; ", why.GetProperty("limits").EnumerateArray())}");
            Assert.All(why.GetProperty("vms").EnumerateArray(), vm => Assert.Equal(0, vm.GetProperty("owed").GetArrayLength()));
            // Of a VMM's chips KVM has no record.
            Assert.Equal(chips == "kernel" ? NothingOwed : NotTold, status);
            (status, JsonElement replay) = await Judge("replay", log);
            output.WriteLine($"{replay.GetProperty("records")} records: {string.Join("; ", replay.GetProperty("vms").EnumerateArray().Select(vm => vm.GetProperty("responses")))}");
            Assert.All(replay.GetProperty("vms").EnumerateArray(), vm => Assert.Equal(0, vm.GetProperty("responses").GetProperty("mismatched").GetProperty("total").GetInt64()));
            Assert.Equal(chips == "user" ? NotTold : NothingOwed, status);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string[] Command => (Environment.GetEnvironmentVariable("WIRQ_LINUX_COMMAND") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private async Task<string> Record(string folder, string chips, int cpus, string more)
    {
        string? linux = Environment.GetEnvironmentVariable("WIRQ_LINUX");
        Assert.SkipUnless(Directory.Exists(linux), "needs Linux: make a folder with bench/linux.sh and name it in WIRQ_LINUX");
        Assert.SkipUnless(Command.Length > 0, "needs a native wirq: name its command in WIRQ_LINUX_COMMAND");
        Assert.SkipUnless(HostProgram.IsThere("trace-cmd"), "needs trace-cmd");
        string disk = Path.Combine(folder, "disk");
        await File.WriteAllBytesAsync(disk, new byte[1 << 20], TestContext.Current.CancellationToken);
        string[] options = more == "--disk" ? ["--disk", disk, "--entropy"] : more.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (int status, _, string words) = await Run(Command[0], [.. Command[1..^1], "bash", Repository.PathOf("bench/linux-log.sh"), Command[^1], linux!, "log",
            "--irqchip", chips, "--cpus", $"{cpus}", .. options], folder, LinuxBoot.Words(chips));
        output.WriteLine(words);
        Assert.Equal(0, status);
        string console = await File.ReadAllTextAsync(Path.Combine(folder, "log.txt"), TestContext.Current.CancellationToken);
        Assert.Contains("WIRQ-DONE", console);
        return Path.Combine(folder, "log.dat");
    }

    private static async Task<(int Status, JsonElement Answer)> Judge(string verb, string log)
    {
        (int status, string json, _) = await Run(Command[^1], [verb, log, "--json"], Path.GetDirectoryName(log)!);
        using JsonDocument answer = JsonDocument.Parse(json);
        return (status, answer.RootElement.Clone());
    }

    private static async Task<(int Status, string Output, string Errors)> Run(string program, string[] arguments, string folder, string append = "")
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Where the log goes: of the nested machine, and of this host.
        (start.Environment["NESTED_OUT"], start.Environment["OUT"], start.Environment["WIRQ_APPEND"]) = (folder, folder, append);
        using Process process = Process.Start(start)!;
        using var late = new CancellationTokenSource(s_patience);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(late.Token);
            string text = await process.StandardOutput.ReadToEndAsync(late.Token);
            await process.WaitForExitAsync(late.Token);
            return (process.ExitCode, text, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
