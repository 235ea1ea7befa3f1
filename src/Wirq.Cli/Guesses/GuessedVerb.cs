using System.CommandLine;
using Wirq.Lab.Scenarios.Reading;

namespace Wirq.Cli.Guesses;

/// <summary>A command that does not exist.</summary>
internal static class GuessedVerb
{
    private static readonly Dictionary<string, string> Meanings = new(StringComparer.OrdinalIgnoreCase)
    {
        ["explain"] = "why", ["analyze"] = "why", ["analyse"] = "why", ["diagnose"] = "why", ["debug"] = "why", ["inspect"] = "why",
        ["show"] = "why", ["info"] = "why", ["owed"] = "why", ["lost"] = "why", ["irq"] = "why", ["ask"] = "why", ["where"] = "why",
        ["compare"] = "replay", ["diff"] = "replay", ["verify"] = "replay", ["validate"] = "replay", ["play"] = "replay",
        ["test"] = "run", ["tests"] = "run", ["check"] = "run", ["scenario"] = "run", ["simulate"] = "run",
        ["start"] = "boot", ["exec"] = "boot", ["vm"] = "boot", ["qemu"] = "boot", ["launch"] = "boot",
        ["kvm"] = "host", ["probe"] = "host", ["probes"] = "host", ["doctor"] = "host", ["capabilities"] = "host",
    };

    private static readonly HashSet<string> Recordings = new(StringComparer.OrdinalIgnoreCase) { "trace", "record", "capture", "log", "monitor", "attach" };

    internal static string Answer(RootCommand root, IReadOnlyList<string> args)
    {
        string word = args[0];
        IEnumerable<string> rest = args.Skip(1);
        string wrong = $"wirq: there is no command {Typed.Word(word)}";
        if (word.StartsWith('-'))
            return OfOption(root, args);
        if (File.Exists(word))
            return $"wirq: which command is to read {Typed.Word(word)}? Type: {Typed.Line([VerbFor(word), .. args])}";
        // "info pic" is of QEMU's monitor; "info guest.log" is another word for why.
        if (Recordings.Contains(word) || word is "info" && !rest.Any(Path.Exists))
            return $"{wrong}: wirq does not watch a guest, it reads what QEMU wrote. So {Typed.RecordAndAsk}";
        if (word is "list" or "ls")
            return $"{wrong}. Type: {Typed.Line(["run", "--list", .. rest])}";
        string? meant = Meanings.GetValueOrDefault(word) ?? Words.Nearest(word, root.Subcommands.Select(one => one.Name));
        return meant is not null ? $"{wrong}. Type: {Typed.Line([meant, .. rest])}"
            : $"{wrong}; expected one of {string.Join(", ", root.Subcommands.Where(one => !one.Hidden).Select(one => one.Name))}. To ask a log "
                + "what became of an interrupt, type: wirq why guest.log";
    }

    private static string OfOption(RootCommand root, IReadOnlyList<string> args)
    {
        string option = args[0];
        string wrong = $"wirq: {Typed.Word(option)} is no option of wirq itself";
        if (GuessedOption.OfQemu(option))
            return $"{wrong}; it is one of QEMU's. So {Typed.RecordAndAsk}";
        Command? owner = root.Subcommands.FirstOrDefault(verb => verb.Options.Any(one => one.Name == option || one.Aliases.Contains(option)));
        return owner is not null ? $"{wrong}, but of a command. Type: {Typed.Line([owner.Name, .. args])}" : $"{wrong}. Type: wirq --help";
    }

    private static string VerbFor(string file) => Path.GetExtension(file) switch
    {
        ".yaml" or ".yml" => "run",
        ".flat" or ".elf" => "boot",
        _ => "why",
    };
}
