using System.Text.Json;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Snapshots;

public sealed class SnapshotCommandTests : IDisposable
{
    private static readonly string s_scenario = Repository.PathOf("scenarios/routing/update-of-lines.yaml");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-snapshot-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_machine_of_a_scenario_is_saved_and_shown_as_text_and_as_JSON()
    {
        string file = In("a.snap");
        CommandRun saved = CommandRun.Of("snapshot", "save", s_scenario, file);
        Assert.Equal((0, "", ""), (saved.ExitCode, saved.Output, saved.Errors));

        CommandRun text = CommandRun.Of("snapshot", "show", file);
        Assert.Equal((0, ""), (text.ExitCode, text.Errors));
        Assert.Contains("GSI 7 is asserted, to IRQ 7 and pin 7 of I/OAPIC 0: noise (wired, asserts)", text.Output, StringComparison.Ordinal);
        Assert.All(text.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));

        CommandRun shown = CommandRun.Of("snapshot", "show", file, "--json");
        Assert.Equal(0, shown.ExitCode);
        using var json = JsonDocument.Parse(shown.Output);
        JsonElement pin = json.RootElement.GetProperty("ioApics").GetProperty("chips")[0].GetProperty("pins")[5];
        Assert.Equal("0x8051", pin.GetProperty("entry").GetString());
        Assert.Equal("noise", json.RootElement.GetProperty("lines").GetProperty("sources").EnumerateArray().Last().GetProperty("label").GetString());
    }

    [Fact]
    public void Two_snapshots_are_compared_by_field()
    {
        string first = In("a.snap"), second = In("b.snap"), changed = In("b.yaml");
        CommandRun.Of("snapshot", "save", s_scenario, first);
        File.WriteAllText(changed, File.ReadAllText(s_scenario).Replace("  - time: 1ms\n", "  - cpu0: { mask: 5 }\n  - time: 1ms\n", StringComparison.Ordinal));
        Assert.Equal(0, CommandRun.Of("snapshot", "save", changed, second).ExitCode);

        CommandRun same = CommandRun.Of("snapshot", "diff", first, first);
        Assert.Equal((0, "no field differs\n"), (same.ExitCode, same.Output));
        CommandRun differs = CommandRun.Of("snapshot", "diff", first, second);
        Assert.Equal(1, differs.ExitCode);
        Assert.Contains("ioApics.chips[0].pins[5].entry: 0x8051 -> 0x18051\n", differs.Output, StringComparison.Ordinal);
        Assert.EndsWith(" differ\n", differs.Output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(CommandRun.Of("snapshot", "diff", first, second, "--json").Output);
        Assert.Contains(json.RootElement.GetProperty("differences").EnumerateArray(), one => one.GetProperty("field").GetString() == "ioApics.chips[0].pins[5].entry"
            && one.GetProperty("second").GetString() == "0x18051");
    }

    [Fact]
    public void What_is_no_snapshot_gets_one_line()
    {
        CommandRun absent = CommandRun.Of("snapshot", "show", In("no.snap"));
        Assert.Equal(2, absent.ExitCode);
        absent.AssertOneLine("no such file");
        CommandRun other = CommandRun.Of("snapshot", "show", s_scenario);
        Assert.Equal(2, other.ExitCode);
        other.AssertOneLine("begins with WIRQSNAP");

        string file = In("a.snap");
        CommandRun.Of("snapshot", "save", s_scenario, file);
        byte[] bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^1]);
        CommandRun cut = CommandRun.Of("snapshot", "show", file);
        Assert.Equal(2, cut.ExitCode);
        cut.AssertOneLine("byte 12, length is ");
        CommandRun over = CommandRun.Of("snapshot", "save", s_scenario, s_scenario);
        Assert.Equal(2, over.ExitCode);
        over.AssertOneLine("would overwrite");
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);
}
