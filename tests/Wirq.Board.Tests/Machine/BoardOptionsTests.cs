using Wirq.Board.Historic;
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
        AssertRefused(new BoardOptions { Design = (BoardDesign)9 }, "Design is 9; expected one of ");
        AssertRefused(new BoardOptions { Design = BoardDesign.ServiceBeforeRoute }, "Configuration is User; expected Split, whose pins ");
        AssertRefused(new BoardOptions { Design = BoardDesign.AckAtEoi, Configuration = DeliveryConfiguration.Kernel }, "Configuration is Kernel; expected User or Split, ");
        new BoardOptions { Cpus = BoardOptions.MaxCpus }.Validate();
        new BoardOptions { Design = BoardDesign.ServiceBeforeRoute, Configuration = DeliveryConfiguration.Split }.Validate();
        new BoardOptions { Design = BoardDesign.AckAtEoi }.Validate();
    }

    private static void AssertRefused(BoardOptions options, string message) =>
        Assert.StartsWith(message, Assert.Throws<OptionException>(options.Validate).Message, StringComparison.Ordinal);
}
