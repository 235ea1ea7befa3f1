using Wirq.Board.Machine;
using Wirq.Linux.Probes;

namespace Wirq.Board.Tests.Machine;

public sealed class BoardOptionsTests
{
    [Fact]
    public void What_makes_no_board_is_refused_by_its_field()
    {
        AssertRefused(new BoardOptions { Cpus = 0 }, "Cpus is 0; expected 1 to 255");
        AssertRefused(new BoardOptions { Cpus = 256 }, "Cpus is 256; expected 1 to 255");
        AssertRefused(new BoardOptions { Configuration = (DeliveryConfiguration)9 }, "Configuration is 9; expected one of ");
        AssertRefused(new BoardOptions { Workarounds = null! }, "Workarounds is null; expected a value");
        new BoardOptions { Cpus = BoardOptions.MaxCpus }.Validate();
    }

    private static void AssertRefused(BoardOptions options, string message) =>
        Assert.StartsWith(message, Assert.Throws<OptionException>(options.Validate).Message, StringComparison.Ordinal);
}
