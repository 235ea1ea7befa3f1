using System.Text.Json;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared.Nested;

namespace Wirq.Cli.Tests.Nested;

/// <summary>The native command on an ordinary KVM, in the nested machine.</summary>
public sealed class NestedCommandTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(15);

    [Fact]
    public void Every_probe_is_faithful_and_every_configuration_sound()
    {
        using JsonDocument answer = Ask("host", "--json");
        JsonElement[] probes = [.. answer.RootElement.GetProperty("probes").EnumerateArray()];
        Assert.NotEmpty(probes);
        Assert.All(probes, probe => Assert.True(Text(probe, "outcome") == "faithful", $"{Text(probe, "name")}: {Text(probe, "outcome")}, {Text(probe, "finding")}"));
        Assert.All(answer.RootElement.GetProperty("configurations").EnumerateArray(), each => Assert.Equal("sound", Text(each, "verdict")));
        Assert.Empty(answer.RootElement.GetProperty("workarounds").EnumerateArray());
    }

    [Fact]
    public void No_scenario_fails_and_the_host_deviates_in_none()
    {
        using JsonDocument answer = Ask("run", "--backend", "kvm", "--json");
        JsonElement[] scenarios = [.. answer.RootElement.GetProperty("scenarios").EnumerateArray()];
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', scenarios.GroupBy(each => Text(each, "verdict")).Select(group => $"{group.Key}: {group.Count()}")));
        Assert.Contains(scenarios, each => Text(each, "verdict") == "held");
        Assert.DoesNotContain(scenarios, each => Text(each, "verdict") is not ("held" or "host lacks"));
    }

    private static JsonDocument Ask(params string[] arguments)
    {
        NestedBed.Require();
        PackedWirq packed = PackedWirq.Require();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("wirq-nested");
        try
        {
            // To a file: the console of the machine is a serial port.
            (int status, string said, string errors) = NestedBed.Run(s_limit, folder.FullName, cpus: 1,
                ["/bin/sh", "-c", "exec \"$@\" > /out/answer.json", "sh", packed.Command!, .. arguments]);
            Assert.True(status == 0, $"status {status}: {said}{errors}");
            return JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.FullName, "answer.json")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
