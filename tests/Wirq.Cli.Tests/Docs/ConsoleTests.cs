using Wirq.Tests.Shared.Pages;

namespace Wirq.Cli.Tests.Docs;

/// <summary>Runs each block of <c>console</c> of each page: a line with <c>$</c> is a command, the lines after it are its output.</summary>
public sealed class ConsoleTests
{
    public static TheoryData<string, string> Blocks
    {
        get
        {
            var blocks = new TheoryData<string, string>();
            foreach (Block block in Page.All.SelectMany(Page.Blocks).Where(block => block.Language == "console"))
                blocks.Add(block.ToString(), string.Join('\n', block.Lines));
            return blocks;
        }
    }

    [Theory, MemberData(nameof(Blocks))]
    public void A_command_of_a_page_answers_as_the_page_says(string block, string text)
    {
        Assert.NotEqual("", block);
        string[] parts = text.Split("$ ")[1..];
        Assert.NotEmpty(parts);
        foreach (string part in parts)
        {
            string[] lines = part.TrimEnd('\n').Split('\n');
            string[] words = ShellLine.Words(lines[0]);
            Assert.Equal("wirq", words[0]);
            CommandRun run = CommandRun.Of(words[1..]);
            Assert.Equal("", run.Errors);
            AssertSame(string.Join('\n', lines[1..]), run.Output.ReplaceLineEndings("\n"));
        }
    }

    [Fact]
    public void There_are_such_blocks() => Assert.InRange(Blocks.Count, 6, 200);

    // Word by word; a line of "…" stands for any number of lines.
    private static void AssertSame(string shown, string output)
    {
        string[] pieces = $"\n{shown}\n".Split("\n…\n");
        int from = 0;
        foreach (string piece in pieces)
        {
            string wanted = piece.Trim('\n');
            int at = pieces.Length == 1 ? 0 : output.IndexOf(wanted, from, StringComparison.Ordinal);
            Assert.True(at >= 0, $"the page shows, and the command does not say:\n{wanted}\n\nIt says:\n{output}");
            from = at + wanted.Length;
        }
        if (pieces.Length == 1)
            Assert.Equal(shown.Trim('\n'), output.Trim('\n'));
    }
}
