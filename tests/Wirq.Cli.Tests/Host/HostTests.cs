using System.Diagnostics;
using System.Text.Json;
using Wirq.Cli.Tests.Boot;
using Wirq.Cli.Tests.Native;

namespace Wirq.Cli.Tests.Host;

/// <summary><c>wirq host</c>, on a host with KVM and on one without.</summary>
public class HostTests
{
    private const int Width = 80;

    [Fact]
    public void Without_KVM_it_says_why_and_what_still_works_and_that_is_no_failure()
    {
        CommandRun run = CommandRun.Of("host", "--device", "/dev/no-such-kvm");
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.StartsWith("KVM: none", run.Output, StringComparison.Ordinal);
        Assert.Contains("run, replay and why", run.Output, StringComparison.Ordinal);
        AssertReadable(run.Output);
    }

    [Fact]
    public void Without_KVM_the_JSON_says_so()
    {
        CommandRun run = CommandRun.Of("host", "--json", "--device", "/dev/no-such-kvm");
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        Assert.False(json.RootElement.GetProperty("kvm").GetBoolean());
        Assert.NotEqual("", json.RootElement.GetProperty("absent").GetString());
    }

    [Fact]
    public void Whatever_the_host_it_reads_well_and_ends_in_time()
    {
        CommandRun run = CommandRun.Of("host");
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.StartsWith("KVM: ", run.Output, StringComparison.Ordinal);
        AssertReadable(run.Output);
    }

    [Fact]
    public void The_JSON_holds_every_probe_and_names_what_is_against_a_configuration()
    {
        CommandRun run = CommandRun.Of("host", "--json");
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        Assert.SkipUnless(json.RootElement.GetProperty("kvm").GetBoolean(), "needs KVM");
        var probes = json.RootElement.GetProperty("probes").EnumerateArray()
            .ToDictionary(each => each.GetProperty("name").GetString()!, each => each.GetProperty("outcome").GetString());
        Assert.All(["guest-runs", "eoi-exit", "isr-until-eoi", "interrupt-window", "vmcall", "x2apic-msr", "irqfd-first"],
            (string name) => Assert.Contains(name, probes.Keys));
        string[] configurations = [.. json.RootElement.GetProperty("configurations").EnumerateArray()
            .Select(each => each.GetProperty("name").GetString()!)];
        Assert.Equal(["user", "split", "kernel"], configurations);
        foreach (JsonElement because in json.RootElement.GetProperty("configurations").EnumerateArray()
            .SelectMany(each => each.GetProperty("because").EnumerateArray()))
        {
            string name = because.GetString()!;
            Assert.True(name.StartsWith("KVM_CAP_", StringComparison.Ordinal) || probes[name] != "faithful", name);
        }
        Assert.All(json.RootElement.GetProperty("workarounds").EnumerateArray(),
            each => Assert.Equal("deviates", probes[each.GetProperty("probe").GetString()!]));
    }

    [Fact]
    public void A_probe_timeout_that_is_none_is_bad_usage()
    {
        CommandRun run = CommandRun.Of("host", "--probe-timeout", "0");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--probe-timeout", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Killed_or_interrupted_at_any_moment_it_leaves_no_process()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: signals are sent");
        const int seed = 5, rounds = 10;
        var random = new Random(seed);
        for (int round = 0; round < rounds; round++)
        {
            using Process process = SignalDefaults.Start([.. WirqProgram.Words, "host"]);
            bool over = process.WaitForExit(TimeSpan.FromMilliseconds(random.Next(100, 900)));
            if (over)
                continue;
            if (round % 2 == 0)
                process.Kill();
            else
                Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
            Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), $"seed {seed}, round {round}: it goes on");
        }
    }

    private static void AssertReadable(string output) =>
        Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, Width));
}
