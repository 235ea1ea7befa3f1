using System.Text.Json;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>A stock Linux boots to the first process of its initial RAM disk, and turns the machine off.</summary>
/// <remarks>What they need, <see cref="LinuxRun"/> says.</remarks>
public sealed class LinuxTests(ITestOutputHelper output)
{
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

    private Task<JsonDocument> Boot(string image, params IEnumerable<string> options) => LinuxRun.Of(output, image, options);
}
