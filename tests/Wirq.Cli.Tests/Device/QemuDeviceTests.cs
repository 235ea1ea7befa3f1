using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Device;

/// <summary>A stock QEMU (10.1 or later) as the VMM, and in it a small guest whose driver counts what it takes.
/// <c>WIRQ_QEMU_VFIO_USER</c> names the program.</summary>
[SupportedOSPlatform("linux")]
public sealed class QemuDeviceTests : IDisposable
{
    private const string Variable = "WIRQ_QEMU_VFIO_USER";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-device-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Skips without what is needed.</summary>
    /// <returns>The programs: QEMU, and the guest.</returns>
    private async Task<(string Qemu, string Image)> RequireAsync()
    {
        RunningDevice.Require();
        string? qemu = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(qemu is null, $"needs QEMU 10.1 or later, which has vfio-user-pci: {Variable} names the program");
        return (qemu!, await BuildAsync());
    }

    /// <returns>What the guest printed, and the device's answer.</returns>
    private async Task<(string Guest, JsonElement Device, CommandRun Run)> RunAsync(string scenario, string driver)
    {
        (string qemu, string image) = await RequireAsync();
        using var device = new RunningDevice(scenario, ["--json"]);
        using Process process = Start(qemu, image, driver, device);
        CancellationToken stop = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(stop), errors = process.StandardError.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        // isa-debug-exit makes 1 of 0.
        Assert.True(process.ExitCode == 1, $"QEMU ends with {process.ExitCode}: {await output}{await errors}");
        CommandRun run = device.End();
        return ((await output).Trim(), JsonDocument.Parse(run.Output).RootElement, run);
    }

    private static Process Start(string qemu, string image, string driver, RunningDevice device) => Process.Start(new ProcessStartInfo("timeout",
    [
        "60", qemu, "-accel", "tcg", "-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot", "-nodefaults", "-m", "64", "-kernel", image,
        "-append", driver, "-device", "isa-debug-exit,iobase=0xf4",
        "-device", $$$"""{"driver":"vfio-user-pci","socket":{"type":"unix","path":"{{{device.Socket}}}"}}""",
    ])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private async Task<string> BuildAsync()
    {
        string image = Path.Combine(_folder.FullName, "guest.elf"), sources = Repository.PathOf("tests/Wirq.Cli.Tests/Device/Guest");
        ProcessStartInfo start = new("gcc",
        [
            "-m32", "-march=i386", "-Os", "-ffreestanding", "-fno-pic", "-no-pie", "-fno-stack-protector", "-nostdlib", "-static", "-Wl,--build-id=none",
            "-Wl,-T," + Path.Combine(sources, "guest.ld"), "-o", image, Path.Combine(sources, "start.S"), Path.Combine(sources, "guest.c"),
        ])
        {
            RedirectStandardError = true,
        };
        Process? made = null;
        try
        {
            made = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs gcc");
        }
        using Process compiler = made!;
        string errors = await compiler.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await compiler.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(errors.Contains("unrecognized command-line option '-m32'", StringComparison.Ordinal), "needs a gcc that has -m32");
        Assert.True(compiler.ExitCode == 0, errors);
        return image;
    }

    private static long Of(JsonElement device, string group, string name) => device.GetProperty(group).GetProperty(name).GetInt64();

    [Fact]
    public async Task A_guest_counts_each_level_once_and_needless_unmasks_are_counted()
    {
        (string guest, JsonElement device, CommandRun run) = await RunAsync(DeviceTests.FileOf("level.yaml"), "intx");
        Assert.Equal((0, "held"), (run.ExitCode, device.GetProperty("verdict").GetString()));
        Assert.Matches(@"^intx: served 100 unwanted \d+$", guest);
        Assert.Equal((100, 100), (Of(device, "intx", "raised"), Of(device, "intx", "served")));
        // Without a resamplefd, QEMU unmasks at the first access after each event: the driver's read of the status, which comes
        // before it serves. Each of these is one too many, and brings one more event.
        Assert.InRange(Of(device, "intx", "earlyUnmasks"), 1, 10_000);
        Assert.Equal(Of(device, "intx", "again"), Of(device, "intx", "earlyUnmasks"));
        Assert.Equal(Of(device, "intx", "signalled"), 100 + Of(device, "intx", "again"));
        Assert.Equal((0, 0, 0), (Of(device, "intx", "unmasksByEventfd"), Of(device, "messages", "sent"), Of(device, "messages", "lost")));
        Assert.Equal(2, Of(device, "triggers", "set"));
    }

    [Fact]
    public async Task A_device_that_is_served_by_a_read_is_served_as_often_as_it_rises()
    {
        string scenario = (await File.ReadAllTextAsync(DeviceTests.FileOf("level.yaml"), TestContext.Current.CancellationToken))
            .Replace("msix: 8}", "msix: 8, served: read}", StringComparison.Ordinal);
        (string guest, JsonElement device, CommandRun run) = await RunAsync(scenario, "intx");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^intx: served 100 unwanted \d+$", guest);
        // The accesses that follow may meet the next rise, as the machine's load has it. Each such unmask brings one event more.
        Assert.Equal((100, Of(device, "intx", "earlyUnmasks")), (Of(device, "intx", "served"), Of(device, "intx", "again")));
    }

    [Fact]
    public async Task A_guest_counts_each_MSI_X_vector_exactly()
    {
        (string guest, JsonElement device, CommandRun run) = await RunAsync(DeviceTests.FileOf("msix.yaml"), "msix");
        Assert.Equal((0, "held"), (run.ExitCode, device.GetProperty("verdict").GetString()));
        Assert.Equal("msix: served 0 unwanted 0 v0=20 v1=20 v2=20 v3=40 v4=20 v5=20 v6=20 v7=20", guest);
        Assert.Equal((180, 0, 0), (Of(device, "messages", "sent"), Of(device, "messages", "lost"), Of(device, "intx", "raised")));
        Assert.InRange(Of(device, "triggers", "set"), 8, 12);
    }

    [Fact]
    public async Task A_guest_counts_each_MSI_vector_exactly()
    {
        (string guest, JsonElement device, CommandRun run) = await RunAsync("""
            name: Four MSI vectors
            machine: {devices: {nic: {msi: 4}}}
            steps:
              - nic: {word: 60}
              - wait: {doorbell: 0x1000, vectors: 4, within: 60s}
              - repeat:
                  times: 20
                  steps: [{nic: {send: 0}}, {wait: {read: word}}, {nic: {send: 3}}, {wait: {read: word}}, {nic: {send: 3}}, {wait: {read: word}}]
              - wait: {doorbell: 60}
            """, "msi");
        Assert.Equal((0, "held"), (run.ExitCode, device.GetProperty("verdict").GetString()));
        Assert.Equal("msi: served 0 unwanted 0 v0=20 v3=40", guest);
    }

    [Fact]
    public async Task A_driver_that_loses_an_interrupt_is_found()
    {
        // The control: two messages of one vector at once are one interrupt, which a guest counts once.
        string scenario = """
            name: Two messages at once
            machine: {devices: {nic: {msix: 8}}}
            steps:
              - nic: {word: 3}
              - wait: {doorbell: 0x1000, vectors: 8, within: 60s}
              - nic: {send: 1}
              - nic: {send: 1}
              - wait: {read: word}
              - time: 200ms
              - nic: {send: 2}
              - nic: {word: 2}
              - nic: {send: 3}
              - wait: {doorbell: 4, within: 1s}
            """;
        (string program, string image) = await RequireAsync();
        using var device = new RunningDevice(scenario, ["--json"]);
        using Process qemu = Start(program, image, "msix", device);
        CommandRun run = device.End();
        qemu.Kill(entireProcessTree: true);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("in vain for doorbell: 4", run.Output, StringComparison.Ordinal);
    }
}
