using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>Reads texts in which something is wrong.</summary>
internal static class Refusal
{
    private const char Here = '§';

    /// <summary>The error of a text, which is where the § stands.</summary>
    internal static ScenarioException Refuse(string text)
    {
        int at = text.IndexOf(Here, StringComparison.Ordinal);
        string before = text[..at];
        var error = Assert.Throws<ScenarioException>(() => Sample.ReadAll(text.Remove(at, 1)));
        Assert.Equal(new FilePosition("s.yaml", before.Count(c => c == '\n') + 1, at - before.LastIndexOf('\n')), error.At);
        Assert.Equal($"{error.At}: {error.Found}; expected {error.Expected}", error.Message);
        return error;
    }

    /// <summary>The error of a step.</summary>
    internal static ScenarioException RefuseStep(string step) =>
        Refuse($"name: n\nmachine:\n  cpus: 2\n  ioapics: [{{}}, {{pins: 8}}]\n  devices: {Sample.Devices}\nsteps:\n  - {step}\n");
}
