using System.Runtime.Versioning;
using System.Text.Json;
using Wirq.Linux;
using Wirq.Linux.VfioUser;
using Wirq.Tests.Shared;
using Wirq.Vfio;

namespace Wirq.Cli.Tests.Device;

/// <summary><c>wirq device</c> with our own client as its VMM, in two processes.</summary>
[SupportedOSPlatform("linux")]
public sealed class DeviceTests : IDisposable
{
    private const int Status = 4, Doorbell = 16, Word = 20, Ready = 0x1000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-device-");

    public DeviceTests() => RunningDevice.Require();

    public void Dispose() => _folder.Delete(recursive: true);

    internal static string FileOf(string name) => Repository.PathOf($"tests/Wirq.Cli.Tests/Device/{name}");

    /// <summary>What it said, without the breaks of lines.</summary>
    private static string Joined(CommandRun run) => string.Join(' ', run.Output.Split((char[])['\n', ' '], StringSplitOptions.RemoveEmptyEntries));

    private static VfioUserClient Connect(RunningDevice device) => VfioUserClient.Connect(device.Socket, TimeSpan.FromSeconds(30));

    private static ulong Await(EventFdHandle eventFd)
    {
        ulong count = 0;
        Assert.True(SpinWait.SpinUntil(() => eventFd.TryRead(out count), TimeSpan.FromSeconds(30)), "no interrupt comes");
        return count;
    }

    /// <summary>A driver of INTx, and a VMM that unmasks after it.</summary>
    private static uint ServeLevels(VfioUserClient client, bool early)
    {
        using var trigger = EventFdHandle.Create();
        client.SetTriggers(VfioIrqIndex.Intx, 0, trigger);
        uint wanted = client.Read32(0, Word), served = 0;
        client.Write32(0, Doorbell, Ready);
        while (served < wanted)
        {
            Await(trigger);
            if (early)
                client.Unmask();
            if ((client.Read32(0, Status) & 1) != 0)
            {
                served++;
                client.Write32(0, Status, 1);
            }
            client.Unmask();
        }
        client.Write32(0, Doorbell, served);
        return served;
    }

    [Fact]
    public void The_scenario_of_the_page_is_the_one_that_is_run_here() =>
        Assert.Contains(File.ReadAllText(FileOf("level.yaml")).ReplaceLineEndings("\n").TrimEnd(), File.ReadAllText(Repository.PathOf("docs/device.md")), StringComparison.Ordinal);

    [Fact]
    public void Levels_are_counted_exactly()
    {
        using var device = new RunningDevice(FileOf("level.yaml"));
        Assert.Equal($"wirq: nic is served at {device.Socket}", device.Ready);
        using (VfioUserClient client = Connect(device))
            Assert.Equal(100u, ServeLevels(client, early: false));
        CommandRun run = device.End();
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.StartsWith("A level device whose driver serves it: held\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("100 raised, 100 served, 100 signalled\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("100 by message, 0 by eventfd; 0 needless", run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(device.Socket));
    }

    [Fact]
    public void Needless_unmasks_are_counted_and_so_are_the_interrupts_that_they_cause()
    {
        using var device = new RunningDevice(FileOf("level.yaml"), ["--json"]);
        using (VfioUserClient client = Connect(device))
            Assert.Equal(100u, ServeLevels(client, early: true));
        CommandRun run = device.End();
        Assert.Equal(0, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        JsonElement intx = document.RootElement.GetProperty("intx");
        long Of(string name) => intx.GetProperty(name).GetInt64();
        Assert.Equal(("held", 0), (document.RootElement.GetProperty("verdict").GetString(), document.RootElement.GetProperty("status").GetInt32()));
        Assert.Equal((100, 100), (Of("raised"), Of("served")));
        // Each early unmask brought a signal, which found nothing, and whose unmask found nothing masked.
        Assert.InRange(Of("earlyUnmasks"), 100, 200);
        Assert.Equal(Of("again"), Of("earlyUnmasks"));
        Assert.Equal(Of("signalled"), 100 + Of("again"));
        Assert.Equal(Of("needlessUnmasks"), Of("earlyUnmasks") + Of("idleUnmasks"));
    }

    [Fact]
    public void Messages_are_counted_by_their_vectors()
    {
        using var device = new RunningDevice(FileOf("msix.yaml"));
        var counts = new ulong[8];
        using (VfioUserClient client = Connect(device))
        {
            EventFdHandle[] triggers = [.. Enumerable.Range(0, 8).Select(_ => EventFdHandle.Create())];
            client.SetTriggers(VfioIrqIndex.Msix, 0, [.. triggers.Select(trigger => trigger.EventFd)]);
            uint wanted = client.Read32(0, Word);
            client.Write32(0, Doorbell, Ready);
            for (ulong all = 0; all < wanted;)
            {
                for (int vector = 0; vector < 8; vector++)
                {
                    if (!triggers[vector].TryRead(out ulong count))
                        continue;
                    counts[vector] += count;
                    all += count;
                    client.Read32(0, Word);
                }
            }
            client.Write32(0, Doorbell, wanted);
            Array.ForEach(triggers, trigger => trigger.Dispose());
        }
        CommandRun run = device.End();
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal([20ul, 20, 20, 40, 20, 20, 20, 20], counts);
        Assert.Contains("messages    180 sent, 0 lost (no eventfd)\n            vectors 0 to 2, each: 20 sent\n            vector 3: 40 sent\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_driver_that_never_serves_is_found_and_the_report_fits_into_60_columns()
    {
        Environment.SetEnvironmentVariable("COLUMNS", "60");
        using var device = new RunningDevice("""
            name: A driver that forgets its device
            machine: {devices: {nic: {msi: 2}}}
            steps:
              - wait: {intx: true}
              - nic: raise
              - wait: {served: true, within: 50ms}
              - nic: send
            """);
        Environment.SetEnvironmentVariable("COLUMNS", null);
        using VfioUserClient client = Connect(device);
        using var trigger = EventFdHandle.Create();
        client.SetTriggers(VfioIrqIndex.Intx, 0, trigger);
        CommandRun run = device.End();
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("forgets its device: failed\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("waited 50 ms in vain for served: true", Joined(run), StringComparison.Ordinal);
        Assert.Contains(":6:5:", run.Output, StringComparison.Ordinal);
        Assert.All(run.Output.Split('\n').Where(line => !line.Contains("/wirq-", StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, 60));
        Assert.False(File.Exists(device.Socket));
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public void A_signal_ends_it_cleanly(string signal, int status)
    {
        using var device = new RunningDevice(FileOf("level.yaml"));
        VfioUserClient? client = signal == "TERM" ? Connect(device) : null;
        device.Kill(signal);
        CommandRun run = device.End();
        Assert.Equal((status, ""), (run.ExitCode, run.Errors));
        Assert.Contains("serves it: stopped\n", run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(device.Socket));
        client?.Dispose();
    }

    [Fact]
    public void When_all_is_done_the_client_may_stay_or_the_user_may_stop_it()
    {
        using var device = new RunningDevice("name: x\nmachine: {devices: {nic: {}}}\nsteps: [{nic: raise}, {wait: {doorbell: 3}}]\nexpect: {raised: 2}\n");
        using VfioUserClient client = Connect(device);
        client.Write32(0, Doorbell, 3);
        Assert.Equal(1u, client.Read32(0, Status));
        device.Kill("INT");
        CommandRun run = device.End();
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("raised is 1; expected 2", Joined(run), StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_may_come_again()
    {
        using var device = new RunningDevice("name: x\nmachine: {devices: {nic: {}}}\nsteps: [{wait: {doorbell: 1}}, {wait: {connected: false}}, {wait: {doorbell: 2}}]\nexpect: {connections: 2}\n");
        using (VfioUserClient first = Connect(device))
            first.Write32(0, Doorbell, 1);
        using (VfioUserClient second = Connect(device))
        {
            Assert.Equal(1u, second.Read32(0, Doorbell));
            second.Write32(0, Doorbell, 2);
        }
        Assert.Equal(0, device.End().ExitCode);
    }

    [Fact]
    public void A_socket_of_a_device_that_was_killed_is_replaced_and_one_that_lives_is_not()
    {
        using var first = new RunningDevice(FileOf("level.yaml"));
        using (var second = new RunningDevice(FileOf("level.yaml"), socket: first.Socket))
        {
            Assert.Contains($"somebody listens at '{first.Socket}'", second.Ready, StringComparison.Ordinal);
            Assert.Equal(2, second.End().ExitCode);
        }
        first.Kill("KILL");
        first.End();
        Assert.True(File.Exists(first.Socket));
        using var next = new RunningDevice(FileOf("level.yaml"), socket: first.Socket);
        Assert.Contains("is served at", next.Ready, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_is_said_in_one_line()
    {
        string file = Path.Combine(_folder.FullName, "mine.yaml"), socket = Path.Combine(_folder.FullName, "s.sock");
        CommandRun missing = CommandRun.Of("device", "--socket", socket, file);
        Assert.Equal(2, missing.ExitCode);
        missing.AssertOneLine($"{file}: no such file; expected a file with the scenario of a device (.yaml");
        File.WriteAllText(file, "name: x\nmachine: {devices: {nic: {}}}\nsteps:\n  - nic: rise\n");
        CommandRun bad = CommandRun.Of("device", "--socket", socket, file);
        Assert.Equal(2, bad.ExitCode);
        bad.AssertOneLine($"{file}:4:10: \"rise\"; expected one of raise, lower, pulse, send, word (perhaps raise)");
        CommandRun taken = CommandRun.Of("device", "--socket", file, FileOf("level.yaml"));
        Assert.Equal(2, taken.ExitCode);
        taken.AssertOneLine($"'{file}' is there, and is no socket; it stays as it is");
        Assert.StartsWith("name: x", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal(2, CommandRun.Of("device", "--socket", "/dev/zero", "/dev/zero").ExitCode);
        Assert.Equal(2, CommandRun.Of("device", file).ExitCode);
        Assert.False(File.Exists(socket));
    }

    [Fact]
    public void What_is_no_file_of_a_scenario_is_answered_by_what_is_expected()
    {
        string socket = Path.Combine(_folder.FullName, "s.sock");
        CommandRun folder = CommandRun.Of("device", "--socket", socket, _folder.FullName);
        Assert.Equal(2, folder.ExitCode);
        folder.AssertOneLine($"{_folder.FullName}: is a folder; expected a file with the scenario of a device (.yaml");
        CommandRun input = CommandRun.Of("device", "--socket", socket, "-");
        Assert.Equal(2, input.ExitCode);
        input.AssertOneLine("-: standard input is not read by this name; expected a file with the scenario of a device (.yaml, see docs/device.md), or /dev/stdin");
    }

    [Fact]
    public void A_socket_s_path_that_is_a_link_to_nothing_or_lies_in_no_folder_is_named()
    {
        string nowhere = Path.Combine(_folder.FullName, "nowhere"), link = Path.Combine(_folder.FullName, "link"), inside = Path.Combine(nowhere, "s.sock");
        File.CreateSymbolicLink(link, nowhere);
        CommandRun dangling = CommandRun.Of("device", "--socket", link, FileOf("level.yaml"));
        Assert.Equal(2, dangling.ExitCode);
        dangling.AssertOneLine($"'{link}' is a link to '{nowhere}', which leads to no file; expected a path at which there is nothing");
        Assert.False(File.Exists(nowhere));
        CommandRun absent = CommandRun.Of("device", "--socket", inside, FileOf("level.yaml"));
        Assert.Equal(2, absent.ExitCode);
        absent.AssertOneLine($"'{inside}': there is no folder '{nowhere}'");
    }
}
