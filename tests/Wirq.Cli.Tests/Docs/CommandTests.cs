using System.CommandLine;
using Wirq.Tests.Shared.Pages;

namespace Wirq.Cli.Tests.Docs;

/// <summary>Each line of <c>wirq</c> that a page shows, against the command itself.</summary>
public sealed class CommandTests
{
    // This page shows commands that do not exist. WrongGuessTests runs it.
    private const string Guesses = "docs/wrong-guesses.md";

    public static TheoryData<string> Pages => [.. Page.All.Where(page => page != Guesses)];

    [Theory, MemberData(nameof(Pages))]
    public void Every_command_line_of_a_page_is_one_of_the_command(string page)
    {
        IEnumerable<string> lines = Page.Blocks(page).Where(block => block.Language is "" or "sh" or "console")
            .SelectMany(block => block.Lines).Concat(Page.Spans(page))
            .Concat(Page.Prose(page).Split('\n').Where(line => line.StartsWith("    wirq ", StringComparison.Ordinal)));
        Assert.All(lines.SelectMany(Commands), line => AssertParses(page, line));
    }

    [Fact]
    public void Lines_are_found_and_wrong_ones_are_told()
    {
        Assert.Equal(["wirq why a.log --json", "wirq why -"], Commands("$ wirq why a.log --json | head; xz -dc a.xz | wirq why -  # so"));
        Assert.ThrowsAny<Exception>(() => AssertParses("page", "wirq why a.log --jsn"));
        Assert.ThrowsAny<Exception>(() => AssertParses("page", "wirq whi [LOG]"));
        Assert.ThrowsAny<Exception>(() => AssertParses("page", "wirq run [--sed N]"));
        Assert.InRange(Page.All.SelectMany(page => Page.Blocks(page).SelectMany(block => block.Lines)).SelectMany(Commands).Count(), 15, 5000);
    }

    // One line may have several commands, each with what a shell puts around it.
    private static IEnumerable<string> Commands(string line)
    {
        foreach (string part in line.Split(" | ").SelectMany(part => part.Split([';', '#', '>', '<'])).SelectMany(part => part.Split(" && ")))
        {
            // A synopsis has its explanation after a gap.
            string command = part.Trim().TrimStart('$').Trim().Split("   ")[0];
            if (command.StartsWith("wirq ", StringComparison.Ordinal))
                yield return command;
            int run = command.IndexOf("--project src/Wirq.Cli -- ", StringComparison.Ordinal);
            if (run >= 0)
                yield return "wirq " + command[(run + "--project src/Wirq.Cli -- ".Length)..];
        }
    }

    private static void AssertParses(string page, string line)
    {
        // A synopsis has brackets or an ellipsis. Only its command and options can be checked.
        bool grammar = line.IndexOfAny(['[', '|', '…']) >= 0;
        string[] words = [.. ShellLine.Words(line).Skip(1).Select(word => word.Trim('[', ']', '.', ',')).Where(word => word is not ("…" or ""))];
        if (words.Length == 0 || !char.IsAsciiLetterLower(words[0][0]) && words[0][0] != '-')
            return;
        RootCommand root = CommandLine.Build();
        if (!grammar && words.Length > 1)
        {
            ParseResult parsed = root.Parse(Wirq.Cli.Guesses.Guess.Meant(words));
            Assert.True(parsed.Errors.Count == 0, $"{page}: {line}: {string.Join("; ", parsed.Errors.Select(error => error.Message))}");
        }
        Command verb = root;
        if (words[0][0] != '-')
        {
            verb = root.Subcommands.FirstOrDefault(one => one.Name == words[0]) ?? root;
            Assert.True(verb != root, $"{page}: {line}: there is no command {words[0]}");
        }
        HashSet<string> known = [.. verb.Options.Concat(root.Options).SelectMany(option => option.Aliases.Append(option.Name)), "--help"];
        Assert.All(words.Where(word => word.StartsWith("--", StringComparison.Ordinal)).SelectMany(word => word.Split('|')),
            option => Assert.True(known.Contains(option), $"{page}: {line}: wirq {verb.Name} has no {option}"));
    }
}
