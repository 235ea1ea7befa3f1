using System.Text.Json;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>A stock Linux boots to the first process of its initial RAM disk, and turns the machine off.</summary>
/// <remarks>What they need is in <see cref="LinuxBoot"/>.</remarks>
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
        using JsonDocument run = await Boot(image, "--irqchip", chips, "--cpus", $"{cpus}", "--append", LinuxBoot.Arguments(chips));
        JsonElement result = run.RootElement;
        string console = result.GetProperty("console").GetString()!;
        Assert.Equal("PowerOff", result.GetProperty("end").GetString());
        Assert.Contains("WIRQ-INIT", console);
        Assert.Contains($" {cpus}\r\n", console[console.IndexOf("WIRQ-INIT", StringComparison.Ordinal)..]);
        Assert.All(result.GetProperty("laws").EnumerateArray(), law => Assert.True(law.GetProperty("held").GetBoolean(), law.ToString()));
        if (chips == "user")
            Assert.Empty(ProcInterrupts.Differences(console, result.GetProperty("taken")));
        // What a local APIC of KVM gives a CPU, nobody sees. The 8259s' vectors come from the board, where it has them: without KVM's
        // clock Linux tries the PIT through them.
        Assert.All(result.GetProperty("taken").EnumerateArray(), taken => Assert.True(
            chips == "user" || chips == "split" && taken.GetProperty("of").GetString()!.StartsWith("8259 IRQ ", StringComparison.Ordinal), taken.ToString()));
        Assert.Empty(ProcInterrupts.MoreThanTriggered(console, LinuxBoot.CountsAt(result, 0)));
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
    [InlineData("kernel", "")]
    [InlineData("kernel", " pci=nomsi")]
    public async Task It_reads_and_writes_a_virtio_disk_and_reads_random_bytes(string chips, string how)
    {
        using TemporaryDisk disk = new();
        using JsonDocument run = await Boot("vmlinux", "--irqchip", chips, "--disk", disk.Path, "--entropy", "--append", LinuxBoot.Arguments(chips, how));
        string console = run.RootElement.GetProperty("console").GetString()!;
        string sum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(disk.Content));
        Assert.Contains($"WIRQ-DISK {sum}", console);
        Assert.Contains($"WIRQ-AGAIN {sum}", console);
        Assert.Contains("WIRQ-RANDOM 3200", console);
        Assert.Equal("PowerOff", run.RootElement.GetProperty("end").GetString());
        Assert.Contains(how.Length == 0 ? "virtio0-req.0" : "IO-APIC  18-fasteoi   virtio0", console);
        if (chips == "user")
            Assert.Empty(ProcInterrupts.Differences(console, run.RootElement.GetProperty("taken")));
        Assert.Empty(ProcInterrupts.MoreThanTriggered(console, LinuxBoot.CountsAt(run.RootElement, 0)));
        Assert.Equal(disk.Content, await File.ReadAllBytesAsync(disk.Path, TestContext.Current.CancellationToken));
    }

    private Task<JsonDocument> Boot(string image, params IEnumerable<string> options) => LinuxBoot.Run(output, image, options);
}
