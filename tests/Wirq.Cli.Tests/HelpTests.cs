using System.CommandLine;
using System.Text.RegularExpressions;

namespace Wirq.Cli.Tests;

/// <summary><c>--help</c> leaves nothing out.</summary>
public sealed class HelpTests
{
    public static TheoryData<string> Commands => [.. Paths(CommandLine.Build(), "")];

    [Theory, MemberData(nameof(Commands))]
    public void Help_names_and_explains_every_command_argument_option_and_exit_code(string path)
    {
        Command command = path.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Aggregate((Command)CommandLine.Build(), (one, name) => one.Subcommands.Single(below => below.Name == name));
        string help = HelpOf(path);
        Assert.Contains(command.Description!, help, StringComparison.Ordinal);
        foreach (Symbol symbol in command.Arguments.Concat<Symbol>(command.Options).Concat(command.Subcommands).Where(one => !one.Hidden))
        {
            Assert.False(string.IsNullOrWhiteSpace(symbol.Description), $"{symbol.Name} of wirq {path} has no description");
            // An argument of a few words is shown as these.
            string name = symbol is Argument ? "<.+>" : Regex.Escape(symbol.Name);
            Assert.Matches($@"(?m)^  \S*.*{name}.*  {Regex.Escape(symbol.Description)}", help);
        }
        HelpPage page = Help.PageOf(command);
        Assert.All(page.Codes, code => Assert.Contains($"\n  {code.Code,-3}  {code.Means}", help, StringComparison.Ordinal));
        Assert.Equal(page.Codes.Select(code => code.Code).Order().Distinct(), page.Codes.Select(code => code.Code));
        Assert.Superset(new HashSet<int> { CommandLine.Success, CommandLine.BadInput, CommandLine.Unwritten }, page.Codes.Select(code => code.Code).ToHashSet());
        Assert.All(page.Examples, example => Assert.Contains($"\n  {example}", help, StringComparison.Ordinal));
    }

    [Fact]
    public void The_whole_command_names_every_exit_code_that_there_is()
    {
        int[] all = [.. typeof(CommandLine).GetFields(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)
            .Where(field => field.IsLiteral && field.FieldType == typeof(int)).Select(field => (int)field.GetRawConstantValue()!).Order()];
        Assert.Equal(all, Help.PageOf(CommandLine.Build()).Codes.Select(code => code.Code));
    }

    /// <summary>What stands under Examples can be typed as it stands: the parser has no objection.</summary>
    [Theory, MemberData(nameof(Commands))]
    public void An_example_is_good_usage(string path)
    {
        Command command = path.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Aggregate((Command)CommandLine.Build(), (one, name) => one.Subcommands.Single(below => below.Name == name));
        Assert.All(Help.PageOf(command).Examples, example =>
        {
            string line = Regex.Match(example, "wirq ([^|>)]*)").Groups[1].Value.Trim();
            Assert.Empty(CommandLine.Build().Parse(line.Split(' ')).Errors);
        });
    }

    private static string HelpOf(string path)
    {
        using var output = new StringWriter();
        string[] words = [.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"];
        Assert.Equal(0, CommandLine.Build().Parse(words).Invoke(new InvocationConfiguration { Output = output }));
        return output.ToString().ReplaceLineEndings("\n");
    }

    private static IEnumerable<string> Paths(Command command, string path) =>
        command.Subcommands.SelectMany(below => Paths(below, $"{path} {below.Name}".Trim())).Prepend(path);
}
