using System.Text.Json;
using System.Text.RegularExpressions;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>The reader, the schema for editors and the documentation agree.</summary>
public sealed partial class ScenarioFormatTests
{
    [Fact]
    public void The_schema_has_every_word_of_the_reader_and_no_other()
    {
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(PathOf("scenarios/schema.json")));
        var words = new SortedSet<string>(StringComparer.Ordinal);
        Collect(schema.RootElement, words);
        Assert.Equal(ScenarioWords.All.Order(StringComparer.Ordinal), words);
    }

    private static void Collect(JsonElement element, SortedSet<string> words)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
                Collect(item, words);
        }
        if (element.ValueKind != JsonValueKind.Object)
            return;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            switch (property.Name)
            {
                case "properties":
                    words.UnionWith(property.Value.EnumerateObject().Select(key => key.Name));
                    break;
                case "enum":
                    words.UnionWith(property.Value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!));
                    continue;
                case "const":
                    words.Add(property.Value.GetString()!);
                    continue;
                case "patternProperties":
                    words.UnionWith(property.Value.EnumerateObject().SelectMany(key => WordsOf(key.Name)));
                    break;
                case "pattern" when property.Value.ValueKind == JsonValueKind.String:
                    words.UnionWith(WordsOf(property.Value.GetString()!));
                    continue;
            }
            // A map of properties is no schema itself: a property may be called "pattern", say.
            if (property.Name is "properties" or "patternProperties" or "$defs")
            {
                foreach (JsonProperty inner in property.Value.EnumerateObject())
                    Collect(inner.Value, words);
            }
            else
            {
                Collect(property.Value, words);
            }
        }
    }

    private static IEnumerable<string> WordsOf(string pattern) =>
        Word().Matches(NoWord().Replace(pattern, " ")).Select(match => match.Value);

    [GeneratedRegex(@"\[[^\]]*\]|0[xb]|\\.|\{[^}]*\}")]
    private static partial Regex NoWord();

    [GeneratedRegex(@"[A-Za-z][A-Za-z0-9-]*")]
    private static partial Regex Word();

    [Fact]
    public void The_documentation_has_every_word()
    {
        string text = Fence().Replace(File.ReadAllText(PathOf("docs/scenarios.md")), "");
        string[] spans = [.. Code().Matches(text).Select(match => match.Value.Trim('`'))];
        HashSet<string> told = [.. spans, .. spans.SelectMany(span => Part().Matches(span)).Select(match => match.Value)];
        Assert.Equal([], ScenarioWords.All.Except(told));
    }

    [GeneratedRegex(@"```.*?```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"`[^`]+`")]
    private static partial Regex Code();

    [GeneratedRegex(@"[A-Za-z][A-Za-z0-9+-]*")]
    private static partial Regex Part();

    [Fact]
    public void The_examples_of_the_documentation_are_read()
    {
        string text = File.ReadAllText(PathOf("docs/scenarios.md"));
        int read = 0;
        foreach (Match example in Example().Matches(text))
        {
            string yaml = example.Groups[1].Value;
            if (yaml.StartsWith("handlers:", StringComparison.Ordinal))
                yaml = $"name: n\nmachine: {{cpus: 2, devices: {Sample.Devices}}}\nsteps: [{{time: 1ns}}]\n{yaml}";
            else if (yaml.StartsWith("actors:", StringComparison.Ordinal))
                yaml = $"name: n\nmachine: {{devices: {Sample.Devices}}}\n{yaml}";
            Assert.NotEmpty(Sample.ReadAll(yaml));
            read++;
        }
        Assert.Equal(5, read);
    }

    [GeneratedRegex(@"```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"^\| (`[^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [Fact]
    public void Every_step_and_expectation_that_the_documentation_shows_is_read()
    {
        string text = File.ReadAllText(PathOf("docs/scenarios.md"));
        int steps = 0, commands = 0, expectations = 0;
        foreach (string item in Section(text, "A step is an actor", "What a CPU does:"))
        {
            // Only what was saved can be restored.
            string before = item.StartsWith("restore", StringComparison.Ordinal) ? "  - save: NAME\n" : "";
            Sample.Steps($"{before}  - " + item.Replace("[…]", "[{time: 1ns}]", StringComparison.Ordinal).Replace("{…}", "{intr: false}", StringComparison.Ordinal));
            steps++;
        }
        foreach (string item in Section(text, "What a CPU does:", "## Handlers"))
        {
            Sample.Command(item);
            commands++;
        }
        foreach (string item in Section(text, "## Expectations", "The events"))
        {
            Sample.Steps($"  - expect: {{{item}}}");
            expectations++;
        }
        Assert.Equal((19, 28, 19), (steps, commands, expectations));
    }

    [Fact]
    public void Every_step_and_expectation_about_Xen_that_the_documentation_shows_is_read()
    {
        string text = File.ReadAllText(PathOf("docs/scenarios.md"));
        string[] calls = [.. Section(text, "A hypercall is a command", "`as: NAME`")];
        string[] pirqs = [.. Section(text, "| Call about PIRQs", "### The hypervisor")];
        string[] steps = [.. Section(text, "What the hypervisor and its toolstack do", "Two more commands")];
        string[] commands = [.. Section(text, "Two more commands", "Guest words of")];
        string[] registers = [.. Section(text, "Guest words of", "Two expectations")];
        string[] expectations = [.. Section(text, "Two expectations", "`holders` may name")];
        foreach (string call in calls)
            Sample.XenSteps(call is "handle" ? $"  - dom0: {call}" : $"  - cpu0: {{xen: {call}}}");
        foreach (string call in pirqs)
            Sample.XenSteps($"  - dom0: {call}");
        foreach (string step in steps.Concat(expectations.Select(item => $"expect: {{{item}}}")).Concat(commands.Select(command => $"cpu0: {command}"))
            .Concat(registers.Select(register => $"cpu0: {{read: {{{register}: ~}}}}")))
            Sample.XenSteps($"  - {step}");
        Assert.Equal((23, 16, 9, 2, 7, 2), (calls.Length, pirqs.Length, steps.Length, commands.Length, registers.Length, expectations.Length));
    }

    [Fact]
    public void Everything_about_kernels_and_passed_devices_that_the_documentation_shows_is_read()
    {
        string text = File.ReadAllText(PathOf("docs/scenarios.md"));
        string[] steps = [.. Section(text, "Steps of the host, and", "Steps of the process, and")];
        string[] calls = [.. Section(text, "Steps of the process, and", "An eventfd is one of")];
        string[] commands = [.. Section(text, "| Command of a CPU |", "Expectations ask for more")];
        string[] registers = [.. Section(text, "Expectations ask for more", "## Xen")];
        foreach (string step in steps.Concat(calls).Concat(commands.Select(command => $"cpu0: {command}"))
            .Concat(registers.Select(register => $"expect: {{registers: {{{register}: 0}}}}")))
            Sample.HostSteps($"  - {step}");
        Assert.Equal((9, 8, 2, 18), (steps.Length, calls.Length, commands.Length, registers.Length));
    }

    [Fact]
    public void Every_register_that_the_documentation_names_is_read()
    {
        string[] names = [.. Section(File.ReadAllText(PathOf("docs/scenarios.md")), "## Registers", "`apic.icr` is one value")];
        foreach (string name in names)
            Sample.Command($"{{read: {{{name}: ~}}}}");
        Assert.True(names.Length > 50, $"{names.Length} names");
    }

    private static IEnumerable<string> Section(string text, string from, string to)
    {
        int start = text.IndexOf(from, StringComparison.Ordinal);
        string section = text[start..text.IndexOf(to, start, StringComparison.Ordinal)];
        return Row().Matches(section).SelectMany(row => Code().Matches(row.Groups[1].Value)).Select(match => match.Value.Trim('`'));
    }

    private static string PathOf(string path)
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Wirq.slnx")))
            root = root.Parent;
        return Path.Combine(root?.FullName ?? throw new InvalidOperationException("run the tests inside the repository"), path);
    }
}
