using System.Text.Json;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Cli.Tests.Explore;

/// <summary>A folder of worlds that are explored in a moment.</summary>
internal sealed class ExploreFolder : IDisposable
{
    /// <summary>As <see cref="WorldTexts.Sharers"/>, with a design that breaks another law than it says.</summary>
    internal static readonly string Missed = WorldTexts.Sharers.Replace("breaks: SharersIndependent", "breaks: RemoteIrrMatches", StringComparison.Ordinal);

    /// <summary>Three interrupts, of which two are expected; CPU 1 has no part in it.</summary>
    internal const string Violated = """
        name: one too many
        machine: {cpus: 2, devices: {a: {msi: {address: 0xfee00000, data: 0x41}}, b: {msi: {address: 0xfee01000, data: 0x42}}}}
        handlers: {cpus: {any: [eoi]}}
        actors: {a: [{a: send}], b: [{b: send}]}
        expect: {events: {vector-accepted: 1}}
        laws: [NoLostEdge]
        """;

    /// <summary>A line that nobody raises.</summary>
    internal const string Vacuous = """
        name: idle
        machine: {pic: false, ioapics: [{pins: 1}], devices: {disk: {gsi: 0}}}
        handlers: {cpu0: {0x41: [{serve: disk}, eoi]}}
        actors: {disk: [{disk: lower}]}
        laws: [LevelRedelivered]
        """;

    /// <summary>Too many states for any test.</summary>
    internal const string Endless = """
        name: six lines
        machine: {devices: {a: {gsi: 16}, b: {gsi: 17}, c: {gsi: 18}, d: {gsi: 19}, e: {gsi: 20}, f: {gsi: 21}}}
        actors:
          a: [{a: raise}, {a: lower}, {a: raise}, {a: lower}, {a: raise}, {a: lower}, {a: raise}, {a: lower}, {a: raise}, {a: lower}]
          b: [{b: raise}, {b: lower}, {b: raise}, {b: lower}, {b: raise}, {b: lower}, {b: raise}, {b: lower}, {b: raise}, {b: lower}]
          c: [{c: raise}, {c: lower}, {c: raise}, {c: lower}, {c: raise}, {c: lower}, {c: raise}, {c: lower}, {c: raise}, {c: lower}]
          d: [{d: raise}, {d: lower}, {d: raise}, {d: lower}, {d: raise}, {d: lower}, {d: raise}, {d: lower}, {d: raise}, {d: lower}]
          e: [{e: raise}, {e: lower}, {e: raise}, {e: lower}, {e: raise}, {e: lower}, {e: raise}, {e: lower}, {e: raise}, {e: lower}]
          f: [{f: raise}, {f: lower}, {f: raise}, {f: lower}, {f: raise}, {f: lower}, {f: raise}, {f: lower}, {f: raise}, {f: lower}]
        laws: []
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-explore-");

    public void Dispose() => _folder.Delete(recursive: true);

    internal string this[string name] => Path.Combine(_folder.FullName, name);

    /// <summary>The names of all files.</summary>
    internal string[] Names => [.. _folder.EnumerateFileSystemInfos().Select(file => file.Name).Order(StringComparer.Ordinal)];

    /// <summary>Writes a file, and returns its path.</summary>
    internal string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    internal static CommandRun Explore(params string[] arguments) => CommandRun.Of(["explore", .. arguments]);

    /// <summary>The worlds of what <c>explore --json</c> printed.</summary>
    internal static JsonElement[] WorldsOf(string json) => [.. JsonDocument.Parse(json).RootElement.GetProperty("worlds").EnumerateArray()];

    internal static JsonElement WorldOf(string json) => Assert.Single(WorldsOf(json));
}
