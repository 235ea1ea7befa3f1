using System.CommandLine;
using System.CommandLine.Parsing;
using Wirq.Lab.Scenarios.Reading;

namespace Wirq.Cli.Guesses;

/// <summary>An option that a command does not have.</summary>
internal static class GuessedOption
{
    private static readonly HashSet<string> Qemu = ["-d", "-D", "-trace", "--trace", "-msg", "-m", "-smp", "-kernel", "-machine", "-M", "-cpu",
        "-accel", "-enable-kvm", "-drive", "-device", "-append", "-initrd", "-nographic", "-display", "-serial", "-monitor", "-qmp", "-S", "-s"];

    private static readonly HashSet<string> Sources = ["--pin", "--irq", "--gsi", "--source", "--line", "--vector", "--int", "--ioapic", "--pic", "--msi"];

    /// <summary>Whether it is one of QEMU's options.</summary>
    internal static bool OfQemu(string option) => Qemu.Contains(option);

    internal static string? Answer(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        // The value of an option may begin with a dash. A file whose name does is given as ./-name.
        string[] bare = [.. Guess.Arguments(parsed), .. parsed.UnmatchedTokens];
        if (bare.FirstOrDefault(one => one.Length > 1 && one[0] == '-') is not { } option)
            return null;
        string wrong = $"wirq {command.Name}: there is no option {Typed.Word(option)}";
        string? file = bare.FirstOrDefault(one => one[0] != '-' && File.Exists(one));
        if (OfQemu(option))
        {
            return $"{wrong}; it is one of QEMU's. " + (file is null && command.Name is ("why" or "replay") ? $"So {Typed.RecordAndAsk}"
                : "Type: " + Typed.Line(command.Name, file ?? "--help"));
        }
        string name = option.Split('=')[0];
        if (command.Name == "why" && Sources.Contains(name))
        {
            string? number = option.Contains('=', StringComparison.Ordinal) ? option[(name.Length + 1)..] : bare.SkipWhile(one => one != option).Skip(1).FirstOrDefault();
            return $"{wrong}; the interrupt stands after the log. Type: {Typed.Line("why", file ?? "guest.log", GuessedArgument.SourceFor(name[2..], number))}";
        }
        string? near = Words.Nearest(option, command.Options.SelectMany(one => one.Aliases.Append(one.Name)).Where(one => one.StartsWith("--", StringComparison.Ordinal)));
        return $"{wrong}" + (near is null ? $". Type: {Typed.Line(command.Name, "--help")}" : $"; perhaps {near}. Type: {Typed.Line(command.Name, "--help")}");
    }
}
