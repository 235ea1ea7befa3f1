using System.Text.Json;

namespace Wirq.Board.Tests.LinuxGuest;

/// <summary>Debian's kernel for any PC, which its package has packed with XZ only: by its 64-bit entry, and unpacked by PVH.</summary>
/// <remarks><c>WIRQ_LINUX_STOCK</c> names a folder that <c>bench/linux.sh FOLDER linux-image-amd64</c> made; the rest is in <see
/// cref="LinuxBoot"/>.</remarks>
public sealed class StockKernelTests(ITestOutputHelper output)
{
    public static MatrixTheoryData<string, string, int> All => new MatrixTheoryData<string, string, int>(["bzImage", "vmlinux"], ["user", "split", "kernel"], [1, 2]);

    [Theory]
    [MemberData(nameof(All))]
    public async Task It_boots_and_handles_no_more_than_was_triggered(string image, string chips, int cpus)
    {
        using TemporaryDisk disk = new();
        using JsonDocument run = await LinuxBoot.Run(output, image, ["--irqchip", chips, "--cpus", $"{cpus}", "--disk", disk.Path, "--entropy",
            "--append", LinuxBoot.Arguments(chips)], "WIRQ_LINUX_STOCK");
        LinuxBoot.AssertOrderly(run.RootElement);
        string console = run.RootElement.GetProperty("console").GetString()!;
        Assert.Matches($"WIRQ-INIT [0-9.]+ [0-9.-]+-amd64 {cpus}\r?\n", console);
        Assert.Contains("WIRQ-RANDOM 3200", console);
        Assert.Contains($"WIRQ-AGAIN {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(disk.Content))}", console);
        Assert.Empty(ProcInterrupts.MoreThanTriggered(console, LinuxBoot.CountsAt(run.RootElement, 0)));
        if (chips == "user")
            Assert.Empty(ProcInterrupts.Differences(console, run.RootElement.GetProperty("taken")));
    }
}
