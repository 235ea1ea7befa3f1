using System.Diagnostics;
using System.Text.Json;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>A stock Linux boots to the first process of its initial RAM disk, and turns the machine off.</summary>
/// <remarks><c>WIRQ_LINUX</c> names a folder that <c>bench/linux.sh</c> made. <c>WIRQ_LINUX_COMMAND</c> is the beginning of the
/// command line: a native <c>wirq</c>, maybe after a command that runs it on another machine. Each run takes minutes where
/// the machine is emulated.</remarks>
public sealed class LinuxTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(15);

    [Theory]
    [InlineData("vmlinux", "user", 1)]
    [InlineData("vmlinux", "user", 2)]
    [InlineData("bzImage", "user", 1)]
    [InlineData("vmlinux", "split", 1)]
    [InlineData("vmlinux", "split", 2)]
    [InlineData("vmlinux", "kernel", 1)]
    [InlineData("vmlinux", "kernel", 2)]
    public async Task It_boots_counts_what_the_board_counts_and_turns_the_machine_off(string image, string chips, int cpus)
    {
        using JsonDocument run = await Boot(image, "--irqchip", chips, "--cpus", $"{cpus}", "--append", "console=ttyS0 panic=-1");
        JsonElement result = run.RootElement;
        string console = result.GetProperty("console").GetString()!;
        Assert.Equal("PowerOff", result.GetProperty("end").GetString());
        Assert.Contains("WIRQ-INIT", console);
        Assert.Contains($" {cpus}\r\n", console[console.IndexOf("WIRQ-INIT", StringComparison.Ordinal)..]);
        Assert.All(result.GetProperty("laws").EnumerateArray(), law => Assert.True(law.GetProperty("held").GetBoolean(), law.ToString()));
        if (chips == "user")
            Assert.Empty(ProcInterrupts.Differences(console, result.GetProperty("taken")));
        else
            Assert.Equal(0, result.GetProperty("taken").GetArrayLength());
    }

    [Theory]
    [InlineData("user")]
    [InlineData("split")]
    public async Task With_a_remapping_unit_it_remaps_interrupts(string chips)
    {
        using JsonDocument run = await Boot("vmlinux", "--irqchip", chips, "--x2apic", "--iommu", "vtd", "--append", "console=ttyS0 panic=-1");
        string console = run.RootElement.GetProperty("console").GetString()!;
        Assert.Contains("Enabled IRQ remapping in x2apic mode", console);
        Assert.Contains("IR-IO-APIC", console);
        Assert.Equal("PowerOff", run.RootElement.GetProperty("end").GetString());
        if (chips == "user")
            Assert.Empty(ProcInterrupts.Differences(console, run.RootElement.GetProperty("taken")));
    }

    [Theory]
    [InlineData("user", "")]
    [InlineData("user", " pci=nomsi")]
    [InlineData("split", "")]
    [InlineData("split", " pci=nomsi")]
    public async Task It_reads_and_writes_a_virtio_disk_and_reads_random_bytes(string chips, string how)
    {
        string disk = Path.GetTempFileName();
        try
        {
            const int seed = 18;
            byte[] content = new byte[1 << 20];
            new Random(seed).NextBytes(content);
            await File.WriteAllBytesAsync(disk, content, TestContext.Current.CancellationToken);
            using JsonDocument run = await Boot("vmlinux", "--irqchip", chips, "--disk", disk, "--entropy", "--append", $"console=ttyS0 panic=-1{how}");
            string console = run.RootElement.GetProperty("console").GetString()!;
            string sum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
            Assert.Contains($"WIRQ-DISK {sum}", console);
            Assert.Contains($"WIRQ-AGAIN {sum}", console);
            Assert.Contains("WIRQ-RANDOM 3200", console);
            Assert.Equal("PowerOff", run.RootElement.GetProperty("end").GetString());
            Assert.Contains(how.Length == 0 ? "virtio0-req.0" : "IO-APIC  18-fasteoi   virtio0", console);
            if (chips == "user")
                Assert.Empty(ProcInterrupts.Differences(console, run.RootElement.GetProperty("taken")));
            Assert.Equal(content, await File.ReadAllBytesAsync(disk, TestContext.Current.CancellationToken));
        }
        finally
        {
            File.Delete(disk);
        }
    }

    private async Task<JsonDocument> Boot(string image, params IEnumerable<string> options)
    {
        string? folder = Environment.GetEnvironmentVariable("WIRQ_LINUX");
        string[] command = (Environment.GetEnvironmentVariable("WIRQ_LINUX_COMMAND") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.SkipUnless(Directory.Exists(folder), "needs Linux: make a folder with bench/linux.sh and name it in WIRQ_LINUX");
        Assert.SkipUnless(command.Length > 0, "needs a native wirq: name its command in WIRQ_LINUX_COMMAND");
        using var process = Process.Start(new ProcessStartInfo(command[0],
            [.. command[1..], "boot", Path.Combine(folder!, image), "--initrd", Path.Combine(folder!, "initrd"), "--memory", "512", "--json", .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var late = new CancellationTokenSource(s_patience);
        try
        {
            Task<string> words = process.StandardError.ReadToEndAsync(late.Token);
            string json = await process.StandardOutput.ReadToEndAsync(late.Token);
            output.WriteLine(await words);
            Assert.True(json.Contains('{', StringComparison.Ordinal), $"no JSON came: {json}");
            JsonDocument run = JsonDocument.Parse(json[json.IndexOf('{', StringComparison.Ordinal)..(json.LastIndexOf('}') + 1)]);
            output.WriteLine(run.RootElement.GetProperty("console").GetString()!);
            output.WriteLine($"{run.RootElement.GetProperty("seconds")} s, {run.RootElement.GetProperty("events")} events");
            return run;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
