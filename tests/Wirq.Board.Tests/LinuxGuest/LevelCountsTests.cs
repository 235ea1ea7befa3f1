using Xunit.Sdk;

namespace Wirq.Board.Tests.LinuxGuest;

public sealed class LevelCountsTests
{
    [Fact]
    public void The_line_of_the_program_is_read()
    {
        LevelCounts counts = LevelCounts.Of("WIRQ-INIT 1\r\nWIRQ-LEVEL irq=16 moved=300 moves=301 misplaced=7 phantoms=2 made=604 served=603 queue=1 "
            + "acknowledged=603 seconds=2.5 taken=300,301\r\nWIRQ-DONE\r\n");
        Assert.Equal((300, 301, 7, 2), (counts.Moved, counts.Moves, counts.Misplaced, counts.Phantoms));
        Assert.Equal((604, 603, 1), (counts.Made, counts.Served, counts.Queue));
        Assert.Throws<TrueException>(() => LevelCounts.Of("WIRQ-DONE\r\n"));
    }
}
