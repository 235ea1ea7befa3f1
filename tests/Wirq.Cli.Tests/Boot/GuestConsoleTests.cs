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

    [Fact]
    public void A_prompt_comes_out_without_the_end_of_its_line()
    {
        using var output = new MemoryStream();
        using var console = new GuestConsole(output);
        foreach (byte value in "login: "u8)
            console.Write(value);
        Assert.True(SpinWait.SpinUntil(() => output.Length == 7, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void What_is_kept_has_an_end_and_it_is_told()
    {
        using var console = new GuestConsole(null);
        for (int i = 0; i < 1 << 22; i++)
            console.Write((byte)'.');
        Assert.False(console.IsCut);
        console.Write((byte)'.');
        Assert.True(console.IsCut);
        Assert.Equal(1 << 22, console.Text.Length);
    }
}
