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
        ShownSample.AssertShown("tests/Wirq.Board.Tests/Docs/BoardSample.cs", "docs/board.md");
        KvmHost.Require().Dispose();
        using TemporaryImage image = GuestImage.Write(guest => guest.Exit(3));
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 7), BoardSample.Run(image.Path));
    }
}
