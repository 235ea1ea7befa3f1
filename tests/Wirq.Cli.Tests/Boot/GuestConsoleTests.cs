using Wirq.Cli.Boot;

namespace Wirq.Cli.Tests.Boot;

public sealed class GuestConsoleTests
{
    [Fact]
    public void A_line_without_end_is_not_held_back()
    {
        const int bytes = 1 << 20;
        using var output = new MemoryStream();
        using var console = new GuestConsole(output);
        for (int i = 0; i < bytes; i++)
            console.Write((byte)'.');
        Assert.InRange(output.Length, bytes - 4096, bytes);
        console.Finish();
        Assert.Equal(bytes, output.Length);
    }
}
