using Wirq.Board.Machine;
using Wirq.Linux.Tests;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Images;

namespace Wirq.Board.Tests.Docs;

public sealed class BoardPageTests
{
    [Fact]
    public void The_sample_compiles_and_does_what_it_says()
    {
        string source = File.ReadAllText(Repository.PathOf("tests/Wirq.Board.Tests/Docs/BoardSample.cs"));
        string sample = source[(source.IndexOf("// sample", StringComparison.Ordinal) + 9)..source.IndexOf("// end", StringComparison.Ordinal)];
        string[] lines = [.. Lines(sample.Split('\n'))], page = [.. Lines(File.ReadAllLines(Repository.PathOf("docs/board.md")))];
        int start = Array.IndexOf(page, lines[0]);
        Assert.True(start >= 0, "docs/board.md does not show the sample");
        Assert.Equal(lines, page[start..(start + lines.Length)]);
        KvmHost.Require().Dispose();
        using TemporaryImage image = GuestImage.Write(guest => guest.Exit(3));
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 7), BoardSample.Run(image.Path));
    }

    private static IEnumerable<string> Lines(IEnumerable<string> lines) =>
        lines.Select(line => line.Trim()).Where(line => line.Length > 0);
}
